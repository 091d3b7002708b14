import { assertEquals } from "@std/assert";
import { byteTable, TranslationTable } from "@ttm/core";
import { addWork, bytesIn, fill, only, place, put, refused, testDevice } from "../../core/testing_devices.ts";

Deno.test("init_basic: a table has the size and caching of its buffer, no pages and nothing in the store", () => {
  const { device } = testDevice();
  const { tt } = put(device, only("system", { caching: ["wc"] }), { pages: 2 });
  assertEquals([tt?.pages, tt?.caching, tt?.populated, tt?.swapped, tt?.external], [2, "wc", false, false, false]);
});

Deno.test("init_misaligned: one byte beyond a page makes one page more", () => {
  const { device } = testDevice();
  const buffer = device.createBuffer({ bytes: 2 * 4096 + 1 });
  place(buffer, "system");
  assertEquals(buffer.tt?.pages, 3);
});

Deno.test("fini_basic: a table that is emptied has no pages any more", () => {
  const table = byteTable(1);
  table.populate();
  table.unpopulate();
  assertEquals([table.contents, table.populated], [null, false]);
});

Deno.test("fini_sg: the end of an imported table leaves the imported memory unchanged", () => {
  const { device } = testDevice();
  const imported = new Uint8Array(4096).fill(7);
  const buffer = put(device, "gtt", { kind: "sg", imported });
  const { tt } = buffer;
  assertEquals(tt?.contents === imported, true);
  buffer.unref();
  assertEquals([tt?.contents, imported[0]], [null, 7]);
});

Deno.test("fini_shmem: the end of a table deletes its entry in the store", async () => {
  const { device } = testDevice();
  const buffer = put(device, "system");
  await fill(buffer, 1);
  await device.swapOut();
  const { tt } = buffer;
  buffer.unref();
  assertEquals([tt?.swapped, device.liveBuffers], [false, 0]);
});

Deno.test("create_basic: a placed device buffer has a table", () => {
  assertEquals(put(testDevice().device, "system").tt instanceof TranslationTable, true);
});

Deno.test("create_invalid_bo_type: an unknown kind of buffer is EINVAL", async () => {
  const { device } = testDevice();
  await refused(() => device.createBuffer({ bytes: 1, kind: "other" as never }), "EINVAL");
  assertEquals(device.liveBuffers, 0);
});

Deno.test("create_ttm_exists: a buffer keeps the table that it has", () => {
  const { device } = testDevice();
  const buffer = put(device, "system");
  const { tt } = buffer;
  place(buffer, "gtt");
  place(buffer, "system");
  assertEquals(buffer.tt === tt, true);
});

Deno.test("create_failed: a driver that makes no table is ENOMEM", async () => {
  const { device, driver } = testDevice();
  driver.table = () => null;
  const buffer = device.createBuffer({ bytes: 1 });
  buffer.tryReserve();
  await refused(() => buffer.validate(only("system")), "ENOMEM");
  assertEquals(buffer.tt, null);
});

Deno.test("destroy_basic: a buffer's table ends with the buffer", () => {
  const { device } = testDevice();
  const buffer = put(device, "gtt");
  buffer.unref();
  assertEquals([buffer.tt, device.global.usedPages], [null, 0]);
});

Deno.test("populate_null_ttm: a buffer without a table cannot be populated", async () => {
  const { device } = testDevice();
  const buffer = device.createBuffer({ bytes: 1 });
  buffer.tryReserve();
  await refused(() => buffer.populate(), "EINVAL");
});

Deno.test("populate_populated_ttm: populating a populated table does nothing", async () => {
  const { device } = testDevice();
  const buffer = put(device, "system");
  buffer.tryReserve();
  await buffer.populate();
  const first = buffer.tt?.contents;
  await buffer.populate();
  assertEquals([buffer.tt?.contents === first, device.global.usedPages], [true, 1]);
});

Deno.test("unpopulate_basic: populating makes pages, unpopulating drops them", () => {
  const table = byteTable(1);
  table.populate();
  assertEquals(table.populated, true);
  table.unpopulate();
  assertEquals(table.populated, false);
});

Deno.test("unpopulate_empty_ttm: unpopulating a table without pages does nothing", () => {
  const table = byteTable(1);
  table.unpopulate();
  assertEquals(table.populated, false);
});

Deno.test("swapin_basic: a swapout returns the number of pages that it freed, and a swap-in populates them again", async () => {
  const { device } = testDevice();
  const buffer = put(device, "system", { pages: 2 });
  await fill(buffer, 9);
  assertEquals([await device.swapOut(), buffer.tt?.swapped, buffer.tt?.populated], [2, true, false]);
  buffer.tryReserve();
  await buffer.populate();
  buffer.unlock();
  assertEquals([buffer.tt?.swapped, buffer.tt?.populated, await bytesIn(buffer)], [false, true, [9]]);
  addWork(buffer).signal();
});
