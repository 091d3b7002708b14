import { assert, assertEquals, assertThrows } from "@std/assert";
import { TtmError } from "@ttm/core";
import fc from "fast-check";
import { GoodFitAllocator, type GoodFitNode, type GoodFitRequest } from "./mod.ts";

/** A plain model of the rules: the owner of each unit, and a search that tries every address in turn. */
class Model {
  #owners: (GoodFitNode | null)[];

  constructor(readonly start: number, size: number) {
    this.#owners = Array(size).fill(null);
  }

  /** The addresses at which the request fits. */
  addresses({ size, alignment = 1, lo = 0, hi = Infinity }: GoodFitRequest): number[] {
    const found: number[] = [];
    let free = 0;
    for (const [at, owner] of this.#owners.entries()) {
      free = owner === null ? free + 1 : 0;
      const address = this.start + at + 1 - size;
      const isAligned = address % (alignment || 1) === 0;
      if (size > 0 && free >= size && isAligned && address >= lo && address + size <= hi) found.push(address);
    }
    return found;
  }

  give(node: GoodFitNode, owner: GoodFitNode | null): void {
    this.#owners.fill(owner, node.start - this.start, node.start - this.start + node.size);
  }

  holes(): { start: number; size: number }[] {
    const found: { start: number; size: number }[] = [];
    for (const [at, owner] of this.#owners.entries()) {
      if (owner !== null) continue;
      const last = found.at(-1);
      if (last !== undefined && last.start + last.size === this.start + at) last.size++;
      else found.push({ start: this.start + at, size: 1 });
    }
    return found;
  }
}

const spaces = fc.record({ start: fc.constantFrom(0, 1, 37, 2 ** 31 - 2000), size: fc.integer({ min: 1, max: 900 }) });

// Sizes above 64 share bins, so that the search in the request's own bin is used.
const sizes = fc.oneof(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 60, max: 90 }));

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        size: sizes,
        alignment: fc.oneof({ arbitrary: fc.constant(1), weight: 2 }, fc.nat(70), fc.constantFrom(128, 2 ** 40)),
        limits: fc.option(fc.tuple(fc.nat(1000), fc.nat(1000))),
        topDown: fc.oneof({ arbitrary: fc.constant(false), weight: 3 }, fc.constant(true)),
      }),
    },
    { weight: 3, arbitrary: fc.record({ remove: fc.nat() }) },
  ),
  { maxLength: 150, size: "max" },
);

function check(allocator: GoodFitAllocator, model: Model, live: readonly GoodFitNode[]): void {
  const holes = model.holes();
  assertEquals(allocator.holes(), holes);
  assertEquals(allocator.free, holes.reduce((sum, { size }) => sum + size, 0));
  assertEquals(allocator.largestHole, Math.max(0, ...holes.map(({ size }) => size)));
  assertEquals([allocator.holeCount, allocator.nodeCount], [holes.length, live.length]);
  const nodes = live.map(({ start, size }) => ({ start, size })).sort((a, b) => a.start - b.start);
  assertEquals([...allocator.nodes()], nodes);
}

/** An allocated range as the model stores it, and how to free it. */
interface Held extends GoodFitNode {
  readonly giveBack: () => void;
}

/** The two interfaces. A freed handle is refused. */
const DOORS = {
  nodes(allocator: GoodFitAllocator, request: GoodFitRequest): Held | null {
    const node = allocator.insert(request);
    return node && { start: node.start, size: node.size, giveBack: () => allocator.remove(node) };
  },
  handles(allocator: GoodFitAllocator, request: GoodFitRequest): Held | null {
    const { size, alignment = 1, lo = 0, hi = Infinity, topDown = false } = request;
    const isPlain = alignment === 1 && lo === 0 && hi === Infinity && !topDown;
    const handle = allocator.take(isPlain ? size : request);
    if (handle === 0) return null;
    const giveBack = () => {
      allocator.give(handle);
      for (const name of ["give", "startOf", "sizeOf"] as const) assertThrows(() => allocator[name](handle), TtmError);
    };
    return { start: allocator.startOf(handle), size: allocator.sizeOf(handle), giveBack };
  },
};

function replay(
  { start, size }: { start: number; size: number },
  operations: readonly (GoodFitRequest & { limits: [number, number] | null } | { remove: number })[],
  usesIndex: boolean,
  take: (allocator: GoodFitAllocator, request: GoodFitRequest) => Held | null,
): void {
  const allocator = new GoodFitAllocator({ start, size });
  const model = new Model(start, size);
  const live: Held[] = [];
  if (usesIndex) take(allocator, { size: 1, topDown: true })?.giveBack();
  for (const operation of operations) {
    if (!("remove" in operation)) {
      const { limits, ...wanted } = operation;
      const [lo, hi] = limits === null ? [0, Infinity] : limits.toSorted((a, b) => a - b).map((at) => start + at);
      const request = { ...wanted, lo: lo as number, hi: hi as number };
      const addresses = model.addresses(request);
      const held = take(allocator, request);
      assertEquals(held === null, addresses.length === 0, `${JSON.stringify(request)} gets ${held?.start}`);
      if (held === null) continue;
      assertEquals(held.size, request.size);
      assert(addresses.includes(held.start), `${held.start} for ${JSON.stringify(request)}`);
      if (request.topDown) assertEquals(held.start, addresses.at(-1));
      live.push(held);
      model.give(held, held);
    } else if (live.length > 0) {
      const [held] = live.splice(operation.remove % live.length, 1) as [Held];
      held.giveBack();
      model.give(held, null);
    }
    check(allocator, model, live);
  }
  for (const held of live) held.giveBack();
  assertEquals(allocator.holes(), [{ start, size }]);
}

for (const [door, take] of Object.entries(DOORS)) {
  for (const usesIndex of [false, true]) {
    const when = usesIndex ? "with its index from the start" : "with its index when need be";
    Deno.test(`GoodFitAllocator hands out ${door} to what is free, as asked, and fails only without room, ${when}`, () => {
      fc.assert(fc.property(spaces, steps, (space, operations) => replay(space, operations, usesIndex, take)), {
        numRuns: 200,
      });
    });
  }
}
