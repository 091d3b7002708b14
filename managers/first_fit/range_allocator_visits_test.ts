import { assert, assertEquals } from "@std/assert";
import { type InsertRequest, RangeAllocator, type RangeNode, type SearchOrder } from "./mod.ts";

const HOLES = 30_000;
// Five levels of nodes with up to 13 entries, descended once, or once for each end of a range. A search by an upper
// bound gives up after 64 entries, at the end of a node, and then descends a tree with the exact room.
const NO_SCAN = 64 + 13 + 5 * 13;
const ORDERS: readonly SearchOrder[] = ["best", "lowest", "highest", "evict"];

interface Fragmentation {
  readonly start?: number;
  /** Units of the last hole beyond the 3 that all holes have. */
  readonly extra?: number;
  readonly guardColors?: boolean;
}

/**
 * `HOLES` times a hole of 3 units and a node of one, colour 0. They are made from both ends inwards in turn, so that
 * holes that follow each other by age are far from each other by address.
 */
function fragmented({ start = 0, extra = 0, guardColors = false }: Fragmentation = {}): RangeAllocator {
  const allocator = new RangeAllocator({ start, size: HOLES * 4 + extra, orders: ORDERS, guardColors });
  const reserve = (i: number) =>
    allocator.reserve({ start: start + i * 4 + 3 + (i === HOLES - 1 ? extra : 0), size: 1 });
  for (let i = 0; i < HOLES / 2; i++) assert(reserve(i) !== null && reserve(HOLES - 1 - i) !== null);
  assertEquals(allocator.holeCount, HOLES);
  return allocator;
}

/** Inserts, checks that few entries were visited, and removes the node. */
function tryInsert(allocator: RangeAllocator, request: InsertRequest, limit: number = NO_SCAN): RangeNode | null {
  const node = allocator.insert(request);
  const visits = allocator.lastVisits;
  assert(visits <= limit, `${JSON.stringify(request)} looked at ${visits} rows`);
  if (node !== null) allocator.remove(node);
  return node;
}

Deno.test("insert() does not scan for a plain request", () => {
  const allocator = fragmented({ extra: 1 });
  for (const order of ORDERS) {
    assertEquals(tryInsert(allocator, { size: 5, order }), null);
    assertEquals(tryInsert(allocator, { size: 4, order })?.start, (HOLES - 1) * 4);
  }
});

Deno.test("insert() does not scan when every hole is large enough but hardly one can be aligned", () => {
  // All starts are odd, so that of 3 units only 2 can be used. The last hole has 6.
  const allocator = fragmented({ start: 1, extra: 3 });
  for (const order of ORDERS) {
    for (const alignment of [2, 4, 6]) assertEquals(tryInsert(allocator, { size: 6, alignment, order }), null);
    const node = tryInsert(allocator, { size: 3, alignment: 2, order });
    assert(node !== null && node.start > (HOLES - 1) * 4);
    assertEquals(tryInsert(allocator, { size: 3, alignment: 2, hi: (HOLES - 1) * 4, order }), null);
  }
});

Deno.test("insert() by address does not scan for a limited request", () => {
  const allocator = fragmented();
  const [lo, hi] = [HOLES + 1, 3 * HOLES + 1];
  for (const [order, first] of [["lowest", HOLES + 4], ["highest", 3 * HOLES - 4]] as const) {
    assertEquals(tryInsert(allocator, { size: 4, lo, hi, order }), null);
    assertEquals(tryInsert(allocator, { size: 3, lo, hi, order })?.start, first);
    assert(tryInsert(allocator, { size: 2, alignment: 28, lo, hi, order }) !== null);
  }
});

Deno.test("insert() by address does not scan for a huge page, limited or not", () => {
  const allocator = fragmented({ extra: 512 });
  const hi = (HOLES - 1) * 4;
  for (const order of ["lowest", "highest"] as const) {
    for (const size of [4, 512]) assertEquals(tryInsert(allocator, { size, alignment: 512, hi, order }), null);
    assertEquals(tryInsert(allocator, { size: 3, alignment: 512, lo: 1, hi: 1024, order })?.start, 512);
    assert(tryInsert(allocator, { size: 4, alignment: 512, order }) !== null);
  }
});

Deno.test("insert() by size or age does not scan when nothing in the range fits", () => {
  const allocator = fragmented();
  for (const order of ["best", "evict"] as const) {
    assertEquals(tryInsert(allocator, { size: 3, lo: 2 * HOLES + 1, hi: 2 * HOLES + 6, order }), null);
  }
});

Deno.test("insert() by size or age does not scan for a request limited on one side", () => {
  const allocator = fragmented();
  for (const order of ["best", "evict"] as const) {
    // The outermost holes are the oldest, so all others are tried first, and they are outside the range. There are two
    // searches: one by address, which decides whether any hole fits, and one in the requested order.
    assertEquals(tryInsert(allocator, { size: 3, hi: 4, order }, 2 * NO_SCAN)?.start, 0);
    const lo = (HOLES - 1) * 4;
    assertEquals(tryInsert(allocator, { size: 3, lo, order }, 2 * NO_SCAN)?.start, lo);
  }
});

Deno.test("insert() does not scan holes that the guard makes too small", () => {
  // For any colour but 0 a hole of 3 units loses one at both ends; the last hole has 5.
  const allocator = fragmented({ extra: 2, guardColors: true });
  for (const order of ORDERS) {
    for (const color of [1, 2]) {
      assertEquals(tryInsert(allocator, { size: 3, color, order })?.start, (HOLES - 1) * 4 + 1);
      assertEquals(tryInsert(allocator, { size: 4, color, order }), null);
      assertEquals(tryInsert(allocator, { size: 3, alignment: 7, color, hi: (HOLES - 1) * 4, order }), null);
    }
  }
});

Deno.test("insert() finds the right hole when it has more alignments than classes", () => {
  const allocator = new RangeAllocator({ start: 1, size: 10_000, orders: ORDERS });
  for (let alignment = 2; alignment < 40; alignment++) {
    assertEquals(tryInsert(allocator, { size: 1, alignment, order: "lowest" })?.start, alignment);
  }
});

Deno.test("reserve() does not scan", () => {
  const allocator = fragmented();
  assert(allocator.reserve({ start: 2 * HOLES + 1, size: 1 }) !== null);
  assert(allocator.lastVisits <= NO_SCAN);
  assertEquals(allocator.reserve({ start: 2 * HOLES + 3, size: 1 }), null);
  assert(allocator.lastVisits <= NO_SCAN);
});
