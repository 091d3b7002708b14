import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BoDevice, type BufferObject, type Caching, checkInvariants, PAGE_SIZE, TtmError } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { CmaSim, type CmaSimOptions } from "./mod.ts";

function bench(options: Partial<CmaSimOptions> = {}) {
  const driver = new CmaSim({ carveOut: 8 * PAGE_SIZE, movable: 4 * PAGE_SIZE, ...options });
  const device = new BoDevice({ driver, managers: { cma: firstFit() } });
  const make = async (pages: number, memoryType = "cma", caching: Caching = "wc") => {
    const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE });
    await bring(buffer, memoryType, caching);
    return buffer;
  };
  return { driver, device, make };
}

async function bring(buffer: BufferObject, memoryType: string, caching: Caching = "wc"): Promise<void> {
  using _reservation = await buffer.reserve();
  await buffer.validate({ placement: [{ memoryType, caching: [caching] }] });
}

async function read(buffer: BufferObject): Promise<number | undefined> {
  using _reservation = await buffer.reserve();
  return (await buffer.read({ length: 1 }))[0];
}

async function write(buffer: BufferObject, byte: number): Promise<void> {
  using _reservation = await buffer.reserve();
  await buffer.write(new Uint8Array(buffer.bytes).fill(byte));
}

const systemBytes = (driver: CmaSim) => [4, 5, 6, 7].map((page) => new Set(driver.systemPage(page)));

Deno.test("pages of the system are migrated out when the device needs the carve-out, and return with their bytes", async () => {
  const { driver, device, make } = bench();
  const before = systemBytes(driver);
  const small = await make(4);
  assertEquals([small.start, driver.carveOutStats.away], [0, 0]);
  const large = await make(3);
  await write(large, 9);
  assertEquals([large.start, driver.carveOutStats], [4, { systemPages: 4, away: 3, left: 3, returned: 0 }]);
  assertEquals(systemBytes(driver), before);
  large.unref();
  assertEquals(driver.carveOutStats, { systemPages: 4, away: 0, left: 3, returned: 3 });
  assertEquals(systemBytes(driver), before);
  checkInvariants(device);
});

Deno.test("a page of the system that is in use cannot be migrated; the buffer stays where it was", async () => {
  const { driver, device, make } = bench();
  const buffer = await make(6, "system");
  await write(buffer, 3);
  const hold = driver.holdSystemPage(5);
  const error = await assertRejects(() => bring(buffer, "cma"), TtmError);
  assertEquals([error.code, buffer.memoryType, driver.carveOutStats.away], ["EBUSY", "system", 0]);
  hold[Symbol.dispose]();
  hold[Symbol.dispose]();
  await bring(buffer, "cma");
  assertEquals([buffer.memoryType, await read(buffer), driver.carveOutStats.away], ["cma", 3, 2]);
  assertThrows(() => driver.holdSystemPage(5), TtmError, "there is no such page in the carve-out");
  assertThrows(() => driver.holdSystemPage(0), TtmError, "there is no such page in the carve-out");
  assertThrows(() => driver.systemPage(0), TtmError, "there is no such page in the carve-out");
  checkInvariants(device);
});

Deno.test("bringing a buffer to the carve-out copies nothing: its pages are the same", async () => {
  const { make } = bench();
  const buffer = await make(2, "system");
  await write(buffer, 1);
  const pages = buffer.tt?.contents;
  await bring(buffer, "cma");
  assertEquals(buffer.tt?.contents === pages, true);
  await bring(buffer, "system");
  assertEquals(buffer.tt?.contents === pages, true);
});

Deno.test("CPU and device see the same bytes in write-combined pages at any time", async () => {
  const { driver, make } = bench();
  const buffer = await make(2);
  await write(buffer, 1);
  assertEquals(driver.read(buffer, 0, 2), new Uint8Array([1, 1]));
  driver.write(buffer, 0, new Uint8Array([2]));
  assertEquals(await read(buffer), 2);
  driver.flush(buffer);
  driver.invalidate(buffer);
  assertEquals([await read(buffer), driver.read(buffer, 0, 1)[0]], [2, 2]);
});

Deno.test("in cached pages the device sees flushed writes of the CPU, and the CPU sees the device's writes after an invalidate", async () => {
  const { driver, make } = bench();
  const buffer = await make(2, "cma", "cached");
  await write(buffer, 1);
  assertEquals(driver.read(buffer, 0, 1)[0], 0);
  driver.flush(buffer);
  assertEquals(driver.read(buffer, 0, 1)[0], 1);
  driver.write(buffer, 0, new Uint8Array([5]));
  assertEquals(await read(buffer), 1);
  driver.invalidate(buffer);
  assertEquals(await read(buffer), 5);
});

Deno.test("CPU writes to cached pages after an invalidate are kept when the buffer moves", async () => {
  const { driver, make } = bench();
  const buffer = await make(1, "cma", "cached");
  driver.write(buffer, 0, new Uint8Array([5]));
  driver.invalidate(buffer);
  await write(buffer, 6);
  await bring(buffer, "system");
  assertEquals(await read(buffer), 6);
});

Deno.test("writes of the device and of the CPU to cached pages are kept when the buffer moves", async () => {
  const { driver, make } = bench();
  const buffer = await make(2, "cma", "cached");
  driver.write(buffer, PAGE_SIZE + 1, new Uint8Array([6]));
  using map = buffer.mmap();
  await map.write(0, new Uint8Array([4]));
  await bring(buffer, "system");
  assertEquals([await map.read(0, 1), await map.read(PAGE_SIZE + 1, 1)], [new Uint8Array([4]), new Uint8Array([6])]);
});

Deno.test("buffers of a full carve-out are evicted to SYSTEM, with their bytes", async () => {
  const { device, make } = bench();
  const buffers = [];
  for (const byte of [1, 2, 3]) {
    const buffer = await make(4);
    await write(buffer, byte);
    buffers.push(buffer);
  }
  assertEquals(buffers.map(({ memoryType }) => memoryType), ["system", "cma", "cma"]);
  assertEquals([await read(buffers[0] as BufferObject), await read(buffers[2] as BufferObject)], [1, 3]);
  checkInvariants(device);
});

Deno.test("with 32 address bits pages count in a dma32 zone", async () => {
  for (const dma32 of [false, true]) {
    const driver = new CmaSim({ carveOut: 8 * PAGE_SIZE, dma32 });
    const zones = [{ name: "low", bytes: 2 ** 30, dma32: true }];
    const device = new BoDevice({ driver, managers: { cma: firstFit() }, limits: { zones } });
    const buffer = device.createBuffer({ bytes: 4096 });
    const before = device.global.zone("low").usedBytes;
    await bring(buffer, "cma");
    assertEquals(device.global.zone("low").usedBytes - before, dma32 ? 4096 : 0);
  }
});

Deno.test("the device reaches only buffers in the carve-out, and no byte beyond a buffer", async () => {
  const { driver, make } = bench();
  const away = await make(1, "system");
  for (
    const act of [
      () => driver.flush(away),
      () => driver.invalidate(away),
      () => driver.read(away, 0, 1),
      () => driver.write(away, 0, new Uint8Array(1)),
    ]
  ) {
    assertThrows(act, TtmError, "is in system, which the device cannot access");
  }
  const buffer = await make(1);
  for (const [offset, length] of [[-1, 1], [4096, 1], [0, 4097], [0.5, 1], [NaN, 1]] as const) {
    assertThrows(() => driver.read(buffer, offset, length), TtmError, "Cannot read by the device");
  }
  assertThrows(() => driver.write(buffer, 4090, new Uint8Array(7)), TtmError, "Cannot write by the device");
  assertThrows(() => driver.write(buffer, -1, new Uint8Array(1)), TtmError, "Cannot write by the device");
});

for (
  const options of [
    null,
    {},
    { carveOut: 4095 },
    { carveOut: NaN },
    { carveOut: 8192, movable: -1 },
    {
      carveOut: 8192,
      movable: 8193,
    },
    { carveOut: 8192, dma32: 1 },
    { carveOut: 8192, iommu: 4095 },
    { carveOut: 8192, contents: "pages" },
  ]
) {
  Deno.test(`a device of ${JSON.stringify(options)} is refused`, () => {
    assertThrows(() => new CmaSim(options as never), TtmError, "Cannot create cma-sim");
  });
}
