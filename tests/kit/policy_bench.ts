import { type BufferView, type EvictionPolicy, PAGE_SIZE, type RemovalReason } from "@ttm/core";
import { mustEqual, randomNumbers } from "./suite.ts";

/** The memory types of the entries. */
export const MEMORY_TYPES: readonly string[] = ["vram", "gtt", "cma"];

interface Entry {
  readonly priority: number;
  readonly memoryType: string;
  /** When its next use is expected; Infinity if none is. */
  readonly turn: number;
}

/** A policy, and the entries that it should hold. */
export class Bench {
  readonly policy: EvictionPolicy;
  readonly entries: Map<number, Entry> = new Map();

  constructor(policy: EvictionPolicy) {
    this.policy = policy;
  }

  insert(entry: number, priority = 0, memoryType = "vram"): void {
    this.entries.set(entry, { priority, memoryType, turn: Infinity });
    this.policy.insert(entry, residentBuffer(entry, priority, memoryType), memoryType);
  }

  /** Says when the next use of an entry is expected, to a policy that can be told. */
  hint(entry: number, turn: number): void {
    const known = this.entries.get(entry);
    if (known === undefined || this.policy.hint === undefined) return;
    this.entries.set(entry, { ...known, turn });
    mustEqual(this.policy.hint(entry, turn), undefined, "what hint() returns");
  }

  remove(entry: number, why: RemovalReason = "freed"): void {
    this.entries.delete(entry);
    this.policy.remove(entry, why);
  }

  /** Evicts the first candidate of a walk, as a device does; -1 if there is none. */
  evict(memoryType = "vram"): number {
    const walk = this.policy.candidates(memoryType);
    const entry = walk.next();
    walk.close();
    if (entry >= 0) this.remove(entry, "evicted");
    return entry;
  }

  /** The order for inspection: `order()`, or a walk if the policy has none. */
  look(memoryType = "vram", ignoreHints = false): number[] {
    if (this.policy.order === undefined) return this.walk(memoryType, ignoreHints);
    const seen: number[] = [];
    for (const entry of this.policy.order(memoryType, ignoreHints)) {
      if (seen.push(entry) > 2 * this.entries.size + 10) break;
    }
    return seen;
  }

  /** All entries of a walk. An endless walk is cut off. */
  walk(memoryType = "vram", ignoreHints = false): number[] {
    const walk = this.policy.candidates(memoryType, undefined, ignoreHints);
    const met = rest(walk, 2 * this.entries.size + 10);
    walk.close();
    return met;
  }

  /** Fails unless walks and `order()` return each entry once, lower priorities first, and the expected in their order. */
  check(): void {
    for (const memoryType of MEMORY_TYPES) {
      this.mustBeAll(this.look(memoryType), `the entries of ${memoryType} on inspection`, memoryType);
      this.mustBeAll(this.walk(memoryType), `what a walk over ${memoryType} meets`, memoryType);
    }
  }

  mustBeAll(met: readonly number[], what: string, memoryType = "vram"): void {
    const expected = [...this.entries].filter(([, entry]) => entry.memoryType === memoryType).map(([entry]) => entry);
    mustEqual(sorted(met), sorted(expected), what);
    const priorities = met.map((entry) => this.entries.get(entry)?.priority ?? -1);
    mustEqual(priorities, sorted(priorities), `the order of the priorities in ${what}`);
    for (const own of new Set(priorities)) {
      const turns = met.flatMap((entry) => {
        const { priority, turn } = this.entries.get(entry) ?? { priority: -1, turn: Infinity };
        return priority === own ? [turn] : [];
      });
      mustEqual(turns, sorted(turns).reverse(), `the expected turns of priority ${own} in ${what}`);
    }
  }
}

/** The buffer of an entry: each has one of its own, which is in the memory type. */
function residentBuffer(entry: number, priority: number, memoryType: string): BufferView {
  return {
    id: entry,
    label: undefined,
    kind: "device",
    driverOptions: undefined,
    bytes: PAGE_SIZE,
    pages: 1,
    alignment: 0,
    priority,
    memoryType,
    start: 0,
    gpuAddress: null,
    place: { memoryType },
    handle: -1,
    tt: null,
    pins: 0,
    reserved: false,
    busy: false,
    swapped: false,
    clean: false,
    cpuWriters: 0,
    disposed: false,
    isGhost: false,
    toString: () => `buffer ${entry}`,
  };
}

/** The entries that a walk still gives, at most this many. */
export function rest(walk: ReturnType<EvictionPolicy["candidates"]>, most: number): number[] {
  const met: number[] = [];
  for (let entry = walk.next(); entry >= 0 && met.length < most; entry = walk.next()) met.push(entry);
  return met;
}

/** Numbers in ascending order. */
export function sorted(numbers: readonly number[]): number[] {
  return [...numbers].sort((a, b) => a - b);
}

/** A policy after a number of random calls, including evictions; `look` is called after each. */
export function usedAtRandom(
  factory: () => EvictionPolicy,
  turns: number,
  look: (bench: Bench) => void = () => {},
): Bench {
  const bench = new Bench(factory());
  const random = randomNumbers(11);
  for (let turn = 0; turn < turns; turn++) {
    const entry = random(40);
    const act = random(6);
    if (!bench.entries.has(entry)) bench.insert(entry, random(4));
    else if (act === 0) bench.evict();
    else if (act === 1) bench.remove(entry, "moved");
    else if (act > 3) bench.policy.touch(entry);
    else bench.hint(entry, act === 2 ? Infinity : random(1000));
    look(bench);
  }
  return bench;
}
