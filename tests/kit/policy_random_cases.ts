import type { EvictionCursor, RemovalReason } from "@ttm/core";
import { type Bench, MEMORY_TYPES } from "./policy_bench.ts";
import { must, randomNumbers } from "./suite.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];
const TURNS = 300;
const ENTRIES = 14;
const REASONS: readonly RemovalReason[] = ["evicted", "moved", "freed", "pinned"];

/** Cases of random calls on all memory types, with several walks open at a time. */
export const randomCases: Readonly<Record<string, (bench: Bench) => void>> = {
  "walks over three memory types keep to their entries while these are inserted, used, removed and change places"(
    bench,
  ) {
    for (const seed of SEEDS) {
      walksAtRandom(bench, seed);
      for (const entry of bench.entries.keys()) bench.remove(entry);
    }
  },
  "random calls neither lose entries nor bring them to another memory type or priority"(bench) {
    const random = randomNumbers(7);
    for (let turn = 0; turn < TURNS; turn++) {
      callAtRandom(bench, random);
      try {
        bench.check();
      } catch (error) {
        throw new Error(`after random calls, the last of which was call ${turn}: ${(error as Error).message}`);
      }
    }
  },
  "a walk that ended early has lost nothing"(bench) {
    for (let entry = 0; entry < 8; entry++) bench.insert(entry, entry % 3, entry < 6 ? "vram" : "gtt");
    for (let steps = 0; steps <= 7; steps++) {
      const walk = bench.policy.candidates("vram");
      for (let step = 0; step < steps; step++) walk.next();
      walk.close();
      bench.mustBeAll(bench.walk(), `what a walk meets after another one ended early, after ${steps} entries`);
      bench.mustBeAll(bench.walk("gtt"), "what a walk over gtt meets", "gtt");
    }
  },
  "entries may be large numbers"(bench) {
    const entries = [0, 65535, 65536, 131072, 1_000_000];
    for (const [at, entry] of entries.entries()) bench.insert(entry, at % 2, at % 3 === 0 ? "gtt" : "vram");
    bench.policy.touch(65536);
    bench.remove(131072);
    for (const type of MEMORY_TYPES) bench.mustBeAll(bench.walk(type), `the large numbers in ${type}`, type);
  },
};

/** Inserts, uses, hints, removes or moves an entry; returns it, and what was done. */
function callAtRandom(bench: Bench, random: (below: number) => number): readonly [entry: number, call: string] {
  const entry = random(ENTRIES);
  const memoryType = MEMORY_TYPES[random(MEMORY_TYPES.length)] as string;
  if (!bench.entries.has(entry)) {
    bench.insert(entry, random(4), memoryType);
    return [entry, "inserted"];
  }
  if (random(3) > 0) {
    if (bench.policy.hint === undefined || random(2) > 0) {
      bench.policy.touch(entry);
      return [entry, "used"];
    }
    bench.hint(entry, random(4) > 0 ? random(TURNS) : Infinity);
    return [entry, "hinted"];
  }
  bench.remove(entry, REASONS[random(REASONS.length)]);
  if (random(2) > 0) return [entry, "removed"];
  bench.insert(entry, random(4), memoryType);
  return [entry, "inserted again"];
}

/** A walk, and what it has to keep to. */
interface Walk {
  readonly memoryType: string;
  readonly cursor: EvictionCursor;
  /** Entries that have stayed unused since its begin and were not returned. */
  readonly staying: Set<number>;
  /** Entries that it returned and that were neither used nor inserted since. */
  readonly given: Set<number>;
  /** The last entry that it returned, of those that no call had named since the walk began, as it was then. */
  last: { readonly priority: number; readonly turn: number } | null;
}

function walksAtRandom(bench: Bench, seed: number): void {
  const random = randomNumbers(seed);
  const walks: Walk[] = [];
  const calls: string[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const act = random(8);
    const walk = walks[random(walks.length + 1)];
    if (act === 0 && walks.length < 4) walks.push(begin(bench, MEMORY_TYPES[random(3)] as string));
    else if (act < 4 && walk !== undefined) {
      if (step(bench, walk, `seed ${seed}, after ${calls.slice(-4)}`)) continue;
      walk.cursor.close();
      walks.splice(walks.indexOf(walk), 1);
    } else {
      const [entry, call] = callAtRandom(bench, random);
      calls.push(`${entry} was ${call}`);
      for (const open of walks) {
        open.staying.delete(entry);
        open.given.delete(entry);
      }
    }
  }
  for (const { cursor } of walks) cursor.close();
}

function begin({ policy, entries }: Bench, memoryType: string): Walk {
  const staying = [...entries].filter(([, entry]) => entry.memoryType === memoryType).map(([entry]) => entry);
  return { memoryType, cursor: policy.candidates(memoryType), staying: new Set(staying), given: new Set(), last: null };
}

/** Makes one step of a walk; false at its end. */
function step({ entries }: Bench, walk: Walk, when: string): boolean {
  const { memoryType, cursor, staying, given } = walk;
  const entry = cursor.next();
  const what = `a walk over ${memoryType} (${when})`;
  if (entry < 0) {
    must(staying.size === 0, () => `${what} ended, and did not meet ${[...staying]}, which stayed unused`);
    return false;
  }
  const place = entries.get(entry)?.memoryType;
  must(place !== undefined, () => `${what} met ${entry}, which has been removed`);
  must(place === memoryType, () => `${what} met ${entry}, which is in ${place}`);
  must(!given.has(entry), () => `${what} met ${entry} twice, and it was not used in between`);
  const { priority, turn } = entries.get(entry) as { readonly priority: number; readonly turn: number };
  // What has been named by a call since the walk began may be behind its place.
  if (staying.has(entry)) {
    const { last } = walk;
    must(
      last === null || last.priority !== priority || last.turn >= turn,
      () => `${what} met ${entry}, expected at turn ${turn}, after one of turn ${last?.turn}`,
    );
    walk.last = { priority, turn };
  }
  given.add(entry);
  staying.delete(entry);
  return true;
}
