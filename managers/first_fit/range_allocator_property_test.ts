import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type InsertRequest, RangeAllocator, type RangeAllocatorOptions, type RangeNode } from "./mod.ts";
import type { ReserveRequest, SearchOrder } from "./mod.ts";

type Node = { start: number; size: number; color: number };
type Hole = { start: number; end: number; stamp: number };

/** The rules of drm_mm as a plain model: lists, and a search that tries every address in turn. */
class Model {
  nodes: Node[] = [];
  holes: Hole[] = [];
  #clock = 0;
  #guarded: boolean;

  constructor(start: number, size: number, guarded: boolean) {
    this.#guarded = guarded;
    this.#open(start, start + size);
  }

  insert({ size, alignment = 1, color = 0, lo = 0, hi = Infinity, order = "best" }: InsertRequest): Node | null {
    for (const hole of this.inOrder(order)) {
      for (let i = 0; i <= hole.end - hole.start - size; i++) {
        const start = order === "highest" ? hole.end - size - i : hole.start + i;
        if (start % (alignment || 1) !== 0 || start < lo || start + size > hi) continue;
        if (size > 0 && this.#keepsDistance(hole, start, size, color)) return this.#split(hole, { start, size, color });
      }
    }
    return null;
  }

  reserve({ start, size, color = 0 }: ReserveRequest): Node | null {
    return this.insert({ size, color, lo: start, hi: start + size, order: "lowest" });
  }

  remove(node: Node): void {
    const around = this.holes.filter((hole) => hole.end === node.start || hole.start === node.start + node.size);
    this.nodes = this.nodes.filter((other) => other !== node);
    this.holes = this.holes.filter((hole) => !around.includes(hole));
    const starts = around.map((hole) => hole.start);
    const ends = around.map((hole) => hole.end);
    this.#open(Math.min(node.start, ...starts), Math.max(node.start + node.size, ...ends));
  }

  inOrder(order: SearchOrder): Hole[] {
    const newestFirst = [...this.holes].sort((a, b) => b.stamp - a.stamp);
    if (order === "evict") return newestFirst;
    if (order === "best") return newestFirst.sort((a, b) => a.end - a.start - (b.end - b.start));
    return newestFirst.sort((a, b) => order === "lowest" ? a.start - b.start : b.start - a.start);
  }

  #keepsDistance(hole: Hole, start: number, size: number, color: number): boolean {
    const other = (node: Node | undefined) => this.#guarded && node !== undefined && node.color !== color;
    const left = this.nodes.find((node) => node.start + node.size === hole.start);
    const right = this.nodes.find((node) => node.start === hole.end);
    return !(other(left) && start === hole.start) && !(other(right) && start + size === hole.end);
  }

  #split(hole: Hole, node: Node): Node {
    this.holes = this.holes.filter((other) => other !== hole);
    this.#open(hole.start, node.start);
    this.#open(node.start + node.size, hole.end);
    this.nodes = [...this.nodes, node].sort((a, b) => a.start - b.start);
    return node;
  }

  #open(start: number, end: number): void {
    if (start < end) this.holes.push({ start, end, stamp: ++this.#clock });
  }
}

const spaces = fc.record({
  start: fc.constantFrom(0, 1, 37),
  size: fc.integer({ min: 1, max: 150 }),
  guardColors: fc.boolean(),
  orders: fc.shuffledSubarray<SearchOrder>(["best", "lowest", "highest", "evict"], { minLength: 1 }),
});

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        insert: fc.record({
          size: fc.integer({ min: 0, max: 12 }),
          alignment: fc.integer({ min: 0, max: 12 }),
          color: fc.integer({ min: 0, max: 2 }),
        }),
        limits: fc.option(fc.tuple(fc.nat(200), fc.nat(200))),
        order: fc.nat(3),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ reserve: fc.record({ start: fc.nat(200), size: fc.nat(8), color: fc.nat(2) }) }),
    },
    { weight: 3, arbitrary: fc.record({ remove: fc.nat() }) },
  ),
  { maxLength: 120, size: "max" },
);

function assertSame(allocator: RangeAllocator, model: Model): void {
  const holes = (order: SearchOrder) => model.inOrder(order).map(({ start, end }) => ({ start, size: end - start }));
  assertEquals([...allocator.nodes()].map(({ start, size, color }) => ({ start, size, color })), model.nodes);
  assertEquals(allocator.holes(), holes("lowest"));
  assertEquals(allocator.holes("size"), holes("best"));
  assertEquals(allocator.holes("recency"), holes("evict"));
  const sizes = model.holes.map(({ start, end }) => end - start);
  assertEquals(allocator.free, sizes.reduce((sum, size) => sum + size, 0));
  assertEquals(allocator.largestHole, Math.max(0, ...sizes));
  assertEquals([allocator.holeCount, allocator.nodeCount], [sizes.length, model.nodes.length]);
}

/** Compares allocator and model, after `teeth` nodes of one unit with a hole of up to 3 units before each. */
function compare(space: fc.Arbitrary<RangeAllocatorOptions>, teeth: number, runs: number): void {
  fc.assert(
    fc.property(space, steps, ({ start = 0, size, guardColors = false, orders }, operations) => {
      const allocator = new RangeAllocator({ start, size, guardColors, orders });
      const model = new Model(start, size, guardColors);
      const pairs: [RangeNode, Node][] = [];
      const keep = (node: RangeNode | null, expected: Node | null) => {
        assertEquals(node && node.start, expected && expected.start);
        if (node && expected) pairs.push([node, expected]);
      };
      for (let i = 0; i < teeth; i++) {
        const tooth = { start: start + i * 4 + i % 3 + 1, size: 1, color: i % 3 };
        keep(allocator.reserve(tooth), model.reserve(tooth));
      }
      for (const operation of operations) {
        if ("insert" in operation) {
          const { insert, limits } = operation;
          const order = orders[operation.order % orders.length] as SearchOrder;
          const range = limits === null ? {} : { lo: Math.min(...limits), hi: Math.max(...limits) };
          const request = { ...insert, ...range, order };
          keep(allocator.insert(request), model.insert(request));
        } else if ("reserve" in operation) {
          keep(allocator.reserve(operation.reserve), model.reserve(operation.reserve));
        } else if (pairs.length > 0) {
          const [[node, expected]] = pairs.splice(operation.remove % pairs.length, 1) as [[RangeNode, Node]];
          allocator.remove(node);
          model.remove(expected);
        }
        assertSame(allocator, model);
      }
    }),
    { numRuns: runs },
  );
}

Deno.test("RangeAllocator gives the same results as a plain model of drm_mm, operation by operation", () => {
  compare(spaces, 0, 200);
});

Deno.test("RangeAllocator gives the same results as the model with many unfit holes", () => {
  // More holes than FEW, so that long searches give up and the trees get more columns.
  compare(spaces.map((space) => ({ ...space, size: 1100 })), 270, 15);
});
