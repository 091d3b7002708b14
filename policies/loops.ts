import type { BufferView, EvictionCursor, EvictionPolicy, RemovalReason } from "@ttm/core";
import { checkPolicy } from "./check.ts";
import { Lookahead } from "./lookahead.ts";
import { LONGEST, UseHistory } from "./use_history.ts";

/** The uses that are expected, and those of which it is still to be checked whether they came. */
const DUE = 2 * LONGEST;

/**
 * Recognises loops: once the buffers of a memory type have been used twice in the same order, it expects them to be
 * used like that again, and evicts the one first whose next use comes last. Buffers that are not part of the loop go
 * before them, in the order of another policy, as do all while there is no loop. Lower priorities come first in any case.
 *
 * A loop may use a buffer several times, and change a little from round to round. Loops of more than 65,535 uses are
 * not recognised. With `lookahead(loops(lru()))` hints come first, and loops order what is not hinted.
 *
 * @param inner A policy of its own, which nothing else uses.
 * @returns A policy for one device. Without loops its order is that of `inner`.
 * @throws {TtmError} `EINVAL` if `inner` is no eviction policy.
 *
 * @example Three buffers in turn, room for two
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, lru, PAGE_SIZE, SimulatedClock } from "@ttm/core";
 * import { firstFit } from "@ttm/first-fit";
 * import { loops } from "@ttm/policies";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * const driver = new RadeonSim({ vram: 2 * PAGE_SIZE, gtt: 4 * PAGE_SIZE });
 * const managers = { vram: firstFit(), gtt: firstFit() };
 * const device = new BoDevice({ driver, managers, policy: loops(lru()), clock: new SimulatedClock() });
 * const placement = { placement: [{ memoryType: "vram" }] };
 * const layers = [0, 1, 2].map(() => device.createBuffer({ bytes: PAGE_SIZE }));
 * const hits = [0, 0, 0, 0, 0, 0];
 * for (const round of hits.keys()) {
 *   for (const buffer of layers) {
 *     if (buffer.memoryType === "vram") hits[round] = 1 + (hits[round] ?? 0);
 *     await device.submit([{ buffer, placement }], () => {});
 *   }
 * }
 * // From the third round on, every second use is a hit, which is the most there can be.
 * assertEquals(hits, [0, 0, 1, 2, 1, 2]);
 * ```
 */
export function loops(inner: EvictionPolicy): EvictionPolicy {
  return new Loops(checkPolicy("make loops()", inner));
}

/** One memory type. */
interface Uses {
  readonly memoryType: string;
  readonly history: UseHistory;
  /** The entry that is expected at each use, as far as they can be expected. */
  readonly due: Int32Array;
  /** The first use of which it has not been checked whether it came. */
  checked: number;
  wasLoop: boolean;
}

class Loops implements EvictionPolicy {
  readonly name: string;
  #ahead: Lookahead;
  /** The buffer and the memory type of each entry; undefined if it is none. */
  readonly #buffers: (BufferView | undefined)[] = [];
  readonly #usesOf: Uses[] = [];
  // There are few memory types, and comparing names is faster than hashing one.
  readonly #uses: Uses[] = [];
  #openWalks = 0;

  constructor(inner: EvictionPolicy) {
    this.name = `loops(${inner.name})`;
    this.#ahead = new Lookahead(inner);
  }

  insert(entry: number, buffer: BufferView, memoryType: string): void {
    const uses = this.#usesIn(memoryType);
    this.#buffers[entry] = buffer;
    this.#usesOf[entry] = uses;
    this.#ahead.insert(entry, buffer, memoryType);
    if (uses.wasLoop) this.#expect(entry, buffer, uses);
  }

  touch(entry: number): void {
    this.#ahead.touch(entry);
    const buffer = this.#buffers[entry];
    const uses = this.#usesOf[entry];
    // Otherwise its buffer has left, and a copy out of it is pending.
    if (buffer !== undefined && buffer.memoryType === uses?.memoryType) this.#use(entry, buffer, uses);
  }

  remove(entry: number, why: RemovalReason): void {
    this.#buffers[entry] = undefined;
    this.#ahead.remove(entry, why);
  }

  candidates(memoryType: string, newcomer?: BufferView): EvictionCursor {
    const walk = this.#ahead.candidates(memoryType, newcomer);
    this.#openWalks++;
    return {
      next: () => walk.next(),
      close: () => {
        walk.close();
        this.#openWalks--;
      },
    };
  }

  order(memoryType: string): Iterable<number> {
    return this.#ahead.order(memoryType);
  }

  #use(entry: number, buffer: BufferView, uses: Uses): void {
    const { history } = uses;
    history.use(buffer.id);
    // A walk must meet the others once, so they keep their places during it.
    const isWalked = this.#openWalks > 0;
    if (!isWalked && history.isLoop !== uses.wasLoop) this.#beginOrEnd(uses);
    else if (uses.wasLoop) this.#expect(entry, buffer, uses);
    if (!isWalked) this.#giveUpOverdue(uses);
  }

  #beginOrEnd(uses: Uses): void {
    const { isLoop, time } = uses.history;
    uses.wasLoop = isLoop;
    uses.due.fill(-1);
    uses.checked = time;
    for (const [entry, buffer] of this.#buffers.entries()) {
      if (buffer === undefined || this.#usesOf[entry] !== uses) continue;
      if (isLoop) this.#expect(entry, buffer, uses);
      else this.#ahead.hint(entry, Infinity);
    }
  }

  #expect(entry: number, { id }: BufferView, { history, due }: Uses): void {
    const turn = history.next(id);
    this.#ahead.hint(entry, turn);
    if (turn < Infinity) due[turn % DUE] = entry;
  }

  /** Expects an entry no more that was not used in its turn, nor a little later. */
  #giveUpOverdue(uses: Uses): void {
    const { history: { period, time }, due } = uses;
    for (; uses.checked < time - (period >> 3) - 1; uses.checked++) {
      const entry = due[uses.checked % DUE] as number;
      if (entry < 0) continue;
      due[uses.checked % DUE] = -1;
      if (this.#ahead.turnOf(entry) === uses.checked) this.#ahead.hint(entry, Infinity);
    }
  }

  #usesIn(memoryType: string): Uses {
    for (const uses of this.#uses) if (uses.memoryType === memoryType) return uses;
    const due = new Int32Array(DUE).fill(-1);
    const made = { memoryType, history: new UseHistory(), due, checked: 0, wasLoop: false };
    this.#uses.push(made);
    return made;
  }
}
