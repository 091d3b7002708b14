import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { checkInvariants, PAGE_SIZE, PagePool, TranslationTable, TtmError } from "../mod.ts";
import { bytesIn, fill, only, place, put, testDevice } from "../testing_devices.ts";

/** A device whose buffers take their host pages from a pool. */
function pooledDevice(pool = new PagePool()) {
  const made = testDevice({});
  made.driver.table = ({ pages }) => pool.table(pages);
  return { ...made, pool };
}

Deno.test("pages read as zero when they are handed out again", () => {
  const pool = new PagePool();
  const table = pool.table(2);
  const bytes = table.populate().fill(7);
  table.unpopulate();
  assertStrictEquals(pool.table(2).populate(), bytes);
  assertEquals(new Set(bytes), new Set([0]));
});

Deno.test("pages that are overwritten at once are handed out without zeroing", () => {
  const pool = new PagePool();
  const table = pool.table(1);
  table.populate().fill(7);
  table.unpopulate();
  assertEquals(new Set(pool.table(1).populate(false)), new Set([7]));
});

Deno.test("a pool keeps at most `maxPages` pages", () => {
  const pool = new PagePool({ maxPages: 5 });
  const tables = [3, 3, 2].map((pages) => pool.table(pages));
  for (const table of tables) table.populate();
  for (const table of tables) table.unpopulate();
  assertEquals([pool.maxPages, pool.pages], [5, 5]);
  assertEquals(new PagePool().maxPages, 16384);
});

Deno.test("a pool does not keep pages that are views of a larger array", () => {
  const pool = new PagePool();
  const table = pool.table(1);
  table.restore(new Uint8Array(3 * PAGE_SIZE).subarray(PAGE_SIZE, 2 * PAGE_SIZE));
  table.unpopulate();
  assertEquals(pool.pages, 0);
});

for (const maxPages of [-1, 0.5, NaN, Infinity, "8"]) {
  Deno.test(`a pool of at most ${maxPages} pages is EINVAL`, () => {
    assertThrows(
      () => new PagePool({ maxPages } as { maxPages: number }),
      TtmError,
      "Cannot create page pool: maxPages",
    );
  });
}

Deno.test("an evicted buffer keeps its contents in pages that another buffer has freed", async () => {
  const { device, pool } = pooledDevice();
  const first = put(device, "system");
  await fill(first, 9);
  place(first, only("vram"));
  assertEquals(pool.pages, 1);
  const second = put(device, "vram");
  await fill(second, 5);
  place(second, only("system"));
  assertEquals([pool.pages, await bytesIn(second), await bytesIn(first)], [0, [5], [9]]);
  checkInvariants(device);
});

Deno.test("a new buffer reads as zero in reused pages", async () => {
  const { device, pool } = pooledDevice();
  const first = put(device, "system");
  await fill(first, 9);
  const bytes = first.tt?.contents;
  first.unref();
  assertEquals(pool.pages, 1);
  const second = put(device, "system");
  using _reservation = await second.reserve();
  await second.write(new Uint8Array([1]));
  assertEquals(new Set(await second.read()), new Set([1, 0]));
  assertEquals(second.tt?.contents === bytes, true);
});

Deno.test("only a move out of VRAM, which overwrites all pages, takes pages that were not zeroed", async () => {
  const { device, driver } = testDevice({});
  const asked: boolean[] = [];
  driver.table = ({ pages }) =>
    new TranslationTable(pages, (count, zeroed) => {
      asked.push(zeroed);
      return new Uint8Array(count * PAGE_SIZE);
    });
  await fill(put(device, "system"), 9);
  put(device, "gtt");
  assertEquals(asked, [true, true]);
  place(put(device, "vram"), only("system"));
  assertEquals(asked, [true, true, false]);
});

Deno.test("pages that were swapped out go back to the pool, and the contents come back", async () => {
  const { device, pool } = pooledDevice();
  const buffer = put(device, "system");
  await fill(buffer, 4);
  const bytes = buffer.tt?.contents;
  assertEquals([await device.swapOut(), pool.pages], [1, 1]);
  const other = put(device, "system");
  await fill(other, 8);
  assertEquals([await bytesIn(buffer), await bytesIn(other)], [[4], [8]]);
  assertEquals(buffer.tt?.contents === bytes, false);
});
