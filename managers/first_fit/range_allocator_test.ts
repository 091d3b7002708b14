import { assert, assertEquals, assertThrows } from "@std/assert";
import { TtmError } from "@ttm/core";
import { type InsertRequest, RangeAllocator, type RangeAllocatorOptions, type RangeNode } from "./mod.ts";

const ALL = ["best", "lowest", "highest", "evict"] as const;

function inserted(allocator: RangeAllocator, request: InsertRequest): RangeNode {
  const node = allocator.insert(request);
  assert(node !== null, `no room for ${JSON.stringify(request)}`);
  return node;
}

/** An allocator of 100 units with holes, in the order they were made, of [0, 10), [30, 35), [60, 70) and [90, 100). */
function withHoles(): RangeAllocator {
  const allocator = new RangeAllocator({ size: 100, orders: ALL });
  for (const [start, size] of [[10, 20], [35, 25], [70, 20]] as const) allocator.reserve({ start, size });
  const [first, , last] = [...allocator.nodes()].map((node) => node.start);
  assertEquals([first, last], [10, 70]);
  return allocator;
}

function remake(allocator: RangeAllocator, start: number, size: number): void {
  const node = allocator.reserve({ start, size });
  assert(node !== null);
  allocator.remove(node);
}

Deno.test("insert() with best takes the smallest hole that fits, among equals the one made last", () => {
  const allocator = withHoles();
  assertEquals(inserted(allocator, { size: 4, order: "best" }).start, 30);
  remake(allocator, 60, 10);
  assertEquals(inserted(allocator, { size: 6, order: "best" }).start, 60);
});

Deno.test("insert() with lowest takes the first hole from below", () => {
  assertEquals(inserted(withHoles(), { size: 4, order: "lowest" }).start, 0);
});

Deno.test("insert() with highest takes the high end of the first hole from above", () => {
  assertEquals(inserted(withHoles(), { size: 4, order: "highest" }).start, 96);
  assertEquals(inserted(withHoles(), { size: 4, alignment: 9, order: "highest" }).start, 90);
});

Deno.test("insert() with evict takes the hole made last", () => {
  const allocator = withHoles();
  remake(allocator, 30, 5);
  assertEquals(inserted(allocator, { size: 4, order: "evict" }).start, 30);
});

Deno.test("insert() defaults to the first order", () => {
  const allocator = new RangeAllocator({ size: 10, orders: ["highest", "lowest"] });
  assertEquals(inserted(allocator, { size: 1 }).start, 9);
});

Deno.test("insert() respects lo and hi in every order", () => {
  for (const order of ALL) {
    const { start } = inserted(withHoles(), { size: 3, lo: 31, hi: 62, order });
    assert(start === (order === "highest" ? 32 : 31), `${order} gave ${start}`);
    assertEquals(withHoles().insert({ size: 5, lo: 31, hi: 64, order }), null);
  }
});

Deno.test("insert() treats alignments 0 and 1 as none", () => {
  const allocator = new RangeAllocator({ start: 7, size: 10, orders: ["lowest"] });
  assertEquals(inserted(allocator, { size: 1, alignment: 0 }).start, 7);
  assertEquals(inserted(allocator, { size: 1, alignment: 1 }).start, 8);
});

Deno.test("insert() has no room for size 0, for more than the space, or outside of it", () => {
  const allocator = new RangeAllocator({ start: 10, size: 10, orders: ALL });
  for (const order of ALL) {
    assertEquals(allocator.insert({ size: 0, order }), null);
    assertEquals(allocator.insert({ size: 11, order }), null);
    assertEquals(allocator.insert({ size: Number.MAX_SAFE_INTEGER, order }), null);
    assertEquals(allocator.insert({ size: 1, lo: 20, order }), null);
    assertEquals(allocator.insert({ size: 1, hi: 10, order }), null);
    assertEquals(allocator.insert({ size: 1, lo: 15, hi: 15, order }), null);
    assertEquals(allocator.insert({ size: 1, alignment: 32, order }), null);
  }
  assertEquals(allocator.free, 10);
});

Deno.test("insert() makes the hole before the range before the one after it", () => {
  const allocator = new RangeAllocator({ size: 10, orders: ["lowest"] });
  inserted(allocator, { size: 2, lo: 4 });
  assertEquals(allocator.holes("recency"), [{ start: 6, size: 4 }, { start: 0, size: 4 }]);
});

Deno.test("insert() keeps other colours one unit away if colours are guarded", () => {
  const allocator = new RangeAllocator({ size: 10, orders: ["lowest", "highest"], guardColors: true });
  assertEquals(inserted(allocator, { size: 2, color: 1 }).start, 0);
  assertEquals(inserted(allocator, { size: 2, color: 1 }).start, 2);
  assertEquals(inserted(allocator, { size: 2, color: 2 }).start, 5);
  assertEquals(allocator.insert({ size: 3, color: 1 }), null);
  assertEquals(inserted(allocator, { size: 3, color: 2, order: "highest" }).start, 7);
  assertEquals(allocator.insert({ size: 1, color: 1 }), null);
  assertEquals(allocator.insert({ size: 1, color: 2 }), null);
});

Deno.test("insert() ignores colours if they are not guarded", () => {
  const allocator = new RangeAllocator({ size: 2, orders: ["lowest"] });
  assertEquals(inserted(allocator, { size: 1, color: 1 }).color, 1);
  assertEquals(inserted(allocator, { size: 1, color: 2 }).start, 1);
});

Deno.test("insert() is exact up to Number.MAX_SAFE_INTEGER", () => {
  const start = Number.MAX_SAFE_INTEGER - 100;
  const allocator = new RangeAllocator({ start, size: 100, orders: ALL });
  assertEquals(inserted(allocator, { size: 1, order: "highest" }).start, start + 99);
  assertEquals(inserted(allocator, { size: 1, alignment: start + 1 }).start, start + 1);
  assertEquals(allocator.insert({ size: 1, alignment: Number.MAX_SAFE_INTEGER }), null);
  assertEquals(allocator.insert({ size: 1, lo: Number.MAX_SAFE_INTEGER }), null);
  assertEquals(allocator.reserve({ start: start + 98, size: Number.MAX_SAFE_INTEGER }), null);
});

Deno.test("reserve() takes exactly the range, or nothing", () => {
  const allocator = new RangeAllocator({ start: 10, size: 10, orders: ["best"] });
  assertEquals(allocator.reserve({ start: 12, size: 3 })?.start, 12);
  for (const [start, size] of [[12, 1], [10, 3], [14, 3], [8, 4], [18, 3], [0, 5], [30, 5], [16, 0]] as const) {
    assertEquals(allocator.reserve({ start, size }), null);
  }
  assertEquals(allocator.holes("size"), [{ start: 10, size: 2 }, { start: 15, size: 5 }]);
});

Deno.test("reserve() keeps guarded colours apart as well", () => {
  const allocator = new RangeAllocator({ size: 10, orders: ["best"], guardColors: true });
  assert(allocator.reserve({ start: 4, size: 2, color: 1 }) !== null);
  assertEquals(allocator.reserve({ start: 6, size: 1 }), null);
  assertEquals(allocator.reserve({ start: 3, size: 1 }), null);
  assertEquals(allocator.reserve({ start: 6, size: 1, color: 1 })?.color, 1);
});

Deno.test("remove() merges with the holes on both sides into a new one", () => {
  const allocator = new RangeAllocator({ size: 9, orders: ["lowest"] });
  const [a, b, c] = [1, 2, 3].map(() => inserted(allocator, { size: 3 })) as [RangeNode, RangeNode, RangeNode];
  allocator.remove(c);
  allocator.remove(a);
  assertEquals(allocator.holes("recency"), [{ start: 0, size: 3 }, { start: 6, size: 3 }]);
  allocator.remove(b);
  assertEquals(allocator.holes("recency"), [{ start: 0, size: 9 }]);
});

Deno.test("remove() refuses nodes of another allocator and removed nodes, and changes nothing", () => {
  const allocator = new RangeAllocator({ size: 10, orders: ["lowest"] });
  const twin = new RangeAllocator({ size: 10, orders: ["lowest"] });
  const gone = inserted(allocator, { size: 4 });
  allocator.remove(gone);
  const kept = inserted(allocator, { size: 4 });
  const foreign = inserted(twin, { size: 4 });
  for (const node of [gone, foreign, { ...kept }, null, undefined, 5] as RangeNode[]) {
    const error = assertThrows(() => allocator.remove(node), TtmError, "Cannot remove a node: ");
    assertEquals(error.code, "EINVAL");
  }
  assertEquals([allocator.free, allocator.nodeCount, allocator.holeCount], [6, 1, 1]);
});

Deno.test("RangeAllocator lists its nodes and holes", () => {
  const allocator = withHoles();
  assertEquals([allocator.start, allocator.size, allocator.free], [0, 100, 35]);
  assertEquals([allocator.holeCount, allocator.nodeCount, allocator.largestHole], [4, 3, 10]);
  assertEquals([...allocator.nodes()].map(({ start, size, color }) => [start, size, color]), [
    [10, 20, 0],
    [35, 25, 0],
    [70, 20, 0],
  ]);
  assertEquals(allocator.holes().map((hole) => hole.start), [0, 30, 60, 90]);
  assertEquals(allocator.holes("size").map((hole) => hole.start), [30, 90, 60, 0]);
  assertEquals(allocator.holes("recency").map((hole) => hole.start), [90, 60, 30, 0]);
});

Deno.test("RangeAllocator may be full", () => {
  const allocator = new RangeAllocator({ size: 1, orders: ["evict"] });
  inserted(allocator, { size: 1 });
  assertEquals([allocator.free, allocator.largestHole, allocator.holeCount], [0, 0, 0]);
  assertEquals(allocator.insert({ size: 1 }), null);
});

Deno.test("RangeAllocator refuses bad options", () => {
  const good = { size: 10, orders: ["best"] };
  const sizes = [0, -1, 1.5, NaN, 2 ** 53, "9", undefined].map((size) => ({ ...good, size }));
  const starts = [-1, NaN, Number.MAX_SAFE_INTEGER].map((start) => ({ ...good, start }));
  const tooHigh = { ...good, start: 1, size: Number.MAX_SAFE_INTEGER };
  const orders = [[], "best", { length: 1 }, ["worst"], [5], undefined].map((orders) => ({ ...good, orders }));
  const bad: unknown[] = [null, 5, ...sizes, ...starts, tooHigh, ...orders, { ...good, guardColors: 1 }];
  for (const options of bad) {
    const error = assertThrows(
      () => new RangeAllocator(options as RangeAllocatorOptions),
      TtmError,
      "Cannot make a range allocator: ",
    );
    assertEquals(error.code, "EINVAL");
  }
});

Deno.test("insert() and reserve() refuse bad requests and change nothing", () => {
  const allocator = new RangeAllocator({ size: 10, orders: ["best", "lowest"] });
  const wrong = [NaN, -1, 0.5, 2 ** 53, Infinity, "1", null, 1n, {}, [], () => 1];
  for (const value of wrong) {
    const inserts: unknown[] = [
      { size: value },
      ...["color", "alignment", "lo"].map((name) => ({ size: 1, [name]: value })),
    ];
    if (value !== Infinity) inserts.push({ size: 1, hi: value });
    for (const request of inserts) {
      const error = assertThrows(() => allocator.insert(request as InsertRequest), TtmError, "Cannot insert a node: ");
      assertEquals(error.code, "EINVAL");
    }
    for (const request of [{ start: value, size: 1 }, { start: 1, size: value }, { start: 1, size: 1, color: value }]) {
      assertThrows(() => allocator.reserve(request as never), TtmError, "Cannot reserve a range: ");
    }
  }
  assertThrows(() => allocator.insert(undefined as never), TtmError, "the request must be an object, not undefined");
  assertThrows(() => allocator.insert({ size: 1, lo: 5, hi: 4 }), TtmError, "hi must be a whole number from 5");
  assertThrows(() => allocator.holes("age" as never), TtmError, "Cannot list the holes: ");
  assertEquals(allocator.holes(), [{ start: 0, size: 10 }]);
});

Deno.test("insert() refuses an order that the allocator was not made for", () => {
  const allocator = new RangeAllocator({ size: 10, orders: ["best", "highest"] });
  for (const order of ["lowest", "evict", "worst"] as const) {
    const message = `Cannot insert a node: order must be one of "best", "highest", not "${order}"`;
    assertThrows(() => allocator.insert({ size: 1, order: order as "best" }), TtmError, message);
  }
});
