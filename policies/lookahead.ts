import { type BufferView, type EvictionCursor, type EvictionPolicy, PRIORITIES, type RemovalReason } from "@ttm/core";
import { checkPolicy } from "./check.ts";
import { Expected } from "./expected.ts";

/**
 * Evicts the buffers with an expected use last, and among them the one first whose turn comes last; the others in the
 * order of another policy. Lower priorities come first in any case. Expected uses are those of `BoDevice.hint`.
 *
 * While no use of a buffer is expected, `inner` is told all about it. When a use becomes expected it is told that the
 * buffer is pinned, and when none is expected any more that it has come anew.
 *
 * @param inner A policy of its own, which nothing else uses.
 * @returns A policy for one device. Without hints its order is that of `inner`.
 * @throws {TtmError} `EINVAL` if `inner` is no eviction policy.
 *
 * @example The one that is needed last
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, lru } from "@ttm/core";
 * import { lookahead } from "@ttm/policies";
 *
 * const driver = { name: "host", memoryTypes: [{ name: "system" }], evictPlacement: () => ({ placement: [] }) };
 * await using device = new BoDevice({ driver, managers: {}, policy: lookahead(lru()) });
 * using a = device.createBuffer({ bytes: 1, label: "a" });
 * using b = device.createBuffer({ bytes: 1, label: "b" });
 * using c = device.createBuffer({ bytes: 1, label: "c" });
 * const placement = { placement: [{ memoryType: "system" }] };
 * await device.submit([a, b, c].map((buffer) => ({ buffer, placement })), () => {});
 * device.hint([a, b]);
 * assertEquals(device.lru("system")[0], [c, b, a]);
 * ```
 */
export function lookahead(inner: EvictionPolicy): EvictionPolicy {
  return new Lookahead(checkPolicy("make lookahead()", inner));
}

/** An entry: what `inner` has to be told when it comes back, and its turn. */
interface Home {
  readonly buffer: BufferView;
  readonly memoryType: string;
  /** At its insertion; `inner` still has this one if the buffer's changes. */
  readonly priority: number;
  /** Infinity if it is in `inner`. */
  turn: number;
  /** How often it was used or hinted. */
  changes: number;
}

/** The policy of {@linkcode lookahead}. */
export class Lookahead implements EvictionPolicy {
  readonly name: string;
  #inner: EvictionPolicy;
  #homes: Map<number, Home> = new Map();
  /** The expected entries of each memory type, by priority. */
  #expected: Map<string, readonly Expected[]> = new Map();

  constructor(inner: EvictionPolicy) {
    this.name = `lookahead(${inner.name})`;
    this.#inner = inner;
  }

  insert(entry: number, buffer: BufferView, memoryType: string): void {
    this.#homes.set(entry, { buffer, memoryType, priority: buffer.priority, turn: Infinity, changes: 0 });
    this.#inner.insert(entry, buffer, memoryType);
  }

  touch(entry: number): void {
    const home = this.#homes.get(entry);
    if (home?.turn !== Infinity) return;
    home.changes++;
    this.#inner.touch(entry);
  }

  remove(entry: number, why: RemovalReason): void {
    const home = this.#homes.get(entry);
    this.#homes.delete(entry);
    if (home === undefined || home.turn === Infinity) this.#inner.remove(entry, why);
    else this.#listOf(home).remove(entry);
  }

  hint(entry: number, next: number): void {
    const home = this.#homes.get(entry);
    if (home === undefined || home.turn === next) return;
    if (home.turn < Infinity) this.#listOf(home).remove(entry);
    else this.#inner.remove(entry, "pinned");
    home.turn = next;
    home.changes++;
    if (next < Infinity) this.#listOf(home).add(entry, next);
    else this.#inner.insert(entry, home.buffer, home.memoryType);
  }

  /** The turn of an entry; Infinity if no use is expected. */
  turnOf(entry: number): number {
    return this.#homes.get(entry)?.turn ?? Infinity;
  }

  candidates(memoryType: string, newcomer?: BufferView): EvictionCursor {
    const walk = this.#inner.candidates(memoryType, newcomer);
    const entries = this.#merge(memoryType, walk);
    return {
      next: () => entries.next().value ?? -1,
      close() {
        entries.return(undefined);
        walk.close();
      },
    };
  }

  *order(memoryType: string): Generator<number> {
    const entries = this.#inner.order?.(memoryType)[Symbol.iterator]();
    const walk = entries === undefined ? this.#inner.candidates(memoryType) : null;
    try {
      yield* this.#merge(memoryType, walk ?? { next: () => entries?.next().value ?? -1 });
    } finally {
      // Who reads the order may stop before its end.
      entries?.return?.();
      walk?.close();
    }
  }

  /** Puts the expected of each priority behind the others of that priority. */
  *#merge(memoryType: string, others: { next(): number }): Generator<number, undefined> {
    let priority = 0;
    for (let entry = others.next(); entry >= 0; entry = others.next()) {
      const home = this.#homes.get(entry);
      const changes = home?.changes;
      const own = home?.priority ?? priority;
      for (; priority < own; priority++) yield* this.#listsOf(memoryType)[priority]?.backwards() ?? [];
      // Meanwhile it may have left. One that changed has another place, where the walk over the others may meet it.
      if (home !== undefined && home === this.#homes.get(entry) && home.changes === changes) yield entry;
    }
    for (; priority < PRIORITIES; priority++) yield* this.#listsOf(memoryType)[priority]?.backwards() ?? [];
  }

  #listOf({ memoryType, priority }: Home): Expected {
    return this.#listsOf(memoryType)[priority] as Expected;
  }

  #listsOf(memoryType: string): readonly Expected[] {
    const known = this.#expected.get(memoryType);
    if (known !== undefined) return known;
    const made = Array.from({ length: PRIORITIES }, () => new Expected());
    this.#expected.set(memoryType, made);
    return made;
  }
}
