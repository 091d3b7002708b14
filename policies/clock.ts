import type { EvictionPolicy } from "@ttm/core";
import type { Queue } from "./pools/entries.ts";
import { Pool } from "./pools/pool.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import type { Reached } from "./pools/reached.ts";

/**
 * CLOCK: a buffer that was used since the hand last passed it gets a second chance. Nearly as good as `lru()`, and a use
 * only sets a mark.
 *
 * F. J. Corbató, "A Paging Experiment with the Multics System", 1968.
 *
 * @returns A policy for one device.
 */
export function clock(): EvictionPolicy {
  return new PoolPolicy("clock", (entries) => new Clock(entries));
}

class Clock extends Pool {
  /** The hand is at its front; it moves by moving entries to the back. */
  readonly #circle: Queue = this.queue();

  insert(entry: number): void {
    this.#circle.push(entry);
  }

  use(entry: number): void {
    this.entries.marks[entry] = 1;
  }

  victim(walk: Reached): number {
    const { marks } = this.entries;
    let entry = walk.front(this.#circle);
    for (; entry >= 0 && marks[entry] === 1; entry = walk.front(this.#circle)) {
      marks[entry] = 0;
      this.#circle.push(entry);
    }
    return entry;
  }
}
