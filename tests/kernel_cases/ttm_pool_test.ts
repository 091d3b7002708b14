import { assertEquals, assertStrictEquals } from "@std/assert";
import { PAGE_SIZE, PagePool } from "@ttm/core";

/** Populates a table of so many pages and gives them back to its pool. */
function use(pool: PagePool, pages: number): Uint8Array {
  const table = pool.table(pages);
  const bytes = table.populate();
  table.unpopulate();
  return bytes;
}

for (const pages of [1, 4, 1025]) {
  Deno.test(`ttm_pool_alloc_basic: a table of ${pages} pages is populated with exactly those`, () => {
    const table = new PagePool().table(pages);
    assertEquals([table.pages, table.populate().length], [pages, pages * PAGE_SIZE]);
  });
}

Deno.test("ttm_pool_alloc_order_caching_match: pages that were given back are used again", () => {
  const pool = new PagePool();
  const first = use(pool, 4);
  assertEquals(pool.pages, 4);
  assertStrictEquals(pool.table(4).populate(), first);
  assertEquals(pool.pages, 0);
});

Deno.test("ttm_pool_alloc_order_mismatch: pages of another size are left alone", () => {
  const pool = new PagePool();
  const first = use(pool, 1);
  assertEquals(use(pool, 4) === first, false);
  assertEquals(pool.pages, 5);
});

Deno.test("ttm_pool_free_no_dma_alloc: freed pages go into the pool", () => {
  const pool = new PagePool();
  const table = pool.table(2);
  table.populate();
  assertEquals(pool.pages, 0);
  table.unpopulate();
  assertEquals(pool.pages, 2);
});

Deno.test("ttm_pool_fini_basic: a drained pool has no pages", () => {
  const pool = new PagePool();
  const first = use(pool, 4);
  assertEquals([pool.drain(), pool.pages, pool.drain()], [4, 0, 0]);
  assertEquals(use(pool, 4) === first, false);
});
