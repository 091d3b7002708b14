import { assertEquals, assertThrows } from "@std/assert";
import { TtmError } from "@ttm/core";
import { type BuddyAllocation, BuddyAllocator, type BuddyRequest } from "./mod.ts";

const K = 1024;

/** Asserts that a request succeeds, and returns its allocation. */
function take(space: BuddyAllocator, request: BuddyRequest): BuddyAllocation {
  const allocation = space.allocate(request);
  if (allocation === null) throw new Error(`no room for ${JSON.stringify(request)}`);
  return allocation;
}

const total = (allocations: readonly BuddyAllocation[]) =>
  allocations.flatMap(({ blocks }) => blocks).reduce((sum, { size }) => sum + size, 0);

Deno.test("alloc_limit: the largest block of a huge space can be taken in one piece", () => {
  const space = new BuddyAllocator({ size: 2 ** 52 });
  const allocation = take(space, { size: 2 ** 52 });
  assertEquals([allocation.blocks, space.free], [[{ start: 0, size: 2 ** 52, cleared: false }], 0]);
  space.release(allocation);
  assertEquals(space.freeBlocks(), [{ size: 2 ** 52, cleared: false, starts: [0] }]);
});

Deno.test("alloc_optimistic: a space of 2^17 - 1 chunks gives one block of each order, and then nothing", () => {
  const space = new BuddyAllocator({ size: (2 ** 17 - 1) * 4 * K, chunk: 4 * K });
  for (let order = 0; order < 17; order++) {
    assertEquals(take(space, { size: 2 ** order * 4 * K, minBlock: 2 ** order * 4 * K }).blocks.length, 1);
  }
  assertEquals([space.allocate({ size: 4 * K }), space.free], [null, 0]);
});

Deno.test("alloc_pessimistic: one block of each order and a last chunk fill a space; freed from the smallest, it is whole again", () => {
  const order = 16;
  const space = new BuddyAllocator({ size: 2 ** order });
  const held = Array.from({ length: order }, (_, at) => take(space, { size: 2 ** at, minBlock: 2 ** at }));
  const last = take(space, { size: 1 });
  for (let at = 0; at <= order; at++) assertEquals(space.allocate({ size: 2 ** at, minBlock: 2 ** at }), null);
  space.release(last);
  for (const [at, allocation] of held.entries()) {
    space.release(allocation);
    const next = take(space, { size: 2 ** (at + 1), minBlock: 2 ** (at + 1) });
    space.release(next);
  }
  assertEquals(take(space, { size: 2 ** order }).blocks.length, 1);
});

Deno.test("alloc_pathological: freeing the largest and filling up with smaller ones leaves single chunks", () => {
  const order = 10;
  const space = new BuddyAllocator({ size: 2 ** order });
  const held: BuddyAllocation[] = [];
  const holes: BuddyAllocation[] = [];
  const whole = (at: number) => ({ size: 2 ** at, minBlock: 2 ** at });
  for (let top = order; top > 0; top--) {
    for (const largest of held.splice(0, 1)) space.release(largest);
    for (let at = top; at-- > 0;) held.push(take(space, whole(at)));
    holes.push(take(space, whole(0)));
    assertEquals(space.allocate(whole(top)), null);
  }
  for (const hole of holes) space.release(hole);
  for (let at = 1; at <= order; at++) assertEquals(space.allocate(whole(at)), null);
});

Deno.test("alloc_contiguous: adjacent pages are found when blocks between the taken ones are free, and not before", () => {
  const pages = 16 * 3;
  const space = new BuddyAllocator({ size: pages * 4 * K, chunk: 4 * K });
  const lists: BuddyAllocation[][] = [[], [], []];
  for (let at = 0; at < pages; at++) lists[at % 3]?.push(take(space, { size: 4 * K }));
  const [left = [], middle = [], right = []] = lists;
  const contiguous = (count: number) => {
    const allocation = space.allocate({ size: count * 4 * K, contiguous: true });
    if (allocation !== null) space.release(allocation);
    return allocation !== null;
  };
  assertEquals([contiguous(2), contiguous(3)], [false, false]);
  for (const allocation of middle) space.release(allocation);
  assertEquals([contiguous(2), contiguous(3)], [false, false]);
  for (const allocation of right) space.release(allocation);
  assertEquals([contiguous(2), contiguous(3)], [true, false]);
  for (const allocation of left) space.release(allocation);
  const { blocks } = take(space, { size: 3 * 4 * K, contiguous: true });
  assertEquals(blocks.map(({ start, size }) => [start / K, size / K]), [[176, 8], [184, 4]]);
});

Deno.test("adjacent pages are also found around a free block of half the size", () => {
  const space = new BuddyAllocator({ size: 16 });
  const singles = Array.from({ length: 16 }, () => take(space, { size: 1 }));
  const free = (start: number) =>
    singles.filter(({ blocks }) => blocks[0]?.start === start).forEach((one) => space.release(one));
  for (const start of [5, 6, 7]) free(start);
  const rows = (size: number) => {
    const allocation = space.allocate({ size, contiguous: true });
    const found = allocation?.blocks.map(({ start, size }) => [start, size]);
    if (allocation !== null) space.release(allocation);
    return found;
  };
  assertEquals(rows(3), [[5, 1], [6, 2]]);
  free(8);
  assertEquals([rows(3), rows(4)], [[[6, 2], [8, 1]], undefined]);
});

Deno.test("alloc_clear: cleared blocks go first to requests for cleared memory, and last to others", () => {
  const space = new BuddyAllocator({ size: 64 });
  const half = Array.from({ length: 32 }, () => take(space, { size: 1 }));
  for (const allocation of half) space.release(allocation, true);
  assertEquals([space.freeCleared, space.free], [32, 64]);
  const dirty = Array.from({ length: 32 }, () => take(space, { size: 1 }));
  assertEquals(dirty.every(({ blocks }) => !blocks[0]?.cleared), true);
  const clean = Array.from({ length: 32 }, () => take(space, { size: 1, cleared: true }));
  assertEquals([clean.every(({ blocks }) => blocks[0]?.cleared), space.freeCleared, space.free], [true, 0, 0]);
});

Deno.test("alloc_clear: a cleared and a dirty half are merged when a request needs the whole block, which is then dirty", () => {
  for (let order = 1; order < 5; order++) {
    const space = new BuddyAllocator({ size: 32 });
    const chunks = Array.from({ length: 32 }, () => take(space, { size: 1 }));
    for (const [at, allocation] of chunks.entries()) space.release(allocation, at % 2 === 0);
    assertEquals(space.freeBlocks().map(({ size }) => size), [1, 1]);
    const [block] = take(space, { size: 2 ** order, minBlock: 2 ** order }).blocks;
    assertEquals([block?.size, block?.cleared], [2 ** order, false]);
  }
});

Deno.test("alloc_clear: an allocator of several roots can be closed with cleared and dirty blocks", () => {
  const space = new BuddyAllocator({ size: 12 });
  const rest = take(space, { size: 12 });
  space.release(rest, true);
  const dirty = take(space, { size: 4, cleared: true });
  space.release(dirty);
  assertEquals([
    space.free,
    space.freeCleared,
    take(space, { size: 12 }).blocks.reduce((sum, { size }) => sum + size, 0),
  ], [
    12,
    8,
    12,
  ]);
});

Deno.test("adjacent pages are searched as in the kernel: past cleared blocks, and not in halves after the last one", () => {
  const space = new BuddyAllocator({ size: 30 });
  take(space, { size: 1, start: 0, end: 1 });
  take(space, { size: 1, topDown: true });
  space.release(take(space, { size: 4, topDown: true }), true);
  const rows = [5, 5, 6].map((size) => {
    return take(space, { size, contiguous: true, topDown: true, cleared: true }).blocks.map((
      { start, size },
    ) => [start, size]);
  });
  assertEquals(rows, [[[16, 4], [20, 1]], [[8, 4], [12, 1]], [[22, 2], [24, 4]]]);
});

Deno.test("alloc_range_bias: requests limited to a range fill it to the last chunk and stay inside", () => {
  const space = new BuddyAllocator({ size: 1024 });
  const range = { start: 256, end: 512 };
  assertEquals([
    space.allocate({ size: 257, ...range }),
    space.allocate({ size: 129, ...range, minBlock: 256 })?.blocks,
  ], [
    null,
    [{ start: 256, size: 128, cleared: false }, { start: 384, size: 1, cleared: false }],
  ]);
  const held: BuddyAllocation[] = [];
  for (let allocation = space.allocate({ size: 3, ...range }); allocation !== null;) {
    held.push(allocation);
    allocation = space.allocate({ size: 3, ...range });
  }
  for (let allocation = space.allocate({ size: 1, ...range }); allocation !== null;) {
    held.push(allocation);
    allocation = space.allocate({ size: 1, ...range });
  }
  assertEquals(total(held), 256 - 129);
  assertEquals(
    held.flatMap(({ blocks }) => blocks).every(({ start, size }) => start >= 256 && start + size <= 512),
    true,
  );
  assertEquals(space.allocate({ size: 4, start: 510, end: 515 }), null);
  assertEquals(take(space, { size: 2, start: 511, end: 515, cleared: true }).blocks[0]?.start, 512);
});

Deno.test("a block can be trimmed on either side, and the excess is free", () => {
  const space = new BuddyAllocator({ size: 64 });
  const allocation = take(space, { size: 16, minBlock: 16 });
  space.trim(allocation, 16);
  space.trim(allocation, 6, 53);
  assertEquals(allocation.blocks.map(({ start, size }) => [start, size]), [[53, 1], [54, 2], [56, 2], [58, 1]]);
  assertEquals(space.free, 58);
  assertThrows(() => space.trim(allocation, 1), TtmError, "it must be a single block, not 4");
  space.release(allocation);
  assertEquals(space.freeBlocks(), [{ size: 64, cleared: false, starts: [0] }]);
});

Deno.test("without trimming the excess of rounding up stays allocated", () => {
  const space = new BuddyAllocator({ size: 64 });
  assertEquals(total([take(space, { size: 5, minBlock: 4, trim: false })]), 8);
  assertEquals(total([take(space, { size: 5, contiguous: true, trim: false })]), 8);
});

Deno.test("free() refuses an allocation that is already freed, or of another allocator", () => {
  const space = new BuddyAllocator({ size: 8 });
  const allocation = take(space, { size: 3 });
  space.release(allocation);
  for (const stranger of [allocation, take(new BuddyAllocator({ size: 8 }), { size: 1 }), {} as BuddyAllocation]) {
    assertThrows(() => space.release(stranger), TtmError, "is not allocated by this allocator");
    assertThrows(() => space.trim(stranger, 1), TtmError, "is not allocated by this allocator");
  }
  assertEquals([space.free, allocation.blocks], [8, []]);
});

const refusals: readonly (readonly [Partial<Record<keyof BuddyRequest, unknown>>, string])[] = [
  [{ size: 0 }, "size must be a whole number"],
  [{ size: 1.5 }, "size must be a whole number"],
  [{ size: NaN }, "size must be a whole number"],
  [{ size: 9 * 4096 }, "size must be a whole number"],
  [{ size: 4097 }, "size must be a multiple of 4096"],
  [{ size: 4096, minBlock: 12288 }, "minBlock must be a power of two"],
  [{ size: 4096, minBlock: 2048 }, "minBlock must be at least the chunk, 4096"],
  [{ size: 4096, start: 1 }, "start must be a multiple"],
  [{ size: 4096, start: -4096 }, "start must be a whole number"],
  [{ size: 4096, end: 9 * 4096 }, "end must be a whole number"],
  [{ size: 8192, start: 8 * 4096 }, "size must be a whole number"],
  [{ size: 4096, topDown: 1 }, "topDown must be true or false"],
  [{ size: 4096, ranged: "yes" }, "ranged must be true or false"],
  [{ size: 5 * 4096, start: 4096, end: 6 * 4096, minBlock: 8192 }, "is not aligned"],
  [{ size: 7 * 4096, minBlock: 16 * 4096 }, "does not fit into"],
];
for (const [request, message] of refusals) {
  Deno.test(`allocate() refuses ${JSON.stringify(request)}`, () => {
    const space = new BuddyAllocator({ size: 8 * 4096, chunk: 4096 });
    assertThrows(() => space.allocate(request as never), TtmError, message);
    assertEquals(space.free, space.size);
  });
}

for (const options of [null, {}, { size: 0 }, { size: 8, chunk: 3 }, { size: 4, chunk: 8 }, { size: NaN }]) {
  Deno.test(`an allocator of ${JSON.stringify(options)} is refused`, () => {
    assertThrows(() => new BuddyAllocator(options as never), TtmError, "Cannot create buddy allocator");
  });
}

Deno.test("bytes beyond the last whole chunk are not used", () => {
  const space = new BuddyAllocator({ size: 10 * 4096 + 4095, chunk: 4096 });
  assertEquals([space.size, space.free], [10 * 4096, 10 * 4096]);
});
