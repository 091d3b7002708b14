import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BoDevice, type BufferObject, checkInvariants, type MemTypeManager, SimulatedClock } from "../mod.ts";
import { addWork, bytesIn, fence, fill, only, pin, put, refused, TestDriver, touch } from "../testing_devices.ts";

/** VRAM of eight pages in four buffers, of which those at 0, 4, 2 and 6 are to go in this order. */
async function fullVram(vram: MemTypeManager = firstFit({ order: "lowest", scan: true })) {
  const driver = new TestDriver({ vram: 8, gtt: 16 });
  const device = new BoDevice({ driver, managers: { vram, gtt: firstFit() }, clock: new SimulatedClock() });
  const buffers = [0, 1, 2, 3].map(() => put(device, "vram", { pages: 2 })) as [
    BufferObject,
    BufferObject,
    BufferObject,
    BufferObject,
  ];
  for (const buffer of buffers) await fill(buffer, buffer.id + 1);
  for (const at of [0, 2, 1, 3] as const) touch(buffers[at]);
  return { driver, device, buffers };
}

const inVram = (buffers: readonly BufferObject[]) =>
  buffers.filter(({ memoryType }) => memoryType === "vram").map(({ id }) => id);

Deno.test("with a manager that scans, only neighbours that make room together are evicted", async () => {
  const { device, buffers } = await fullVram();
  const large = put(device, "vram", { pages: 4 });
  assertEquals([inVram(buffers), large.start], [[2, 3], 0]);
  assertEquals(await Promise.all(buffers.map(bytesIn)), [[1], [2], [3], [4]]);
  checkInvariants(device);
});

Deno.test("with a manager that does not scan, victims are chosen by the order of eviction alone", async () => {
  const { device, buffers } = await fullVram(firstFit({ order: "lowest" }));
  put(device, "vram", { pages: 4 });
  assertEquals(inVram(buffers), [3]);
});

Deno.test("a scan skips pinned and reserved buffers", async () => {
  const { device, buffers } = await fullVram();
  pin(buffers[1]);
  const large = put(device, "vram", { pages: 4 });
  assertEquals([inVram(buffers), large.start], [[0, 1], 4]);
  const reserved = await fullVram();
  reserved.buffers[1].tryReserve();
  assertEquals([put(reserved.device, "vram", { pages: 4 }).start, inVram(reserved.buffers)], [4, [0, 1]]);
});

Deno.test("a scan respects range and alignment", async () => {
  const { device, buffers } = await fullVram();
  const buffer = device.createBuffer({ bytes: 3 * 4096, alignment: 3 });
  await buffer.reserve();
  await buffer.validate(only("vram", { fpfn: 2, lpfn: 7 }));
  buffer.unreserve();
  assertEquals([buffer.start, inVram(buffers)], [3, [0, 3]]);
});

Deno.test("a scan's victims are waited for, and those that were evicted meanwhile stay evicted", async () => {
  const { device, buffers } = await fullVram();
  const work = addWork(buffers[1], fence());
  device.clock.schedule(5, () => work.signal());
  const large = device.createBuffer({ bytes: 4 * 4096 });
  await large.reserve();
  await large.validate(only("vram"));
  large.unreserve();
  assertEquals([device.clock.now() >= 5, inVram(buffers), large.start], [true, [2, 3], 0]);
});

Deno.test("when one of a scan's victims cannot be evicted, others are evicted in LRU order", async () => {
  const { driver, device, buffers } = await fullVram();
  driver.beforeMove = ({ buffer, destination }) => {
    if (buffer === buffers[1] && destination.memoryType === "gtt") throw new Error("stuck");
  };
  const large = put(device, "vram", { pages: 4 });
  assertEquals([inVram(buffers), large.start], [[1], 4]);
  checkInvariants(device);
});

Deno.test("a scan without neighbours that make room is ENOMEM; a scan that throws is ignored", async () => {
  const { device, buffers } = await fullVram();
  pin(buffers[1]);
  pin(buffers[2]);
  await refused(() => put(device, "vram", { pages: 4 }), "ENOMEM", "2 pinned");
  const manager = firstFit({ order: "lowest", scan: true });
  const broken = await fullVram(Object.assign(manager, {
    scan: () => {
      throw new Error("no");
    },
  }));
  put(broken.device, "vram", { pages: 4 });
  assertEquals(inVram(broken.buffers), [3]);
});
