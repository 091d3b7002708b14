import { assertEquals, assertThrows } from "@std/assert";
import { TtmError } from "@ttm/core";
import { GoodFitAllocator, type GoodFitNode, type GoodFitRequest } from "./mod.ts";

function take(from: GoodFitAllocator, request: GoodFitRequest): GoodFitNode {
  const node = from.insert(request);
  if (node === null) throw new Error(`no room for ${JSON.stringify(request)}`);
  return node;
}

/** An allocator with holes of these sizes, made in this order, and one allocated unit between any two. */
function withHoles(...sizes: readonly number[]): GoodFitAllocator {
  const pages = new GoodFitAllocator({ size: sizes.reduce((sum, size) => sum + size + 1, 0) });
  const nodes = sizes.map((size) => [take(pages, { size }), take(pages, { size: 1 })][0] as GoodFitNode);
  for (const node of nodes) pages.remove(node);
  return pages;
}

Deno.test("insert() takes a small hole that fits, among equals the one made last", () => {
  assertEquals(take(withHoles(20, 5, 5, 6), { size: 5 }).start, 27);
  assertEquals(take(withHoles(20, 5, 5, 6), { size: 6 }).start, 33);
  assertEquals(take(withHoles(20, 5, 5, 6), { size: 7 }).start, 0);
  // From 64 on sizes share a bin: the bin of 1001 may hold sizes below 1000, so the hole of 1024 is used.
  assertEquals(take(withHoles(1001, 1024), { size: 1000 }).start, 1002);
});

Deno.test("insert() finds the only hole that fits, also if later smaller ones share its bin", () => {
  for (const smaller of [1, 7, 8, 9, 30]) {
    const pages = withHoles(1015, ...Array(smaller).fill(1001));
    assertEquals(take(pages, { size: 1015 }).start, 0);
    assertEquals(pages.insert({ size: 1015 }), null);
  }
});

Deno.test("insert() of an aligned request tries its own bin, then larger holes, then any that fits", () => {
  // Holes of 7 units at 2, of 12 at 10, and of 40 at 23.
  const starts = (alignment: number) => take(withHoles(1, 7, 12, 40), { size: 6, alignment }).start;
  assertEquals([starts(1), starts(2)], [2, 2]);
  assertEquals(starts(5), 10);
  // The hole of 7 is too small, and no hole has 6 + 40 units: only the index finds one.
  assertEquals(starts(41), 41);
});

Deno.test("remove() merges a range with the holes on either side", () => {
  for (const order of [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]) {
    const pages = new GoodFitAllocator({ start: 3, size: 10 });
    const nodes = [4, 2, 4].map((size) => take(pages, { size }));
    assertEquals([pages.free, pages.holeCount, pages.largestHole], [0, 0, 0]);
    for (const at of order) pages.remove(nodes[at] as GoodFitNode);
    assertEquals([pages.holes(), pages.nodeCount], [[{ start: 3, size: 10 }], 0]);
  }
});

Deno.test("holes can be removed from their bin in any order", () => {
  // Eight holes of one unit; the units between them are freed in this order, each of which closes two holes.
  for (const order of [[3, 5, 1], [1, 3, 5], [5, 3, 1], [4, 2], [2, 4], [0, 6, 3]]) {
    const pages = new GoodFitAllocator({ size: 16 });
    const handles = Array.from({ length: 16 }, () => pages.take(1));
    for (let at = 0; at < 16; at += 2) pages.give(handles[at] as number);
    for (const at of order) pages.give(handles[2 * at + 1] as number);
    const starts = pages.holes().flatMap(({ start, size }) => Array.from({ length: size }, (_, at) => start + at));
    const taken = starts.map(() => pages.startOf(pages.take(1)));
    assertEquals(taken.toSorted((a, b) => a - b), starts);
    assertEquals([pages.free, pages.take(1)], [0, 0]);
  }
});

Deno.test("freed rows of blocks are reused, so that handles do not run out", () => {
  const pages = new GoodFitAllocator({ size: 10 });
  for (let time = 0; time < 100; time++) {
    const handle = pages.take({ size: 1, topDown: true });
    assertEquals(pages.startOf(handle), 9);
    pages.give(handle);
  }
});

Deno.test("the largest space has room up to its end", () => {
  const pages = new GoodFitAllocator({ size: 2 ** 31 - 1 });
  assertEquals(take(pages, { size: 5, topDown: true }).start, 2 ** 31 - 6);
  assertEquals(take(pages, { size: 2 ** 31 - 6 }).start, 0);
  assertEquals([pages.free, pages.insert({ size: 1 })], [0, null]);
});

Deno.test("an index with more alignments than trees still finds every aligned hole", () => {
  const pages = withHoles(...Array(200).fill(2));
  for (let alignment = 2; alignment < 60; alignment++) {
    const node = take(pages, { size: 2, alignment, lo: 1 });
    assertEquals([node.start % alignment, node.start % 3], [0, 0]);
    pages.remove(node);
  }
});

Deno.test("remove() refuses nodes that are not allocated, and changes nothing", () => {
  const [pages, others] = [new GoodFitAllocator({ size: 10 }), new GoodFitAllocator({ size: 10 })];
  const gone = take(pages, { size: 4 });
  pages.remove(gone);
  const node = take(pages, { size: 4 });
  for (const wrong of [gone, take(others, { size: 4 }), { ...node }, null, undefined, 0, "0"]) {
    const error = assertThrows(() => pages.remove(wrong as GoodFitNode), TtmError, "Cannot remove a node: ");
    assertEquals(error.code, "EINVAL");
    assertEquals([...pages.nodes()], [{ start: 0, size: 4 }]);
  }
  assertEquals(others.free, 6);
});

Deno.test("take() returns a handle, which gives its range until it is freed", () => {
  const pages = new GoodFitAllocator({ start: 7, size: 100 });
  const [low, high] = [pages.take(10), pages.take({ size: 20, alignment: 25, topDown: true })];
  assertEquals([pages.startOf(low), pages.sizeOf(low)], [7, 10]);
  assertEquals([pages.startOf(high), pages.sizeOf(high)], [75, 20]);
  assertEquals([pages.take(59), pages.take({ size: 59 }), pages.free, pages.nodeCount], [0, 0, 70, 2]);
  pages.give(low);
  pages.give(high);
  assertEquals([pages.holes(), pages.nodeCount], [[{ start: 7, size: 100 }], 0]);
});

/** Asserts that every method refuses a handle. */
function refusesHandle(pages: GoodFitAllocator, handle: unknown): void {
  for (const name of ["give", "startOf", "sizeOf"] as const) {
    const error = assertThrows(
      () => pages[name](handle as number),
      TtmError,
      " is not, or no longer, a handle of this allocator",
    );
    assertEquals(error.code, "EINVAL");
  }
}

Deno.test("a value that is not a handle is refused, and changes nothing", () => {
  const pages = new GoodFitAllocator({ size: 100 });
  const handles = [pages.take(10), pages.take(10), pages.take(10), pages.take(10)] as const;
  pages.give(handles[1]);
  const wrong = [undefined, null, 0, -0, -1, 0.5, NaN, Infinity, "1", 5n, Symbol("1"), {}, [handles[0]], () => 1];
  for (const one of [...wrong, `${handles[0]}`, handles[0] + 0.5, handles[0] + 2 ** 32]) refusesHandle(pages, one);
  // Handles that differ in one bit include those of other allocated blocks, and of some free ones.
  const live = new Set(handles.filter((_, at) => at !== 1));
  for (const handle of handles) {
    for (let bit = 0; bit < 32; bit++) if (!live.has(handle ^ 1 << bit)) refusesHandle(pages, handle ^ 1 << bit);
  }
  for (let near = 1; near < 1000; near++) if (!live.has(near)) refusesHandle(pages, near);
  assertEquals([...pages.nodes()].map(({ start }) => start), [0, 20, 30]);
});

Deno.test("handles of another allocator are refused, and change nothing", () => {
  const all = Array.from({ length: 50 }, () => new GoodFitAllocator({ size: 1 << 20 }));
  const handles = all.map((pages) => [pages.take(1), pages.take(1)]);
  for (const [at, pages] of all.entries()) {
    for (const [from, others] of handles.entries()) if (from !== at) others.forEach((one) => refusesHandle(pages, one));
    assertEquals(pages.nodeCount, 2);
  }
});

Deno.test("a handle is reused only after its row has been freed 1024 times, in large spaces 32 times", () => {
  for (const [size, times] of [[(1 << 21) - 1, 1024], [1 << 25, 32], [2 ** 31 - 1, 32]] as const) {
    const pages = new GoodFitAllocator({ size });
    const first = pages.take(1);
    pages.give(first);
    for (let time = 1; time < times; time++) {
      const handle = pages.take(1);
      assertEquals(pages.startOf(handle), 0);
      refusesHandle(pages, first);
      pages.give(handle);
    }
    assertEquals(pages.take(1), first);
  }
});

Deno.test("invalid options and requests are refused, and change nothing", () => {
  const refuses = (act: () => unknown, message: string) =>
    assertEquals(assertThrows(act, TtmError, message).code, "EINVAL");
  refuses(() => new GoodFitAllocator(null as never), "options must be an object, not null");
  for (const size of [0, -1, 1.5, NaN, Infinity, 2 ** 31, "5", undefined]) {
    refuses(() => new GoodFitAllocator({ size: size as number }), "size must be a whole number from 1 to 2147483647");
  }
  for (const start of [-1, 1.5, 2 ** 31 - 1]) {
    refuses(() => new GoodFitAllocator({ start, size: 1 }), "start must be a whole number from 0 to 2147483646");
  }
  refuses(
    () => new GoodFitAllocator({ start: 2, size: 2 ** 31 - 2 }),
    "size must be a whole number from 1 to 21474836",
  );
  const pages = new GoodFitAllocator({ size: 100 });
  refuses(() => pages.insert(5 as never), "Cannot insert a node: the request must be an object, not 5");
  refuses(() => pages.insert(null as never), "Cannot insert a node: the request must be an object, not null");
  refuses(() => pages.take("5" as never), 'Cannot take a range: the request must be an object, not "5"');
  for (const wrong of [-1, 0.5, NaN, Infinity, "1", null, 2 ** 53]) {
    for (const member of ["size", "alignment", "lo", "hi"]) {
      if (wrong === Infinity && member === "hi") continue;
      refuses(
        () => pages.insert({ size: 1, [member]: wrong }),
        `Cannot insert a node: ${member} must be a whole number`,
      );
      refuses(() => pages.take({ size: 1, [member]: wrong }), `Cannot take a range: ${member} must be a whole number`);
    }
    if (typeof wrong === "number") refuses(() => pages.take(wrong), "Cannot take a range: size must be a whole number");
  }
  refuses(() => pages.insert({ size: 1, lo: 5, hi: 4 }), "hi must be a whole number from 5");
  refuses(() => pages.insert({ size: 1, topDown: 1 as never }), "topDown must be true or false, not 1");
  assertEquals([pages.free, pages.insert({ size: 0 }), pages.insert({ size: 2 ** 53 - 1 })], [100, null, null]);
  assertEquals([pages.take(0), pages.take(-0), pages.take(2 ** 32 + 1), pages.take(2 ** 53 - 1)], [0, 0, 0, 0]);
});
