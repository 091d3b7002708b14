import type { BufferView, EvictionPolicy, RemovalReason } from "@ttm/core";
import type { Queue } from "./pools/entries.ts";
import { Ghosts } from "./pools/ghosts.ts";
import { Pool } from "./pools/pool.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import type { Reached } from "./pools/reached.ts";

/** Of the room, for buffers that are new. */
const SMALL = 0.1;
/** Of the room, as many pages are remembered of buffers that were evicted from there. */
const GHOSTS = 0.9;
/** Uses that are counted at most. */
const MOST_USES = 3;

/**
 * S3-FIFO: new buffers wait in a small queue, and come into the main one if they are used at least twice there, or soon
 * after their eviction. Both are first in, first out; the main one gives a used buffer another round for each use.
 *
 * J. Yang, Y. Zhang, Z. Qiu, Y. Yue, R. Vinayak, "FIFO queues are all you need for cache eviction", SOSP 2023. Sizes
 * count in pages.
 *
 * @returns A policy for one device.
 */
export function s3fifo(): EvictionPolicy {
  return new PoolPolicy("s3fifo", (entries) => new S3Fifo(entries));
}

class S3Fifo extends Pool {
  readonly #small: Queue = this.queue();
  readonly #main: Queue = this.queue();
  readonly #ghosts: Ghosts = new Ghosts();

  insert(entry: number, { id }: BufferView): void {
    (this.#ghosts.take(id) >= 0 ? this.#main : this.#small).push(entry);
  }

  use(entry: number): void {
    const { marks } = this.entries;
    if ((marks[entry] as number) < MOST_USES) (marks[entry] as number)++;
  }

  override remove(entry: number, why: RemovalReason): void {
    const { ids, pages } = this.entries;
    if (why === "evicted" && this.#small.has(entry)) {
      this.#ghosts.add(ids[entry] as number, pages[entry] as number, GHOSTS * this.room);
    }
    super.remove(entry, why);
  }

  victim(walk: Reached): number {
    const fromMain = this.#main.pages > this.room - Math.floor(SMALL * this.room);
    const entry = fromMain ? this.#fromMain(walk) : this.#fromSmall(walk);
    if (entry >= 0) return entry;
    return fromMain ? this.#fromSmall(walk) : this.#fromMain(walk);
  }

  #fromSmall(walk: Reached): number {
    const { marks } = this.entries;
    let entry = walk.front(this.#small);
    for (; entry >= 0 && (marks[entry] as number) > 1; entry = walk.front(this.#small)) {
      marks[entry] = 0;
      this.#main.push(entry);
    }
    return entry;
  }

  #fromMain(walk: Reached): number {
    const { marks } = this.entries;
    let entry = walk.front(this.#main);
    for (; entry >= 0 && (marks[entry] as number) > 0; entry = walk.front(this.#main)) {
      (marks[entry] as number)--;
      this.#main.push(entry);
    }
    return entry;
  }
}
