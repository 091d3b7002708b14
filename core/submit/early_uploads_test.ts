import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { lookahead } from "@ttm/policies";
import { BoDevice, type BufferObject, checkInvariants, type DeviceOptions, lru } from "../mod.ts";
import {
  addWork,
  fence,
  only,
  pin,
  place,
  put,
  refused,
  StoppedClock,
  testDevice,
  TestDriver,
  type TestDriverOptions,
} from "../testing_devices.ts";

const vram = only("vram");
const where = (buffers: readonly BufferObject[]) => buffers.map(({ memoryType }) => memoryType);

/** A device with VRAM of 8 pages, and buffers in GTT, each of which a submission has used in VRAM before. */
async function make(
  pages: readonly number[],
  { policy = lru(), ...options }: TestDriverOptions & Pick<DeviceOptions, "policy"> = {},
) {
  const driver = new TestDriver({ gtt: 64, ...options });
  const managers = { vram: firstFit(), gtt: firstFit() };
  const device = new BoDevice({ driver, managers, policy, clock: new StoppedClock() });
  const placement = device.preparePlacement(vram);
  const submit = (buffer: BufferObject) => device.submit([{ buffer, placement }], () => {});
  const buffers = pages.map((count) => device.createBuffer({ bytes: count * 4096 }));
  for (const buffer of buffers) {
    await submit(buffer);
    while (driver.copies.length > 0) driver.finishCopy();
    await device.evictAll("vram");
  }
  driver.calls.length = 0;
  return {
    device,
    driver,
    submit,
    placement,
    buffers: buffers as [BufferObject, BufferObject, BufferObject, BufferObject],
  };
}

Deno.test("after a submission all that is expected goes into free room, in its order", async () => {
  const { device, submit, buffers, buffers: [a, b, c, d] } = await make([1, 4, 4, 2]);
  device.hint([d, c, b, a]);
  assertEquals(where(buffers), ["gtt", "gtt", "gtt", "gtt"]);
  await submit(a);
  assertEquals(where(buffers), ["vram", "gtt", "vram", "vram"]);
  checkInvariants(device);
});

Deno.test("room is made by evicting those who are not expected, for as many pages as the submission had", async () => {
  const { device, submit, buffers, buffers: [a, b, c, d] } = await make([2, 2, 2, 2]);
  const others = [put(device, "vram", { pages: 3 }), put(device, "vram", { pages: 3 })];
  device.hint([d, b, c]);
  await submit(a);
  // One of them is in the way.
  assertEquals([where(buffers), where(others)], [["vram", "gtt", "gtt", "vram"], ["gtt", "vram"]]);
});

Deno.test("nobody who is expected leaves for an early upload, unless the policy finds the one needed last", async () => {
  const expected = [[lru(), ["vram", "vram", "vram", "gtt"]], [lookahead(lru()), [
    "gtt",
    "gtt",
    "vram",
    "vram",
  ]]] as const;
  for (const [policy, places] of expected) {
    const { device, submit, buffers, buffers: [a, b, c, d] } = await make([2, 2, 4, 4], { policy });
    for (const buffer of [a, b, c]) await submit(buffer);
    device.hint([d, a, c, b]);
    await submit(a);
    assertEquals(where(buffers), [...places], policy.name);
    checkInvariants(device);
  }
});

Deno.test("while hints are wrong nobody is evicted for an early upload", async () => {
  for (const wrong of [false, true]) {
    const { device, driver, submit, buffers: [a, b, c, d] } = await make([2, 2, 2, 2]);
    for (let round = 0; round < 4; round++) {
      device.hint(wrong ? [b, c, d, a, a, a] : [a, a, a]);
      for (let turn = 0; turn < 3; turn++) await submit(a);
    }
    while (driver.copies.length > 0) driver.finishCopy();
    await device.evictAll("vram");
    const others = [put(device, "vram", { pages: 3 }), put(device, "vram", { pages: 3 })];
    device.hint([b]);
    await submit(a);
    assertEquals([b.memoryType, ...where(others)], wrong ? ["gtt", "vram", "vram"] : ["vram", "gtt", "vram"]);
  }
});

Deno.test("nobody is evicted if that does not make room", async () => {
  const { device, submit, buffers, buffers: [a, b, c] } = await make([1, 4, 8]);
  const idle = put(device, "vram", { pages: 3 });
  await submit(b);
  device.hint([c, b]);
  await submit(a);
  assertEquals([where(buffers), idle.memoryType], [["vram", "vram", "gtt"], "vram"]);
});

Deno.test("the reserved, the pinned, those of the CPU and the released are left alone", async () => {
  const { device, submit, buffers, buffers: [a, b, c, d] } = await make([1, 1, 1, 1]);
  const e = device.createBuffer({ bytes: 4096 });
  device.hint([b, c, d, e]);
  b.tryReserve();
  pin(c);
  using _grab = await d.grabForCpuWrite();
  e.unref();
  await submit(a);
  assertEquals([where(buffers), b.reserved, c.pins], [["vram", "gtt", "gtt", "gtt"], true, 1]);
  b.unlock();
  checkInvariants(device);
});

Deno.test("an upload that would have to wait does not begin, and is tried after the next submission", async () => {
  const { device, submit, buffers: [a, b] } = await make([1, 1]);
  device.hint([b]);
  const work = addWork(b);
  await submit(a);
  assertEquals([b.memoryType, b.reserved], ["gtt", false]);
  work.signal();
  await submit(a);
  assertEquals(b.memoryType, "vram");
});

Deno.test("a busy victim is passed over if its copy could not be queued", async () => {
  const { device, submit, buffers: [a, b] } = await make([2, 2]);
  const [busy, idle] = [put(device, "vram", { pages: 3 }), put(device, "vram", { pages: 3 })];
  const work = addWork(busy);
  device.hint([b]);
  await submit(a);
  assertEquals(where([b, busy, idle]), ["vram", "vram", "gtt"]);
  work.signal();
});

Deno.test("ordered moves are queued, also behind work and behind the copy of a victim", async () => {
  const { device, driver } = testDevice({ ordered: true, gtt: 64 });
  Object.assign(driver, { defaultPlacement: () => vram });
  const [a, b] = [put(device, "gtt", { pages: 8 }), device.createBuffer({ bytes: 8 * 4096 })];
  device.hint([b]);
  const work = fence();
  await device.submit([{ buffer: a }], () => work);
  assertEquals([where([a, b]), b.reserved, b.busy], [["gtt", "vram"], false, true]);
  assertEquals(driver.requests.map(({ buffer, after }) => [buffer.id, [...after].includes(work)]), [
    [a.id, false],
    [a.id, true],
    [b.id, false],
  ]);
  const eviction = driver.copies.at(-2)?.fence;
  assertEquals([...driver.requests.at(-1)?.after ?? []], [eviction]);
  work.signal();
  while (driver.copies.length > 0) driver.finishCopy();
  checkInvariants(device);
});

Deno.test("a failure of an early upload is nobody's, and the submission has its own", async () => {
  const { device, driver, submit, buffers: [a, b] } = await make([1, 1]);
  device.hint([b]);
  driver.beforeMove = ({ buffer }) => {
    if (buffer === b) throw new Error("broken");
  };
  await submit(a);
  assertEquals(where([a, b]), ["vram", "gtt"]);
  checkInvariants(device);
  await refused(() => submit(b), "EIO", "broken");
});

Deno.test("without a submission before it goes where the driver says, and nowhere if it does not", async () => {
  const { device, driver, submit, buffers: [a] } = await make([1]);
  const fresh = device.createBuffer({ bytes: 4096 });
  device.hint([fresh]);
  await submit(a);
  assertEquals(fresh.memoryType, null);
  Object.assign(driver, {
    defaultPlacement: () => {
      throw new Error("it depends");
    },
  });
  await submit(a);
  assertEquals(fresh.memoryType, null);
  Object.assign(driver, { defaultPlacement: () => vram });
  await submit(a);
  assertEquals(fresh.memoryType, "vram");
});

Deno.test("while submissions wait for room nothing is uploaded early", async () => {
  const { device, submit, placement, buffers: [a, b, c] } = await make([1, 1, 8]);
  a.tryReserve();
  const waiting = device.submit([{ buffer: c, placement }, { buffer: a, placement: only("gtt") }], () => {});
  await Promise.resolve();
  device.hint([b]);
  await device.submit([{ buffer: device.createBuffer({ bytes: 4096 }), placement: only("system") }], () => {});
  assertEquals(b.memoryType, "gtt");
  a.unlock();
  await waiting;
  await submit(a);
  assertEquals(b.memoryType, "vram");
});

Deno.test("a hint of what is no buffer of the device is EINVAL, and the one before it stays", async () => {
  const { device, submit, buffers: [a, b] } = await make([1, 1]);
  const other = (await make([1])).buffers[0];
  const gone = device.createBuffer({ bytes: 1 });
  gone.unref();
  device.hint([b]);
  const wrong: readonly (readonly [unknown, string])[] = [
    [b, "the buffers must be an array"],
    [[a, 5], "entry 1 is 5, not a buffer of this device"],
    [[other], "not a buffer of this device"],
    [[gone], "its last reference is gone"],
  ];
  for (const [list, message] of wrong) await refused(() => device.hint(list as BufferObject[]), "EINVAL", message);
  await submit(a);
  assertEquals(b.memoryType, "vram");
});

Deno.test("by a policy that is not told of hints, who is expected is evicted after all others, and before ENOMEM", async () => {
  const { device, submit, buffers: [a, b, c, d] } = await make([3, 3, 2, 8]);
  for (const buffer of [a, b, c]) await submit(buffer);
  device.hint([a, c]);
  const other = put(device, "vram", { pages: 2 });
  assertEquals(where([a, b, c, other]), ["vram", "gtt", "vram", "vram"]);
  put(device, "vram", { pages: 3 }).unref();
  assertEquals(where([a, c, other]), ["vram", "vram", "gtt"]);
  place(d, "vram");
  assertEquals(where([a, c, d]), ["gtt", "gtt", "vram"]);
});

Deno.test("a buffer that is expected several times counts once", async () => {
  const { device, submit, buffers: [a, b, c] } = await make([2, 1, 1]);
  for (let count = 0; count < 6; count++) put(device, "vram");
  device.hint([b, b, b, c]);
  await submit(a);
  assertEquals(where([b, c]), ["vram", "vram"]);
});

Deno.test("those who are expected stay, even if the others that left made no room in one piece", async () => {
  const { device, submit, buffers: [a, b, c, d] } = await make([2, 2, 2, 4]);
  for (const buffer of [a, b]) await submit(buffer);
  const other = put(device, "vram", { pages: 2 });
  await submit(c);
  device.hint([d, b, c]);
  await submit(a);
  assertEquals(where([b, c, d]), ["vram", "vram", "gtt"]);
  assertEquals(other.memoryType, "gtt");
});
