import { assert, assertEquals } from "@std/assert";
import { RangeAllocator, rangeManager, type RangeNode, type SearchOrder } from "@ttm/first-fit";

Deno.test("drm_mm init: a new space is one hole, reserving all leaves none, and removing it restores the one", () => {
  const size = 4096;
  const mm = new RangeAllocator({ size, orders: ["best"] });
  assertEquals([mm.nodeCount, mm.holes()], [0, [{ start: 0, size }]]);
  const all = mm.reserve({ start: 0, size }) as RangeNode;
  assertEquals([mm.nodeCount, mm.holes(), mm.free], [1, [], 0]);
  mm.remove(all);
  assertEquals([mm.nodeCount, mm.holes(), mm.free], [0, [{ start: 0, size }], size]);
});

Deno.test("drm_mm debug: a space with two reserved nodes and three holes can be printed", () => {
  const manager = rangeManager();
  manager.init(4096);
  const request = { alignment: 1, topDown: false, contiguous: false };
  for (const [start, pages] of [[512, 1024], [3000, 500]] as const) {
    assert(manager.allocate({ ...request, pages, fpfn: start, lpfn: start + pages }) > 0);
  }
  assertEquals(manager.debug().split("\n"), [
    "[0, 512) free",
    "[512, 1536) used",
    "[1536, 3000) free",
    "[3000, 3500) used",
    "[3500, 4096) free",
  ]);
});

for (const [name, bits] of [["align32", 32], ["align64", 52]] as const) {
  Deno.test(`drm_mm ${name}: nodes aligned to each power of two, from the highest down, all have room`, () => {
    const mm = new RangeAllocator({ start: 1, size: Number.MAX_SAFE_INTEGER - 2, orders: ["best"] });
    const nodes: RangeNode[] = [];
    for (let bit = bits - 1; bit >= 0; bit--) {
      const node = mm.insert({ size: 1, alignment: 2 ** bit, color: bit });
      assert(node !== null, `bit ${bit}`);
      assertEquals([node.start % 2 ** bit, node.size, node.color], [0, 1, bit]);
      nodes.push(node);
    }
    assertEquals(mm.nodeCount, bits);
    for (const node of nodes) mm.remove(node);
    assertEquals(mm.holes(), [{ start: 1, size: Number.MAX_SAFE_INTEGER - 2 }]);
  });
}

for (const [order, start] of [["lowest", 2], ["highest", 3]] as [SearchOrder, number][]) {
  Deno.test(`drm_mm ${order}: a first hole that is too small is passed over`, () => {
    const mm = new RangeAllocator({ size: 7, orders: [order] });
    for (const taken of [1, 5]) mm.reserve({ start: taken, size: 1 });
    assertEquals(mm.insert({ size: 2 })?.start, start);
  });
}
