import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { byteTable, PAGE_SIZE, TranslationTable } from "../mod.ts";
import { addWork, bytesIn, fill, place, put, refused, testDevice } from "../testing_devices.ts";

Deno.test("pages are allocated once, when first needed, and read as zero", () => {
  let allocations = 0;
  const table = new TranslationTable(3, (pages) => {
    allocations++;
    return new Uint8Array(pages * PAGE_SIZE);
  });
  assertEquals([table.pages, table.populated, table.contents], [3, false, null]);
  const pages = table.populate();
  assertEquals([table.populated, pages.length, new Set(pages)], [true, 3 * PAGE_SIZE, new Set([0])]);
  assertStrictEquals(table.populate(), pages);
  assertEquals(allocations, 1);
});

Deno.test("unpopulate() frees the pages, and does nothing without pages", () => {
  const table = byteTable(1);
  table.unpopulate();
  table.populate().fill(7);
  table.unpopulate();
  assertEquals([table.populated, table.contents], [false, null]);
  assertEquals(new Set(table.populate()), new Set([0]));
});

Deno.test("an allocation that fails leaves the table without pages, and may be tried again", () => {
  let broken = true;
  const table = new TranslationTable(1, () => {
    if (broken) throw new RangeError("no memory");
    return "pages";
  });
  assertThrows(() => table.populate(), RangeError, "no memory");
  assertEquals(table.populated, false);
  broken = false;
  assertEquals([table.populate(), table.populated], ["pages", true]);
});

Deno.test("a new table is cached and unbound, and keeps the caching and binding that it is given", () => {
  const table = byteTable(1);
  assertEquals([table.caching, table.boundTo, table.boundAt], ["cached", null, -1]);
  table.noteBound("gtt", 5);
  table.setCaching(4);
  assertEquals([table.caching, table.boundTo, table.boundAt], ["wc", "gtt", 5]);
  table.noteUnbound();
  assertEquals([table.boundTo, table.boundAt], [null, -1]);
});

Deno.test("the table of a buffer has its size in whole pages", () => {
  const { device } = testDevice();
  for (const [bytes, pages] of [[1, 1], [4096, 1], [4097, 2], [40960, 10]] as const) {
    using buffer = device.createBuffer({ bytes });
    place(buffer, "system");
    assertEquals([buffer.tt?.pages, buffer.tt?.populated], [pages, false]);
  }
});

Deno.test("a buffer keeps its table between SYSTEM and GTT, and has none in VRAM", () => {
  const { device } = testDevice();
  const buffer = put(device, "system");
  const { tt } = buffer;
  place(buffer, "gtt");
  assertStrictEquals(buffer.tt, tt);
  assertEquals([tt?.populated, tt?.boundTo, tt?.boundAt], [true, "gtt", 0]);
  place(buffer, "system");
  assertStrictEquals(buffer.tt, tt);
  assertEquals([tt?.populated, tt?.boundTo], [true, null]);
  place(buffer, "vram");
  assertEquals([buffer.tt, tt?.populated], [null, false]);
});

Deno.test("without createTranslationTable() the pages are bytes", async () => {
  const { device, driver } = testDevice();
  Object.defineProperty(driver, "createTranslationTable", { value: undefined });
  const buffer = put(device, "gtt", { pages: 2 });
  await fill(buffer, 3);
  assertEquals([buffer.tt?.contents instanceof Uint8Array, await bytesIn(buffer)], [true, [3]]);
});

Deno.test("pages that are not bytes can be moved, but a CPU read of them is ENODEV", async () => {
  const { device, driver } = testDevice();
  driver.table = (buffer) => new TranslationTable(buffer.pages, () => "stamps");
  const buffer = put(device, "gtt");
  buffer.tryReserve();
  await refused(() => buffer.read(), "ENODEV", "does not keep contents as bytes");
  await refused(() => buffer.write(new Uint8Array(1)), "ENODEV");
  buffer.unreserve();
  place(buffer, "system");
  assertEquals(buffer.tt?.contents, "stamps");
});

Deno.test("a dying buffer's pages are unbound and freed after its work has ended", () => {
  const { device, driver, clock } = testDevice();
  const buffer = put(device, "gtt");
  const { tt } = buffer;
  const work = addWork(buffer);
  buffer.unref();
  assertEquals([tt?.populated, tt?.boundTo], [true, "gtt"]);
  work.signal();
  clock.advanceTo(0);
  assertEquals([tt?.populated, tt?.boundTo, buffer.tt, driver.calls.at(-1)], [false, null, null, "unbind 0"]);
});
