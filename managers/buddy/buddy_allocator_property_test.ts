import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type BuddyAllocation, BuddyAllocator } from "./mod.ts";
import { BuddyModel } from "./testing_model.ts";

const chance = (percent: number) => fc.nat(99).map((drawn) => drawn < percent);

const step = fc.record({
  frees: chance(45),
  at: fc.nat(),
  size: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 30 })),
  minOrder: fc.constantFrom(0, 0, 0, 1, 2),
  where: fc.constantFrom("anywhere", "anywhere", "range", "exactly"),
  start: fc.nat(40),
  span: fc.nat(20),
  topDown: chance(15),
  contiguous: chance(35),
  cleared: chance(50),
  trim: chance(90),
});

type Step = typeof step extends fc.Arbitrary<infer Drawn> ? Drawn : never;

/** A request that the allocator accepts; null if the step has none. */
function requestOf(drawn: Step, chunks: number) {
  const { size: least, minOrder, where, start: from, span, frees: _frees, at: _at, ...how } = drawn;
  const minBlock = 2 ** minOrder;
  const size = Math.ceil(least / minBlock) * minBlock;
  const start = where === "anywhere" ? 0 : Math.floor(from / minBlock) * minBlock;
  const end = where === "anywhere" ? chunks : Math.min(start + size + (where === "range" ? span : 0), chunks);
  const ranged = where === "range";
  const rounded = how.contiguous ? 2 ** Math.ceil(Math.log2(size)) : size;
  if (start + size > chunks || (ranged && rounded > chunks) || (start + size === end && end % minBlock !== 0)) {
    return null;
  }
  return { ...how, size, minBlock, start, end, ranged };
}

// Replays of the kernel's traces cover most cases; these sequences cover the others.
Deno.test("BuddyAllocator has the same blocks as a model on a plain list", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 48 }), fc.array(step, { maxLength: 100, size: "max" }), (chunks, steps) => {
      const space = new BuddyAllocator({ size: chunks });
      const model = new BuddyModel(chunks);
      const live: BuddyAllocation[] = [];
      for (const drawn of steps) {
        const [victim] = drawn.frees ? live.splice(drawn.at % Math.max(live.length, 1), 1) : [];
        const request = requestOf(drawn, chunks);
        if (victim !== undefined) {
          model.release(victim.blocks, drawn.cleared);
          space.release(victim, drawn.cleared);
        } else if (request !== null) {
          const found = space.allocate(request);
          assertEquals(found?.blocks ?? null, model.allocate(request), JSON.stringify(request));
          if (found !== null) live.push(found);
        }
        const free = space.freeBlocks().flatMap(({ starts, ...kind }) => starts.map((start) => ({ start, ...kind })));
        assertEquals(free, model.free);
      }
    }),
    { numRuns: 300 },
  );
});

Deno.test("a space of more than 2^32 chunks has small and large blocks, from either end", () => {
  const size = 2 ** 40 + 2 ** 33 + 5;
  const space = new BuddyAllocator({ size });
  const take = (size: number, topDown: boolean) => space.allocate({ size, topDown })?.blocks[0]?.start;
  assertEquals([take(2 ** 20, false), take(2 ** 32, false), take(2 ** 32, true), take(4, true), take(2 ** 39, true)], [
    2 ** 40 + 2 ** 33 - 2 ** 20,
    2 ** 40 + 2 ** 33 - 2 ** 33,
    2 ** 40 - 2 ** 32,
    2 ** 40 + 2 ** 33,
    0,
  ]);
  assertEquals(space.free, size - 2 ** 20 - 2 ** 33 - 4 - 2 ** 39);
  assertEquals(space.allocate({ size: space.free, start: 0, end: size, ranged: true }) !== null, true);
  assertEquals([space.free, space.freeBlocks()], [0, []]);
});
