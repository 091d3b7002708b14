import type { BufferView, EvictionPolicy, RemovalReason } from "@ttm/core";
import type { Queue } from "./pools/entries.ts";
import { Ghosts } from "./pools/ghosts.ts";
import { Pool } from "./pools/pool.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import type { Reached } from "./pools/reached.ts";

/** Of the room, for buffers that have come for the first time. */
const NEW = 0.25;
/** Of the room, as many pages are remembered of buffers that were evicted from there. */
const GHOSTS = 0.5;

/**
 * 2Q: new buffers leave in the order in which they came. One that comes back soon after its eviction joins a second
 * queue, which is in the order of use.
 *
 * T. Johnson, D. Shasha, "2Q: A Low Overhead High Performance Buffer Management Replacement Algorithm", VLDB 1994, the
 * full version with the constants that it recommends. Sizes count in pages.
 *
 * @returns A policy for one device.
 */
export function twoQueues(): EvictionPolicy {
  return new PoolPolicy("2q", (entries) => new TwoQueues(entries));
}

class TwoQueues extends Pool {
  readonly #new: Queue = this.queue();
  readonly #again: Queue = this.queue();
  readonly #ghosts: Ghosts = new Ghosts();

  insert(entry: number, { id }: BufferView): void {
    (this.#ghosts.take(id) >= 0 ? this.#again : this.#new).push(entry);
  }

  use(entry: number): void {
    if (this.#again.has(entry)) this.#again.push(entry);
  }

  override remove(entry: number, why: RemovalReason): void {
    const { ids, pages } = this.entries;
    if (why === "evicted" && this.#new.has(entry)) {
      this.#ghosts.add(ids[entry] as number, pages[entry] as number, GHOSTS * this.room);
    }
    super.remove(entry, why);
  }

  victim(walk: Reached): number {
    const [first, second] = this.#new.pages > NEW * this.room ? [this.#new, this.#again] : [this.#again, this.#new];
    const entry = walk.front(first);
    return entry >= 0 ? entry : walk.front(second);
  }
}
