import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BoDevice, checkInvariants, type KernelMap, TranslationTable, TtmError } from "../mod.ts";
import {
  addWork,
  bytesIn,
  fence,
  fill,
  only,
  place,
  put,
  refused,
  testDevice,
  TestDriver,
} from "../testing_devices.ts";

for (const memoryType of ["system", "gtt", "vram"]) {
  Deno.test(`a map of a buffer in ${memoryType} reads and writes the buffer's bytes`, async () => {
    const { device } = testDevice();
    const buffer = put(device, memoryType, { pages: 3 });
    await fill(buffer, 4);
    buffer.tryReserve();
    const map = await buffer.map({ firstPage: 1, pages: 2 });
    assertEquals([map.bytes.length, map.bytes[0], map.isIoMemory, map.valid], [8192, 4, memoryType === "vram", true]);
    map.bytes[0] = 9;
    checkInvariants(device);
    map[Symbol.dispose]();
    map[Symbol.dispose]();
    assertEquals(map.valid, false);
    await refused(() => map.bytes, "EINVAL", "Cannot use map");
    assertEquals(await buffer.read({ offset: 4095, length: 2 }), new Uint8Array([4, 9]));
    buffer.unreserve();
    checkInvariants(device);
  });
}

Deno.test("a map ends when the buffer moves, is purged, or loses its last reference", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const mapNow = async () => {
    buffer.tryReserve();
    const map = await buffer.map();
    buffer.unreserve();
    return map;
  };
  const ends: [() => unknown, KernelMap][] = [];
  for (
    const leave of [
      () => place(buffer, "gtt"),
      () => place(buffer, "system"),
      () => place(buffer, { placement: [] }),
    ]
  ) {
    const map = await mapNow();
    leave();
    assertEquals(map.valid, false);
    checkInvariants(device);
    if (buffer.memoryType === null) place(buffer, "vram");
    ends.push([leave, map]);
  }
  const last = await mapNow();
  buffer.unref();
  assertEquals([last.valid, ends.length], [false, 3]);
});

Deno.test("a map ends when its pages are swapped out", async () => {
  const { device } = testDevice();
  const buffer = put(device, "system");
  buffer.tryReserve();
  const map = await buffer.map();
  map.bytes.fill(5);
  buffer.unreserve();
  assertEquals([await device.swapOut(), map.valid], [1, false]);
  buffer.tryReserve();
  using again = await buffer.map();
  assertEquals([again.bytes[0], buffer.swapped], [5, false]);
});

Deno.test("a map stays valid after a validate() that does not move the buffer or fails", async () => {
  const { device, driver } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  using map = await buffer.map();
  assertEquals(buffer.tryValidate(only("vram")), null);
  driver.beforeMove = () => {
    throw new Error("no");
  };
  await refused(() => buffer.validate(only("gtt")), "EIO");
  assertEquals(map.valid, true);
  buffer.unreserve();
});

Deno.test("map() waits for moves of the buffer, not for other work", async () => {
  const { device, driver } = testDevice({ ordered: true });
  const buffer = put(device, "system");
  await fill(buffer, 6);
  place(buffer, "vram");
  buffer.tryReserve();
  await refused(() => buffer.map({}, { noWait: true }), "EBUSY", "it is busy");
  const mapping = buffer.map();
  driver.finishCopy();
  using map = await mapping;
  assertEquals(map.bytes[0], 6);
  buffer.addFence(fence(), "write");
  using _ = await buffer.map({}, { noWait: true });
});

Deno.test("map() refuses a buffer without a place, without the reservation, with lost contents, and ranges outside it", async () => {
  const { device } = testDevice({ visible: 4 });
  const buffer = device.createBuffer({ bytes: 3 * 4096 });
  await refused(() => buffer.map(), "EINVAL", "it is not reserved");
  buffer.tryReserve();
  await refused(() => buffer.map(), "EINVAL", "has no place");
  buffer.unlock();
  place(buffer, "vram");
  buffer.tryReserve();
  const bad = [[3, 1], [0, 4], [1, 3], [0, 0], [-1, 1], [0, -1], [0.5, 1], [NaN, 1], [0, 2 ** 53], [2 ** 53, 2 ** 53]];
  for (const [firstPage, pages] of [...bad, ["0", 1]]) {
    await refused(() => buffer.map({ firstPage, pages } as never), "EINVAL", "must be a whole number");
  }
  await refused(() => buffer.map(5 as never), "EINVAL", "the range must be an object");
  await refused(() => buffer.map({}, { noWait: 1 as never }), "EINVAL", "noWait");
  assertEquals(buffer.mappings?.io ?? null, null);
  buffer.unlock();
  const unseen = put(device, only("vram", { fpfn: 4 }));
  unseen.tryReserve();
  await refused(() => unseen.map(), "EINVAL", "the CPU cannot see pages 4 to 5 of vram");
  checkInvariants(device);
});

Deno.test("a buffer whose contents were lost cannot be mapped", async () => {
  const { device, driver } = testDevice({ ordered: true });
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const mapping = refused(() => buffer.map(), "EIO", "the contents of buffer 0 are lost");
  driver.finishCopy(new Error("the engine hangs"));
  await mapping;
});

Deno.test("map() fails and keeps nothing without host memory, or with pages that are not bytes", async () => {
  const { device, driver } = testDevice();
  driver.table = ({ pages }) =>
    new TranslationTable(pages, () => {
      throw new Error("no pages");
    });
  const buffer = put(device, "system");
  buffer.tryReserve();
  await refused(() => buffer.map(), "ENOMEM", "no pages");
  driver.table = ({ pages }) => new TranslationTable(pages, () => ["stamps"]);
  const other = put(device, "system");
  other.tryReserve();
  await refused(() => other.map(), "ENODEV", "this driver does not keep contents as bytes");
  checkInvariants(device);
});

/** A driver that records its windows and has at most `limit` of them. */
class WindowDriver extends TestDriver {
  windows: string[] = [];
  constructor(readonly limit = Infinity) {
    super();
  }
  override ioMemReserve(memoryType: string, start: number, pages: number): Uint8Array | null {
    if (this.windows.length >= this.limit) throw new TtmError("EAGAIN", "all windows are taken");
    this.windows.push(`${memoryType}@${start}+${pages}`);
    return super.ioMemReserve(memoryType, start, pages);
  }
  ioMemFree(memoryType: string, start: number, pages: number): void {
    const at = this.windows.indexOf(`${memoryType}@${start}+${pages}`);
    if (at < 0) throw new Error(`${memoryType}@${start}+${pages} is no window`);
    this.windows.splice(at, 1);
  }
}

function windowDevice(limit?: number) {
  const driver = new WindowDriver(limit);
  return { driver, device: new BoDevice({ driver, managers: { gtt: firstFit(), vram: firstFit() } }) };
}

Deno.test("a buffer's aperture window is reserved once, shared by its maps, and freed with the last", async () => {
  const { device, driver } = windowDevice();
  const buffer = put(device, only("vram", { fpfn: 2 }), { pages: 2 });
  buffer.tryReserve();
  const first = await buffer.map();
  const second = await buffer.map({ firstPage: 1 });
  await buffer.write(new Uint8Array(4096));
  assertEquals(driver.windows, ["vram@2+2"]);
  checkInvariants(device);
  first[Symbol.dispose]();
  assertEquals(driver.windows, ["vram@2+2"]);
  second[Symbol.dispose]();
  assertEquals(driver.windows, []);
  using _pin = buffer.pin();
  await buffer.read({ offset: 4096 });
  assertEquals(driver.windows, []);
});

Deno.test("an aperture window is freed when the mapped buffer moves, and after a CPU copy", async () => {
  const { device, driver } = windowDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const map = await buffer.map();
  assertEquals(buffer.tryValidate(only("gtt")), null);
  assertEquals([driver.windows, map.valid], [[], false]);
  Object.defineProperty(driver, "move", { value: undefined });
  assertEquals(buffer.tryValidate(only("vram")), null);
  assertEquals(driver.windows, []);
  buffer.unreserve();
});

Deno.test("without a free aperture window users' windows are taken away, oldest first, and reserved again at the next fault", async () => {
  const { device, driver } = windowDevice(2);
  const [a, b, c] = [put(device, "vram"), put(device, "vram"), put(device, "vram")];
  using first = a.mmap();
  using second = b.mmap();
  using third = c.mmap();
  await first.write(0, new Uint8Array([1]));
  await second.write(0, new Uint8Array([2]));
  assertEquals(driver.windows, ["vram@0+1", "vram@1+1"]);
  await third.write(0, new Uint8Array([3]));
  assertEquals([driver.windows, first.presentPages], [["vram@1+1", "vram@2+1"], 0]);
  assertEquals(await first.read(0, 1), new Uint8Array([1]));
  assertEquals([driver.windows, second.presentPages], [["vram@2+1", "vram@0+1"], 0]);
  checkInvariants(device);
});

Deno.test("aperture windows of kernel maps are not taken away: EAGAIN, and nothing is held", async () => {
  const { device, driver } = windowDevice(1);
  const [a, b] = [put(device, "vram"), put(device, "vram")];
  a.tryReserve();
  b.tryReserve();
  const map = await a.map();
  await refused(() => b.map(), "EAGAIN", "all windows are taken");
  await refused(() => b.read(), "EAGAIN", "all windows are taken");
  assertEquals([driver.windows, b.mappings?.io], [["vram@0+1"], null]);
  checkInvariants(device);
  map[Symbol.dispose]();
  using _map = await b.map();
});

Deno.test("ioMemReserve that returns a window of the wrong size is EINVAL", async () => {
  const { device, driver } = testDevice();
  driver.ioMemReserve = () => new Uint8Array(1);
  const buffer = put(device, "vram");
  buffer.tryReserve();
  await refused(() => buffer.map(), "EINVAL", 'driver "test" returned no window of 1 page');
  await refused(() => buffer.read(), "EINVAL", 'driver "test" returned no window of 1 page');
});

Deno.test("memory that the CPU cannot map can neither be mapped nor read", async () => {
  const driver = new TestDriver();
  const memoryTypes = driver.memoryTypes.map((type) => ({ ...type, mappable: type.name === "system" }));
  const device = new BoDevice({
    driver: Object.defineProperty(driver, "memoryTypes", { value: memoryTypes }),
    managers: {
      gtt: firstFit(),
      vram: firstFit(),
    },
  });
  for (const memoryType of ["gtt", "vram"]) {
    const buffer = put(device, memoryType);
    buffer.tryReserve();
    await refused(() => buffer.map(), "EINVAL", "the CPU cannot see");
    await refused(() => buffer.read(), "EINVAL", "the CPU cannot see");
    await refused(() => buffer.write(new Uint8Array(1)), "EINVAL", "the CPU cannot see");
    buffer.unlock();
    place(buffer, "system");
    assertEquals(await bytesIn(buffer), [0]);
  }
});

Deno.test("pages of a type without the CMA flag are mapped through a window unless they are cached", async () => {
  const driver = new TestDriver();
  const memoryTypes = driver.memoryTypes.map((type) => type.name === "gtt" ? { ...type, cma: false } : type);
  Object.defineProperty(driver, "memoryTypes", { value: memoryTypes });
  const device = new BoDevice({ driver, managers: { gtt: firstFit(), vram: firstFit() } });
  const aperture = new Uint8Array(8 * 4096).fill(8);
  driver.ioMemReserve = (memoryType, start, pages) =>
    memoryType === "gtt" ? aperture.subarray(start * 4096, (start + pages) * 4096) : null;
  const buffer = put(device, only("gtt", { caching: ["wc"] }));
  buffer.tryReserve();
  {
    using map = await buffer.map();
    assertEquals([map.isIoMemory, map.bytes[0]], [true, 8]);
  }
  buffer.unlock();
  const cached = put(device, only("gtt", { caching: ["cached"] }));
  cached.tryReserve();
  using map = await cached.map();
  assertEquals([map.isIoMemory, map.bytes[0]], [false, 0]);
});

Deno.test("a buffer with unfinished work can be mapped, and moved away later", async () => {
  const { device } = testDevice();
  const buffer = put(device, "gtt");
  const work = addWork(buffer);
  buffer.tryReserve();
  using map = await buffer.map();
  assertEquals(buffer.tryValidate(only("vram")), work);
  assertEquals(map.valid, true);
  work.signal();
  assertEquals([buffer.tryValidate(only("vram")), map.valid], [null, false]);
  buffer.unreserve();
});
