import { assert, assertEquals, assertThrows } from "@std/assert";
import { TtmError } from "@ttm/core";
import fc from "fast-check";
import { firstFit, RangeAllocator, type RangeNode } from "./mod.ts";

/** A full space of nodes of these sizes, in the order of their addresses. */
function full(sizes: readonly number[]) {
  const size = sizes.reduce((sum, size) => sum + size, 0);
  const pages = new RangeAllocator({ size, orders: ["lowest", "best"] });
  return { pages, nodes: sizes.map((size) => pages.insert({ size }) as RangeNode) };
}

const starts = (pages: RangeAllocator, handles: readonly number[]) => handles.map((handle) => pages.startOf(handle));

Deno.test("scan() ends when neighbouring nodes make room together, whichever nodes were added before", () => {
  const { pages, nodes: [a, b, c, d] } = full([2, 2, 2, 2]) as {
    pages: RangeAllocator;
    nodes: [RangeNode, RangeNode, RangeNode, RangeNode];
  };
  const scan = pages.scan({ size: 4 });
  assertEquals([scan.add(a.handle), scan.add(d.handle), scan.victims], [false, false, []]);
  assertEquals([scan.add(c.handle), scan.victims], [true, [c.handle, d.handle]]);
  assertEquals([scan.add(b.handle), scan.victims], [true, [c.handle, d.handle]]);
});

Deno.test("scan() uses the holes between and beside the nodes", () => {
  const { pages, nodes } = full([1, 1, 1, 1, 1, 1]);
  for (const at of [0, 2, 5]) pages.remove(nodes[at] as RangeNode);
  const scan = pages.scan({ size: 3 });
  assertEquals([scan.add((nodes[1] as RangeNode).handle), starts(pages, scan.victims)], [true, [1]]);
  assertEquals(pages.holes().length, 3, "nothing is changed by it");
});

Deno.test("scan() chooses the hole with the fewest pages to evict", () => {
  const { pages, nodes } = full([5, 1, 4, 1, 1, 3]);
  pages.remove(nodes[3] as RangeNode);
  const scan = pages.scan({ size: 5 });
  for (const at of [0, 2, 4, 5]) if (scan.add((nodes[at] as RangeNode).handle)) break;
  assertEquals(starts(pages, scan.victims), [0]);
  const other = pages.scan({ size: 5 });
  for (const at of [2, 4, 5]) if (other.add((nodes[at] as RangeNode).handle)) break;
  assertEquals(starts(pages, other.victims), [6], "with the hole behind it");
});

Deno.test("scan() respects range and alignment", () => {
  const { pages, nodes } = full([4, 4, 4, 4]);
  const scan = pages.scan({ size: 4, alignment: 3, lo: 5, hi: 14 });
  assertEquals([0, 1, 2, 3].map((at) => scan.add((nodes[at] as RangeNode).handle)), [false, false, true, true]);
  assertEquals(
    starts(pages, scan.victims),
    [4, 8],
    "[6, 10) or [9, 13), of which the last lies in two nodes, one not offered",
  );
});

Deno.test("scan() refuses unknown nodes, changes of the allocator, and a size of 0", () => {
  const { pages, nodes: [a, b] } = full([2, 2]);
  const refused = (act: () => unknown, message: string) =>
    assertEquals(assertThrows(act, TtmError, message).code, "EINVAL");
  const scan = pages.scan({ size: 3 });
  refused(() => scan.add(0), "is not, or no longer, a handle of this allocator");
  assertEquals([scan.add((a as RangeNode).handle), scan.add((a as RangeNode).handle)], [false, false]);
  pages.remove(b as RangeNode);
  refused(() => scan.add((a as RangeNode).handle), "has changed since the scan began");
  refused(() => pages.scan({ size: 0 }), "size must not be 0");
  refused(() => pages.scan({ size: NaN }), "size");
  const guarded = new RangeAllocator({ size: 10, orders: ["best"], guardColors: true });
  refused(() => guarded.scan({ size: 1 }), "guarded colours");
});

const scenario = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 14 }),
  removed: fc.array(fc.nat(13), { maxLength: 6 }),
  offered: fc.array(fc.nat(13), { maxLength: 20 }),
  size: fc.integer({ min: 1, max: 20 }),
  alignment: fc.integer({ min: 1, max: 5 }),
  lo: fc.nat(20),
  span: fc.integer({ min: 0, max: 60 }),
});

/** The cost of the cheapest range if only these nodes may be removed; null if there is none. */
function cheapest(
  space: number,
  live: readonly RangeNode[],
  offered: ReadonlySet<RangeNode>,
  request: { size: number; alignment: number; lo: number; hi: number },
) {
  let best: number | null = null;
  for (let start = 0; start + request.size <= space; start++) {
    if (start % request.alignment !== 0 || start < request.lo || start + request.size > request.hi) continue;
    const inside = live.filter((node) => node.start < start + request.size && node.start + node.size > start);
    if (!inside.every((node) => offered.has(node))) continue;
    const cost = inside.reduce((sum, node) => sum + node.size, 0);
    best = Math.min(best ?? Infinity, cost);
  }
  return best;
}

Deno.test("scan() ends at the first node that completes a hole, and chooses the same as brute force", () => {
  fc.assert(
    fc.property(scenario, ({ sizes, removed, offered, size, alignment, lo, span }) => {
      const { pages, nodes } = full(sizes);
      const gone = new Set(removed.map((at) => nodes[at]).filter((node) => node !== undefined));
      for (const node of gone) pages.remove(node);
      const live = nodes.filter((node) => !gone.has(node));
      const request = { size, alignment, lo, hi: lo + span };
      if (pages.insert(request) !== null) return;
      const scan = pages.scan(request);
      const added = new Set<RangeNode>();
      for (const at of offered) {
        const node = nodes[at];
        if (node === undefined || gone.has(node)) continue;
        added.add(node);
        const cost = cheapest(pages.size, live, added, request);
        assertEquals(scan.add(node.handle), cost !== null);
        if (cost === null) continue;
        assertEquals(scan.victims.reduce((sum, victim) => sum + pages.sizeOf(victim), 0), cost);
        for (const victim of scan.victims) {
          assert(live.some((node) => node.handle === victim && added.has(node)));
          pages.give(victim);
        }
        assert(pages.insert(request) !== null, "there is room when they have gone");
        return;
      }
      assertEquals(scan.victims, []);
    }),
    { numRuns: 3000 },
  );
});

Deno.test("firstFit({ scan: true }) offers it, and firstFit() does not", () => {
  assertEquals([firstFit().scan, typeof firstFit({ scan: true }).scan], [undefined, "function"]);
  const error = assertThrows(() => firstFit({ scan: 1 } as never), TtmError, "scan");
  assertEquals(error.code, "EINVAL");
});
