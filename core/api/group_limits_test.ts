import { assertEquals, assertRejects } from "@std/assert";
import { type BufferObject, checkInvariants, type GroupLimits, type MemoryGroup, PAGE_SIZE } from "../mod.ts";
import { fence, pin, refused, refusedUnchanged, testDevice, whileReserved } from "../testing_devices.ts";
import { fill, inVram, vram, want } from "./testing_groups.ts";

Deno.test("a lower max evicts the group's own buffers at once, the oldest first", async () => {
  const { device } = testDevice();
  const tab = device.createGroup("tab");
  const others = fill(device, null, 2);
  const own = fill(device, tab, 5);
  assertEquals(await tab.setLimits("vram", { max: 3 * PAGE_SIZE }), true);
  assertEquals([inVram(others), ...own.map(({ memoryType }) => memoryType)], [2, "gtt", "gtt", "vram", "vram", "vram"]);
  checkInvariants(device);
});

Deno.test("a lower max leaves what is pinned, reserved or protected of groups below, and says so", async () => {
  const { device } = testDevice();
  const parent = device.createGroup("parent", vram({ min: 1 }));
  const child = device.createGroup("child", { parent, ...vram({ min: 2, low: 3 }) });
  const [pinned, reserved, free] = fill(device, parent, 3) as [BufferObject, BufferObject, BufferObject];
  fill(device, child, 4);
  pin(pinned);
  reserved.tryReserve();
  assertEquals(await parent.setLimits("vram", { max: 5 * PAGE_SIZE }), true);
  assertEquals([inVram([free]), child.usage("vram").usedBytes], [0, 3 * PAGE_SIZE]);
  assertEquals(await parent.setLimits("vram", { max: PAGE_SIZE }), false);
  assertEquals(parent.usage("vram").usedBytes, 4 * PAGE_SIZE);
  assertEquals(child.usage("vram").usedBytes, 2 * PAGE_SIZE);
  reserved.unlock();
  assertEquals(await want(device, child), "ENOMEM");
});

Deno.test("limits that are left out stay, and a higher max holds at once", async () => {
  const { device } = testDevice();
  const tab = device.createGroup("tab", vram({ min: 1, low: 2, max: 3 }));
  const own = fill(device, tab, 3);
  await tab.setLimits("vram", { max: 4 * PAGE_SIZE });
  assertEquals(tab.usage("vram").limits, { min: PAGE_SIZE, low: 2 * PAGE_SIZE, max: 4 * PAGE_SIZE });
  assertEquals([await want(device, tab), inVram(own)], ["placed", 3]);
});

Deno.test("wrong limits, groups and memory types are EINVAL, and nothing changes", async () => {
  const { device } = testDevice();
  const tab = device.createGroup("tab", vram({ min: 1, max: 2 }));
  const own = fill(device, tab, 2);
  const wrong: [GroupLimits, string][] = [
    [{ min: -1 }, 'min of "vram" must be a whole number of bytes from 0, or Infinity, not -1'],
    [{ low: NaN }, 'low of "vram" must be a whole number'],
    [{ max: 1.5 }, 'max of "vram" must be a whole number'],
    [{ min: "1" as unknown as number }, 'min of "vram" must be a whole number'],
    [{ min: 3 * PAGE_SIZE }, 'min of "vram" is 12288, above its max of 8192'],
    [{ low: Infinity }, 'low of "vram" is Infinity, above its max of 8192'],
    [{ maximum: 1 } as GroupLimits, 'unknown "maximum"'],
    [null as unknown as GroupLimits, "must be an object"],
  ];
  for (const [limits, message] of wrong) {
    await refusedUnchanged(device, own, () => tab.setLimits("vram", limits), "EINVAL", message);
    if (limits === null || limits.min === 3 * PAGE_SIZE || limits.low === Infinity) continue;
    await refused(() => device.createGroup("new", { limits: { vram: limits } }), "EINVAL", message);
  }
  assertEquals(tab.usage("vram").limits, { min: PAGE_SIZE, low: 0, max: 2 * PAGE_SIZE });
  await refused(
    () => tab.setLimits("vrom", {}),
    "EINVAL",
    'there is no memory type "vrom", this device has system, gtt',
  );
  await refused(() => tab.usage("vrom"), "EINVAL", 'no memory type "vrom"');
  await refused(() => device.createGroup("new", { limits: { vrom: {} } }), "EINVAL", 'no memory type "vrom"');
  await refused(() => tab.setLimits("system", { max: 1 }), "EINVAL", "system memory has no limits");
  await refused(() => device.createGroup(1 as unknown as string), "EINVAL", "name must be a string");
  const parent = testDevice().device.createGroup("elsewhere");
  await refused(() => device.createGroup("new", { parent }), "EINVAL", 'group "elsewhere" is of another device');
  await refused(() => device.openClient("c", { group: parent }), "EINVAL", 'group "elsewhere" is of another device');
  await refused(() => device.createBuffer({ bytes: 1, group: parent }), "EINVAL", "is of another device");
  await refused(() => device.createBuffer({ bytes: 1, group: {} as MemoryGroup }), "EINVAL", "must be a MemoryGroup");
  await refused(() => device.openClient("c", { group: {} as MemoryGroup }), "EINVAL", "is no group");
});

Deno.test("a group is removed when nothing is left in it, and cannot be used afterwards", async () => {
  const { device } = testDevice();
  const parent = device.createGroup("parent");
  const child = device.createGroup("child", { parent });
  const client = device.openClient("client", { group: child });
  await refused(() => parent.remove(), "EBUSY", 'Cannot remove group "parent": it has 1 user');
  await refused(() => child.remove(), "EBUSY");
  const buffer = client.buffer(client.createBuffer({ bytes: 1 })).ref();
  client.close();
  client.close();
  await refused(() => child.remove(), "EBUSY", "it has 1 user");
  buffer.unref();
  child.remove();
  child.remove();
  parent.remove();
  await refused(() => device.createBuffer({ bytes: 1, group: child }), "EINVAL", "removed");
  await refused(() => device.createGroup("new", { parent }), "EINVAL", "removed");
  await refused(() => child.setLimits("vram", {}), "EINVAL", "removed");
});

Deno.test("a buffer that cannot be created does not stay in its group", async () => {
  const { device } = testDevice({ limits: { zones: [{ name: "kernel", bytes: 16, dma32: true }] } });
  const group = device.createGroup("group");
  await refused(() => device.createBuffer({ bytes: PAGE_SIZE, group }), "ENOMEM");
  group.remove();
});

Deno.test("setLimits() waits for work on what has to leave; the limit holds from the start", async () => {
  const { device, driver } = testDevice();
  const tab = device.createGroup("tab");
  const [buffer] = fill(device, tab, 1) as [BufferObject];
  const work = fence();
  whileReserved(buffer, () => buffer.addFence(work, "write"));
  const signal = AbortSignal.abort(new Error("given up"));
  await assertRejects(() => tab.setLimits("vram", { max: 0 }, { signal }), Error, "given up");
  assertEquals(tab.usage("vram").limits.max, Infinity);
  const lowered = tab.setLimits("vram", { max: 0 });
  assertEquals(tab.usage("vram").limits.max, 0);
  work.signal();
  assertEquals(await lowered, true);
  assertEquals([buffer.memoryType, driver.calls.includes("move 0 vram>gtt")], ["gtt", true]);
});
