import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BoDevice, type BufferObject, checkInvariants, type Driver, PAGE_SIZE } from "../mod.ts";
import { addWork, bytesIn, fill, only, pin, place, put, refused, testDevice } from "../testing_devices.ts";

/** A buffer of one page that is imported, and the array of its exporter. */
function importOne(device: BoDevice, byte = 7): { buffer: BufferObject; array: Uint8Array } {
  const array = new Uint8Array(PAGE_SIZE).fill(byte);
  return { buffer: device.createBuffer({ bytes: PAGE_SIZE, kind: "sg", imported: array }), array };
}

/** The different bytes of an array. */
const different = (array: Uint8Array) => [...new Set(array)];

Deno.test("imported bytes can be read before the buffer has a place", async () => {
  const { device } = testDevice();
  const { buffer } = importOne(device);
  assertEquals(await bytesIn(buffer), [7]);
});

for (const type of ["system", "gtt", "vram"]) {
  Deno.test(`a buffer's first contents in ${type} are the imported bytes, and the array is unchanged`, async () => {
    const { device } = testDevice();
    const { buffer, array } = importOne(device);
    place(buffer, type);
    assertEquals([await bytesIn(buffer), different(array)], [[7], [7]]);
    checkInvariants(device);
  });
}

Deno.test("the exporter's array gets what the device has written when the buffer moves back, and not before", async () => {
  const { device } = testDevice();
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  await fill(buffer, 9);
  assertEquals(different(array), [7]);
  place(buffer, "gtt");
  assertEquals([await bytesIn(buffer), different(array)], [[9], [9]]);
  place(buffer, "vram");
  await device.evictAll("vram");
  assertEquals([buffer.memoryType, await bytesIn(buffer), buffer.tt?.contents === array], ["gtt", [9], true]);
});

Deno.test("a move through a hop keeps imported bytes, also for a buffer without a place", async () => {
  const { device, driver } = testDevice();
  driver.stop = (from, to) => from !== "gtt" && to !== "gtt" ? { memoryType: "gtt" } : null;
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  assertEquals([await bytesIn(buffer), driver.requests.map(({ source }) => source?.memoryType)], [[7], ["gtt"]]);
  await fill(buffer, 8);
  place(buffer, "system");
  assertEquals([await bytesIn(buffer), different(array)], [[8], [8]]);
});

Deno.test("imported pages stay until a queued copy from them has ended, though the buffer had no place", () => {
  const { device, driver } = testDevice({ ordered: true });
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  driver.finishCopy();
  array.fill(0);
  place(buffer, "gtt");
  driver.finishCopy();
  assertEquals(different(array), [7]);
});

Deno.test("at the last unref() the exporter's array gets the bytes that are on the device, also while work reads them", async () => {
  for (const released of ["idle", "busy", "pinned", "shared and reserved"]) {
    const { device } = testDevice();
    const array = new Uint8Array(PAGE_SIZE).fill(7);
    const root = device.createBuffer({ bytes: 1 });
    const shared = released.startsWith("shared") ? { reservation: root.reservation } : {};
    const buffer = put(device, "vram", { kind: "sg", imported: array, ...shared });
    await fill(buffer, 5);
    const work = released === "busy" ? addWork(buffer) : null;
    if (released === "pinned") pin(buffer);
    if (released.startsWith("shared")) root.tryReserve();
    buffer.unref();
    checkInvariants(device);
    assertEquals(different(array), work === null ? [5] : [7], released);
    work?.signal();
    assertEquals([different(array), device.usage("vram").residents], [[5], 0], released);
    if (root.reserved) root.unreserve();
    root.unref();
    await device.close();
  }
});

Deno.test("work that begins after the last reference is gone keeps no imported buffer, whoever shares its reservation", () => {
  const { device } = testDevice();
  const root = device.createBuffer({ bytes: 1 });
  const imported = { kind: "sg", imported: new Uint8Array(PAGE_SIZE), reservation: root.reservation } as const;
  const buffer = put(device, "gtt", imported);
  const work = addWork(buffer);
  buffer.unref();
  addWork(root);
  assertEquals([device.dyingBuffers, device.usage("gtt").residents], [1, 1]);
  work.signal();
  assertEquals([device.dyingBuffers, device.usage("gtt").residents, root.busy], [0, 0, true]);
});

Deno.test("close() waits until imported bytes are back in their arrays", async () => {
  const { device } = testDevice();
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  await fill(buffer, 3);
  const work = addWork(buffer);
  buffer.unref();
  assertEquals([device.liveBuffers, device.dyingBuffers], [0, 1]);
  let isClosed = false;
  const closed = device.close().then(() => isClosed = true);
  for (let turn = 0; turn < 9; turn++) await Promise.resolve();
  assertEquals([isClosed, different(array)], [false, [7]]);
  work.signal();
  await closed;
  assertEquals([different(array), device.dyingBuffers], [[3], 0]);
});

Deno.test("a buffer that waits to return its imported bytes can be evicted, and the array gets the bytes", async () => {
  const { device } = testDevice({ vram: 1 });
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  await fill(buffer, 3);
  const work = addWork(buffer);
  buffer.unref();
  const other = device.createBuffer({ bytes: PAGE_SIZE });
  await other.reserve();
  const placed = other.validate(only("vram"));
  work.signal();
  await placed;
  assertEquals([different(array), other.memoryType, device.dyingBuffers], [[3], "vram", 0]);
});

Deno.test("without room at a hop the CPU copies imported bytes back", async () => {
  const { device, driver } = testDevice({ gtt: 1 });
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  await fill(buffer, 6);
  pin(put(device, "gtt"));
  driver.stop = () => ({ memoryType: "gtt" });
  buffer.unref();
  assertEquals([different(array), device.dyingBuffers], [[6], 0]);
});

Deno.test("if imported bytes cannot be copied back the array stays unchanged", async () => {
  const { device, driver } = testDevice({ visible: 0 });
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  driver.beforeMove = () => {
    throw new Error("broken");
  };
  buffer.unref();
  assertEquals([different(array), device.dyingBuffers, device.usage("vram").residents], [[7], 0, 0]);
  await device.close();
});

for (const type of ["system", "gtt", "vram"]) {
  Deno.test(`a purge in ${type} leaves the exporter's array unchanged, and the buffer reads as the array`, async () => {
    const { device } = testDevice();
    const { buffer, array } = importOne(device);
    place(buffer, type);
    place(buffer, { placement: [] });
    assertEquals([buffer.memoryType, await bytesIn(buffer), different(array)], [null, [7], [7]]);
    place(buffer, "vram");
    assertEquals(await bytesIn(buffer), [7]);
  });
}

Deno.test("an eviction with an empty placement moves imported bytes to SYSTEM", async () => {
  const { device, driver } = testDevice();
  driver.evict = () => ({ placement: [] });
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  await fill(buffer, 2);
  await device.evictAll("vram");
  assertEquals([buffer.memoryType, await bytesIn(buffer), different(array)], ["system", [2], [2]]);
  place(buffer, "vram");
  assertEquals(driver.calls.at(-1), "invalidate 0");
});

Deno.test("a failed move leaves the array, the buffer and its bytes as they were", async () => {
  const { device, driver } = testDevice();
  const { buffer, array } = importOne(device);
  driver.beforeMove = () => {
    throw new Error("broken");
  };
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "EIO", "broken");
  buffer.unreserve();
  assertEquals([await bytesIn(buffer), different(array)], [[7], [7]]);
  driver.beforeMove = () => {};
  place(buffer, "vram");
  driver.beforeMove = () => {
    throw new Error("broken");
  };
  buffer.tryReserve();
  await refused(() => buffer.validate(only("gtt")), "EIO", "broken");
  buffer.unreserve();
  assertEquals([buffer.memoryType, await bytesIn(buffer), different(array)], ["vram", [7], [7]]);
});

Deno.test("CPU copies move imported bytes, too", async () => {
  const vram = new Uint8Array(PAGE_SIZE).fill(1);
  const driver: Driver = {
    name: "window",
    memoryTypes: [{ name: "system" }, { name: "vram", pages: 1, fixed: true }],
    evictPlacement: () => only("system"),
    ioMemReserve: () => vram,
  };
  await using device = new BoDevice({ driver, managers: { vram: firstFit() } });
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  assertEquals([await bytesIn(buffer), different(vram)], [[7], [7]]);
  await fill(buffer, 4);
  buffer.unref();
  assertEquals(different(array), [4]);
});
