import { assertEquals, assertRejects } from "@std/assert";
import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Driver,
  memoryStore,
  type MemTypeManager,
  PAGE_SIZE,
  SimulatedClock,
  type SwapStore,
  TtmError,
  type TtmErrorCode,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { alwaysBusy, failingMove, failingStore, noSpace } from "./mod.ts";

interface Parts {
  readonly vram?: MemTypeManager;
  readonly fail?: (driver: Driver) => Driver;
  readonly store?: SwapStore;
}

function makeDevice({ vram = firstFit(), fail = (driver) => driver, store = memoryStore() }: Parts): BoDevice {
  const driver = new RadeonSim({ vram: 16 * PAGE_SIZE, gtt: 16 * PAGE_SIZE });
  const clock = new SimulatedClock();
  return new BoDevice({ driver: fail(driver), managers: { vram, gtt: firstFit() }, clock, store });
}

const inside = (memoryType: string) => ({ placement: [{ memoryType }] });

/** A buffer of two pages in a memory type, filled with one byte value. */
async function make(device: BoDevice, byte: number, memoryType = "system"): Promise<BufferObject> {
  const buffer = device.createBuffer({ bytes: 2 * PAGE_SIZE });
  using _reservation = await buffer.reserve();
  await buffer.validate(inside(memoryType));
  await buffer.write(new Uint8Array(buffer.bytes).fill(byte));
  return buffer;
}

async function moveTo(buffer: BufferObject, memoryType: string): Promise<void> {
  using _reservation = await buffer.reserve();
  await buffer.validate(inside(memoryType));
}

async function refused(act: () => Promise<unknown>, code: TtmErrorCode): Promise<void> {
  assertEquals((await assertRejects(act, TtmError)).code, code);
}

/** Fails unless a buffer holds its byte value, and can be written, moved, evicted and released. */
async function mustBeUsable(device: BoDevice, buffer: BufferObject, byte: number): Promise<void> {
  checkInvariants(device);
  assertEquals(await bytesIn(buffer), [byte]);
  {
    using _reservation = await buffer.reserve();
    await buffer.write(new Uint8Array(buffer.bytes).fill(byte + 1));
  }
  await moveTo(buffer, "gtt");
  await device.evictAll("gtt");
  assertEquals(await bytesIn(buffer), [byte + 1]);
  buffer.unref();
  checkInvariants(device);
  await device.close();
  assertEquals(device.global.usedPages, 0);
}

async function bytesIn(buffer: BufferObject): Promise<number[]> {
  using _reservation = await buffer.reserve();
  return [...new Set(await buffer.read())];
}

for (const [factory, code] of [[noSpace, "ENOMEM"], [alwaysBusy, "EBUSY"]] as const) {
  Deno.test(`a buffer that ${factory().name} does not take stays where it is`, async () => {
    const device = makeDevice({ vram: factory() });
    const buffer = await make(device, 3);
    await refused(() => moveTo(buffer, "vram"), code);
    assertEquals(buffer.memoryType, "system");
    await moveTo(buffer, "gtt");
    await mustBeUsable(device, buffer, 3);
  });
}

Deno.test("a buffer whose move fails at once stays where it is, and moves at the next call", async () => {
  const device = makeDevice({ fail: (driver) => failingMove(driver, { nth: 2, how: "throw" }) });
  const [buffer, other] = [await make(device, 3, "vram"), await make(device, 5)];
  await refused(() => moveTo(buffer, "gtt"), "EIO");
  assertEquals([buffer.memoryType, await bytesIn(buffer)], ["vram", [3]]);
  await moveTo(buffer, "gtt");
  other.unref();
  await mustBeUsable(device, buffer, 3);
});

Deno.test("a buffer whose copy fails by its fence has lost its bytes, reads of it are EIO, and a purge makes it usable again", async () => {
  const device = makeDevice({ fail: (driver) => failingMove(driver, { nth: 3, how: "fence" }) });
  const [buffer, other] = [await make(device, 3, "vram"), await make(device, 5, "vram")];
  await moveTo(buffer, "gtt");
  await refused(() => bytesIn(buffer), "EIO");
  await moveTo(buffer, "system");
  await refused(() => bytesIn(buffer), "EIO");
  {
    using _reservation = await buffer.reserve();
    await buffer.validate({ placement: [] });
    await buffer.validate(inside("gtt"));
  }
  assertEquals(await bytesIn(other), [5]);
  other.unref();
  await mustBeUsable(device, buffer, 0);
});

Deno.test("a copy that never ends keeps only its own buffer busy", async () => {
  const device = makeDevice({ fail: (driver) => failingMove(driver, { nth: 3, how: "hang" }) });
  const [buffer, other] = [await make(device, 3, "vram"), await make(device, 5, "vram")];
  await moveTo(buffer, "gtt");
  await refused(() => bytesIn(buffer), "EBUSY");
  assertEquals(buffer.busy, true);
  checkInvariants(device);
  await moveTo(other, "gtt");
  await moveTo(other, "vram");
  assertEquals(await bytesIn(other), [5]);
  assertEquals((await device.evictAll("gtt").catch((error) => error)).code, "EBUSY");
  checkInvariants(device);
});

const byPromises = (store: SwapStore): SwapStore => ({
  name: store.name,
  write: async (key, bytes) => await store.write(key, bytes),
  read: async (key) => await store.read(key),
  delete: async (key) => await store.delete(key),
});

for (const [how, store] of [["at once", (store: SwapStore) => store], ["by promises", byPromises]] as const) {
  Deno.test(`a short read is EIO, and the next whole read has the bytes (${how})`, async () => {
    let isShort = true;
    const inner = memoryStore();
    const short = failingStore(inner, { shortBy: 1 });
    const device = makeDevice({ store: store({ ...inner, read: (key) => (isShort ? short : inner).read(key) }) });
    const buffer = await make(device, 3);
    assertEquals([await device.swapOut(), buffer.swapped], [2, true]);
    for (let turn = 0; turn < 2; turn++) await refused(() => bytesIn(buffer), "EIO");
    assertEquals(buffer.swapped, true);
    isShort = false;
    await mustBeUsable(device, buffer, 3);
  });

  Deno.test(`a buffer that a full store refuses stays in memory, and is swapped out when there is room (${how})`, async () => {
    const device = makeDevice({ store: store(failingStore(memoryStore(), { fullAt: 3 * PAGE_SIZE })) });
    const [buffer, other] = [await make(device, 3), await make(device, 5)];
    assertEquals([await device.swapOut(), await device.swapOut()], [2, 0]);
    assertEquals([buffer.swapped, other.swapped, await bytesIn(other)], [true, false, [5]]);
    buffer.unref();
    assertEquals([await device.swapOut(), other.swapped], [2, true]);
    await mustBeUsable(device, other, 5);
  });

  Deno.test(`a store that sometimes fails loses no bytes (${how})`, async () => {
    const device = makeDevice({ store: store(failingStore(memoryStore(), { failEvery: 2 })) });
    const buffer = await make(device, 3);
    // The second call (the read) and the fourth fail.
    assertEquals([await device.swapOut(), buffer.swapped], [2, true]);
    await refused(() => bytesIn(buffer), "EIO");
    assertEquals([await bytesIn(buffer), buffer.swapped], [[3], false]);
    assertEquals([await device.swapOut(), buffer.swapped, await bytesIn(buffer)], [0, false, [3]]);
    assertEquals([await device.swapOut(), buffer.swapped], [2, true]);
    await refused(() => bytesIn(buffer), "EIO");
    await mustBeUsable(device, buffer, 3);
  });
}
