import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import {
  BoDevice,
  byteTable,
  checkInvariants,
  type Driver,
  moveMemcpy,
  PAGE_SIZE,
  SimulatedClock,
  TranslationTable,
} from "../mod.ts";
import { addWork, bytesIn, fill, only, place, put, refused, TestDriver, whileReserved } from "../testing_devices.ts";

/** A test driver with an aperture of `visible` pages and without `move`. */
function withoutMove(visible = 8): { driver: TestDriver; device: BoDevice } {
  const driver = new TestDriver({ visible, ordered: true });
  Object.assign(driver, { move: undefined });
  const managers = { gtt: firstFit(), vram: firstFit() };
  return { driver, device: new BoDevice({ driver, managers, clock: new SimulatedClock() }) };
}

Deno.test("with a driver that has no move(), the CPU copies bytes between all memory types", async () => {
  const { device } = withoutMove();
  const buffer = put(device, "vram", { pages: 2 });
  assertEquals(await bytesIn(buffer), [0]);
  await fill(buffer, 5);
  for (
    const target of [only("gtt"), only("vram", { fpfn: 4 }), only("vram", { lpfn: 4 }), only("system"), only("vram")]
  ) {
    place(buffer, target);
    assertEquals(await bytesIn(buffer), [5]);
    checkInvariants(device);
  }
});

Deno.test("memory that the CPU clears for a new buffer reads as zero", async () => {
  const { device } = withoutMove();
  const first = put(device, "vram");
  await fill(first, 9);
  first.unref();
  assertEquals(await bytesIn(put(device, "vram")), [0]);
});

Deno.test("the CPU waits for the work on a buffer, even if the driver says that moves are ordered", () => {
  const { device } = withoutMove();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  whileReserved(buffer, () => assertEquals(buffer.tryValidate(only("gtt")), work));
});

Deno.test("a CPU copy to memory that the CPU cannot see is refused, and nothing has changed", async () => {
  const { device } = withoutMove(4);
  const buffer = put(device, "gtt");
  await fill(buffer, 3);
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram", { fpfn: 4 })), "EINVAL", "the CPU cannot see pages 4 to 5 of vram");
  buffer.unreserve();
  assertEquals([buffer.memoryType, await bytesIn(buffer)], ["gtt", [3]]);
  checkInvariants(device);
});

Deno.test("large CPU copies go through the aperture in pieces", () => {
  const asked: number[] = [];
  const source = byteTable(600);
  source.populate().fill(7);
  const vram = new Uint8Array(600 * 4096);
  const driver: Pick<Driver, "ioMemReserve"> = {
    ioMemReserve: (_memoryType, start, pages) => {
      asked.push(pages);
      return vram.subarray(start * 4096, (start + pages) * 4096);
    },
  };
  const request = {
    pages: 600,
    source: { memoryType: "gtt", start: 0, table: source },
    destination: { memoryType: "vram", start: 0, table: null },
  };
  moveMemcpy(driver, request);
  assertEquals([asked, vram.every((byte) => byte === 7)], [[256, 256, 88], true]);
});

Deno.test("host pages that are not bytes cannot be copied by the CPU", async () => {
  const { device, driver } = withoutMove();
  driver.table = (buffer) => new TranslationTable(buffer.pages, () => ({}));
  const buffer = put(device, "gtt");
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "ENODEV", "are not bytes");
});

Deno.test("a CPU copy to imported pages writes all bytes or none", async () => {
  const pages = 300;
  const vram = new Uint8Array(pages * PAGE_SIZE);
  let visible = pages;
  const driver: Driver = {
    name: "window",
    memoryTypes: [{ name: "system" }, { name: "vram", pages, fixed: true }],
    evictPlacement: () => only("system"),
    ioMemReserve: (_type, start, count) =>
      start + count > visible ? null : vram.subarray(start * PAGE_SIZE, (start + count) * PAGE_SIZE),
  };
  const device = new BoDevice({ driver, managers: { vram: firstFit() } });
  const imported = new Uint8Array(pages * PAGE_SIZE).fill(7);
  const buffer = put(device, "vram", { pages, kind: "sg", imported });
  await fill(buffer, 9);
  visible = pages - 1;
  buffer.tryReserve();
  await refused(() => buffer.validate(only("system")), "EINVAL", "the CPU cannot see pages 256 to 300 of vram");
  buffer.unreserve();
  assertEquals(new Set(imported), new Set([7]));
  visible = pages;
  place(buffer, "system");
  assertEquals(new Set(imported), new Set([9]));
});
