import { assert, assertEquals } from "@std/assert";
import { GoodFitAllocator, type GoodFitNode, type GoodFitRequest } from "./mod.ts";

const HOLES = 50_000;
const STRETCH = 64;
// At most three stretches are searched, with a hole every other unit; the tree over them is 13 levels high, and a
// search climbs and descends it, twice for a range, and visits two rows a level.
const NO_SCAN = 3 * STRETCH / 2 + 2 * 2 * 2 * 13;

interface Pool {
  readonly start?: number;
  /** Units of each hole; a node of one unit lies between any two. */
  readonly hole?: number;
  /** Units that the last hole has beyond those. */
  readonly extra?: number;
}

/** `HOLES` holes and as many nodes, that is 10^5 blocks. Holes that follow each other by age lie far apart. */
function fragmented({ start = 0, hole = 3, extra = 0 }: Pool = {}): GoodFitAllocator {
  const pages = new GoodFitAllocator({ start, size: HOLES * (hole + 1) + extra });
  const nodes = Array.from({ length: HOLES }, (_, at) => {
    const gap = pages.insert({ size: hole + (at === HOLES - 1 ? extra : 0) });
    assert(pages.insert({ size: 1 }) !== null);
    return gap as GoodFitNode;
  });
  for (const i of nodes.keys()) pages.remove(nodes[i * 7919 % HOLES] as GoodFitNode);
  assertEquals(pages.holeCount, HOLES);
  return pages;
}

/** Inserts, checks that few holes and rows were visited, and removes the node. */
function tryInsert(pages: GoodFitAllocator, request: GoodFitRequest, limit: number = NO_SCAN): number | null {
  const node = pages.insert(request);
  const visits = pages.lastVisits;
  assert(visits <= limit, `${JSON.stringify(request)} looked at ${visits} holes and rows`);
  if (node !== null) pages.remove(node);
  return node && node.start;
}

Deno.test("insert() looks at one hole for a plain request, and at none without room", () => {
  const pages = fragmented({ extra: 1 });
  assert(tryInsert(pages, { size: 3 }, 1) !== null);
  assertEquals(pages.lastVisits, 1);
  assertEquals(tryInsert(pages, { size: 4 }, 1), (HOLES - 1) * 4);
  assertEquals(tryInsert(pages, { size: 5 }, 0), null);
});

Deno.test("insert() tries a few holes of its own bin, then asks the index", () => {
  const pages = fragmented({ hole: 64 });
  assertEquals(tryInsert(pages, { size: 65 }), null);
  assert(pages.lastVisits > 8);
});

Deno.test("insert() does not scan when every hole is large enough but hardly one can be aligned", () => {
  // All starts are odd, so that of 3 units only 2 can be used. The last hole has 6.
  const pages = fragmented({ start: 1, extra: 3 });
  const last = (HOLES - 1) * 4 + 1;
  for (const topDown of [false, true]) {
    for (const alignment of [2, 4, 6]) assertEquals(tryInsert(pages, { size: 6, alignment, topDown }), null);
    assertEquals(tryInsert(pages, { size: 3, alignment: 2, topDown }), last + (topDown ? 3 : 1));
    assertEquals(tryInsert(pages, { size: 3, alignment: 2, hi: last, topDown }), null);
    assertEquals(tryInsert(pages, { size: 3, alignment: 2, lo: last + 3, topDown }), last + 3);
    assertEquals(tryInsert(pages, { size: 2, alignment: 512, topDown }), null);
  }
});

Deno.test("insert() does not scan for a limited request, from either end", () => {
  const pages = fragmented();
  const [lo, hi] = [HOLES + 1, 3 * HOLES - 1];
  assertEquals(tryInsert(pages, { size: 4, lo, hi }), null);
  assertEquals(tryInsert(pages, { size: 3, lo, hi }), HOLES + 4);
  assertEquals(tryInsert(pages, { size: 3, lo, hi, topDown: true }), 3 * HOLES - 4);
  assertEquals(tryInsert(pages, { size: 3, lo: 2 * HOLES + 1, hi: 2 * HOLES + 6 }), null);
  assertEquals(tryInsert(pages, { size: 2, alignment: 28, lo, hi }), Math.ceil(lo / 28) * 28);
});

Deno.test("insert() from the top down does not scan", () => {
  const pages = fragmented({ hole: 1 });
  assertEquals(tryInsert(pages, { size: 1, topDown: true }), 2 * HOLES - 2);
  assertEquals(tryInsert(pages, { size: 2, topDown: true }), null);
});
