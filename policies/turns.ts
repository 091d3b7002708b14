import { Heap } from "./pools/heap.ts";
import type { Queue } from "./pools/entries.ts";
import { Pool } from "./pools/pool.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import type { Reached } from "./pools/reached.ts";

/**
 * The order by turns alone: those that are not expected first, in the order of their last use, then the others, the one
 * whose turn comes last first. A step takes O(log n) time for n expected entries.
 */
export class Turns extends PoolPolicy {
  constructor() {
    super("turns", (entries) => new TurnPool(entries));
  }

  /** The turn of an entry has become another one; Infinity if it is not expected. */
  expect(entry: number, turn: number): void {
    (this.poolOf(entry) as TurnPool).expect(entry, turn);
  }
}

class TurnPool extends Pool {
  /** Values are turns with the sign changed, since the heap gives the smallest first. */
  readonly #waiting: Heap = new Heap(this.entries);
  readonly #unexpected: Queue = this.queue();
  /** The entries of the heap. */
  readonly #expected: Queue = this.queue();
  /** Those that walks have taken from the heap and that were not evicted, in the order of their turns. */
  readonly #given: Queue = this.queue();

  insert(entry: number): void {
    this.#unexpected.push(entry);
  }

  use(entry: number): void {
    if (this.#unexpected.has(entry)) this.#unexpected.push(entry);
  }

  expect(entry: number, turn: number): void {
    if (this.#waiting.has(entry)) this.#waiting.remove(entry);
    this.entries.values[entry] = -turn;
    if (turn === Infinity) this.#unexpected.push(entry);
    else this.#wait(entry);
  }

  override remove(entry: number, why: Parameters<Pool["remove"]>[1]): void {
    if (this.#waiting.has(entry)) this.#waiting.remove(entry);
    super.remove(entry, why);
  }

  override begin(): void {
    super.begin();
    for (let entry = this.#given.front; entry >= 0; entry = this.#given.front) this.#wait(entry);
  }

  victim(walk: Reached): number {
    const unexpected = walk.front(this.#unexpected);
    if (unexpected >= 0) return unexpected;
    for (;;) {
      const given = walk.front(this.#given);
      const next = this.#waiting.first;
      if (next < 0 || (given >= 0 && !this.#isLater(next, given))) return given;
      this.#waiting.remove(next);
      // A walk that is past its place leaves it out: it has changed since that walk began.
      this.#given.pushInFrontOf(next, (other) => this.#isLater(next, other));
    }
  }

  override resemble(other: this): void {
    super.resemble(other);
    for (const entry of this.#expected) this.#waiting.add(entry);
  }

  #isLater(one: number, other: number): boolean {
    const { values } = this.entries;
    return (values[one] as number) < (values[other] as number);
  }

  #wait(entry: number): void {
    this.#waiting.add(entry);
    this.#expected.push(entry);
  }
}
