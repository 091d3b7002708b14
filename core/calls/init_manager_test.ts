import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { type BufferObject, checkInvariants } from "../mod.ts";
import {
  addWork,
  bytesIn,
  fill,
  only,
  pin,
  place,
  put,
  refused,
  refusedUnchanged,
  testDevice,
  touch,
} from "../testing_devices.ts";

/** Lets all pending tasks run until each of them is waiting. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("evictAll() empties a memory type, and buffers keep their bytes", async () => {
  const { device } = testDevice();
  const buffers = [put(device, "vram"), put(device, "vram", { priority: 2 }), put(device, "gtt")];
  for (const [at, buffer] of buffers.entries()) await fill(buffer, at + 1);
  await device.evictAll("vram");
  assertEquals([device.usage("vram").residents, buffers.map(({ memoryType }) => memoryType)], [0, [
    "gtt",
    "gtt",
    "gtt",
  ]]);
  assertEquals(await Promise.all(buffers.map(bytesIn)), [[1], [2], [3]]);
  await device.evictAll("vram");
  checkInvariants(device);
});

Deno.test("evictAll() skips pinned buffers, and fails at the first buffer that cannot be evicted", async () => {
  const { device } = testDevice();
  const [pinned, first, reserved, last] = [1, 2, 3, 4].map(() => put(device, "vram")) as [
    BufferObject,
    BufferObject,
    BufferObject,
    BufferObject,
  ];
  pin(pinned);
  reserved.tryReserve();
  await refused(() => device.evictAll("vram"), "EBUSY", "Cannot evict all from vram");
  assertEquals([pinned, first, reserved, last].map(({ memoryType }) => memoryType), ["vram", "gtt", "vram", "vram"]);
  reserved.unreserve();
  await device.evictAll("vram");
  assertEquals([pinned, reserved, last].map(({ memoryType }) => memoryType), ["vram", "gtt", "gtt"]);
});

Deno.test("evictAll() terminates even if the driver's eviction placement is the memory type itself", async () => {
  const { device, driver } = testDevice();
  put(device, "vram");
  put(device, "vram");
  driver.evict = () => only("vram");
  await refused(() => device.evictAll("vram"), "EBUSY");
  checkInvariants(device);
});

Deno.test("evictAll() waits for the work on buffers and for the copies out of the memory type", async () => {
  const { device, driver } = testDevice({ ordered: true });
  const buffer = put(device, "vram");
  driver.finishCopy();
  const work = addWork(buffer);
  await refused(() => device.evictAll("vram", { noWait: true }), "EBUSY");
  let done = false;
  const evicting = device.evictAll("vram").then(() => done = true);
  work.signal();
  await allBlocked();
  assertEquals([driver.copies.length, done], [1, false]);
  driver.finishCopy();
  await evicting;
});

Deno.test("cleanManager() removes the manager of an empty memory type, and initManager() can give another", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  await fill(buffer, 7);
  await device.cleanManager("vram");
  assertEquals([buffer.memoryType, device.moveFence("vram"), device.usage("vram").usedPages], ["gtt", null, 0]);
  const lost = device.createBuffer({ bytes: 1 });
  lost.tryReserve();
  await refused(() => lost.validate(only("vram")), "ENOMEM");
  await refused(() => device.cleanManager("vram"), "EINVAL", "there is none");
  device.initManager("vram", firstFit({ order: "lowest" }));
  place(buffer, "vram");
  const rest = put(device, "vram", { pages: 7 });
  assertEquals([buffer.start, await bytesIn(buffer), rest.start], [0, [7], 1]);
  checkInvariants(device);
});

Deno.test("a manager stays if a buffer cannot be evicted, and no buffer is placed there until setUsed() allows it", async () => {
  const { device } = testDevice();
  const pinned = put(device, "vram");
  pin(pinned);
  const other = put(device, "vram");
  await refused(() => device.cleanManager("vram"), "EBUSY", "Cannot clean the manager of vram");
  assertEquals([pinned.memoryType, other.memoryType], ["vram", "gtt"]);
  other.tryReserve();
  await refused(() => other.validate(only("vram")), "ENOMEM");
  device.setUsed("vram", true);
  await other.validate(only("vram"));
  other.unreserve();
  touch(pinned, () => pinned.unpin());
  await device.cleanManager("vram");
  checkInvariants(device);
});

Deno.test("buffers of a memory type that is switched off stay there, also when they are validated", async () => {
  const { device } = testDevice();
  const [there, other] = [put(device, "vram"), put(device, "gtt")];
  device.setUsed("vram", false);
  place(there, "vram");
  other.tryReserve();
  await refused(() => other.validate(only("vram")), "ENOMEM", "vram: not in use until setUsed()");
  assertEquals([there.memoryType, other.memoryType], ["vram", "gtt"]);
  await other.validate({ placement: [{ memoryType: "vram" }, { memoryType: "system" }] });
  assertEquals(other.memoryType, "system");
  device.setUsed("vram", true);
  await other.validate(only("vram"));
  assertEquals(other.memoryType, "vram");
});

Deno.test("initManager() refuses an unknown memory type, SYSTEM, and one that has a manager", async () => {
  const { device } = testDevice();
  const change = (act: () => unknown, code: "EINVAL" | "EBUSY", message: string) =>
    refusedUnchanged(device, [], act, code, message);
  await change(() => device.initManager("disk", firstFit()), "EINVAL", '"disk"');
  await change(() => device.initManager("system", firstFit()), "EINVAL", "system memory has no manager");
  await change(() => device.initManager("vram", firstFit()), "EBUSY", 'it already has the manager "first-fit"');
  await change(() => device.cleanManager("disk"), "EINVAL", '"disk"');
  await change(() => device.cleanManager("system"), "EINVAL", "there is none");
  await change(() => device.cleanManager("vram", 5 as never), "EINVAL", "the options");
  await change(() => device.setUsed("disk", true), "EINVAL", '"disk"');
  await change(() => device.setUsed("system", false), "EINVAL", "it is always used");
  await change(() => device.setUsed("vram", 1 as never), "EINVAL", "used must be true or false");
  await change(() => device.evictAll("disk"), "EINVAL", '"disk"');
  await change(() => device.evictAll("system"), "EINVAL", "buffers cannot be evicted from system memory");
  await device.cleanManager("vram");
  await change(() => device.initManager("vram", {} as never), "EINVAL", "is not a manager");
});

Deno.test("a manager whose init() throws is not used", async () => {
  const { device } = testDevice();
  await device.cleanManager("vram");
  const taken = firstFit();
  taken.init(4);
  await refused(() => device.initManager("vram", taken), "EINVAL", "already been called, with a size of 4 pages");
  device.initManager("vram", firstFit());
  place(device.createBuffer({ bytes: 1 }), "vram");
});
