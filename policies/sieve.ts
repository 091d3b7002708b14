import type { EvictionPolicy, RemovalReason } from "@ttm/core";
import type { Queue } from "./pools/entries.ts";
import { Pool } from "./pools/pool.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import type { Reached } from "./pools/reached.ts";

/**
 * SIEVE: a hand goes from the oldest to the newest buffer and evicts those that were not used since it last passed. Used
 * ones stay where they are, so that new buffers that are never used again are evicted soon. Good if few buffers get most
 * of the uses, and weak if the set of used buffers changes.
 *
 * Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. V. Rashmi, "SIEVE is Simpler than LRU", NSDI 2024.
 *
 * @returns A policy for one device.
 */
export function sieve(): EvictionPolicy {
  return new PoolPolicy("sieve", (entries) => new Sieve(entries));
}

class Sieve extends Pool {
  /** From the hand to the newest. */
  #ahead: Queue = this.queue();
  /** From the oldest to the hand. */
  #passed: Queue = this.queue();

  insert(entry: number): void {
    this.#ahead.push(entry);
  }

  use(entry: number): void {
    this.entries.marks[entry] = 1;
  }

  /** The hand that has passed the newest buffer is at the oldest, also if newer ones come. */
  override remove(entry: number, why: RemovalReason): void {
    super.remove(entry, why);
    if (this.#ahead.isEmpty) [this.#ahead, this.#passed] = [this.#passed, this.#ahead];
  }

  victim(walk: Reached): number {
    // The rest of this round, a round that may only clear marks, and one that finds them cleared.
    for (let round = 0; round < 3; round++) {
      const entry = this.#search(walk, this.#ahead);
      if (entry >= 0) return entry;
      // Entries that the walk has given, and that could not be evicted, keep the hand from going round.
      if (!this.#ahead.isEmpty) return this.#search(walk, this.#passed);
      [this.#ahead, this.#passed] = [this.#passed, this.#ahead];
    }
    return -1;
  }

  override resemble(other: this): void {
    super.resemble(other);
    this.#ahead = this.queues[other.queues.indexOf(other.#ahead)] as Queue;
    this.#passed = this.queues[other.queues.indexOf(other.#passed)] as Queue;
  }

  #search(walk: Reached, queue: Queue): number {
    const { marks } = this.entries;
    let entry = walk.front(queue);
    for (; entry >= 0 && marks[entry] === 1; entry = walk.front(queue)) {
      marks[entry] = 0;
      this.#passed.push(entry);
    }
    return entry;
  }
}
