import type { BufferView, EvictionPolicy, RemovalReason } from "@ttm/core";
import type { Queue } from "./pools/entries.ts";
import { Ghosts } from "./pools/ghosts.ts";
import { Pool } from "./pools/pool.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import type { Reached } from "./pools/reached.ts";

/** Of the room, for the others. */
const SHARE_OF_OTHERS = 0.05;
/** Of the room, as many pages are remembered of evicted buffers. */
const GHOSTS = 2;

/**
 * Low inter-reference recency: keeps the buffers whose last two uses were closest together, and evicts the others, which
 * share a twentieth of the room, in the order of use. A buffer joins the kept ones if its last two uses were closer
 * together than the last use of one of them is to now; that one makes room for it. Good for loops.
 *
 * S. Jiang, X. Zhang, "LIRS: An Efficient Low Inter-reference Recency Set Replacement Policy", SIGMETRICS 2002. Times of
 * use stand for its stack: who is in it was used later than the kept buffer whose last use is longest ago. Sizes count
 * in pages.
 *
 * @returns A policy for one device.
 */
export function lirs(): EvictionPolicy {
  return new PoolPolicy("lirs", (entries) => new Lirs(entries));
}

class Lirs extends Pool {
  /** In the order of use. */
  readonly #kept: Queue = this.queue();
  readonly #others: Queue = this.queue();
  /** With the times of their last use. */
  readonly #ghosts: Ghosts = new Ghosts();
  #now = 0;

  insert(entry: number, { id }: BufferView): void {
    const ghost = this.#ghosts.take(id);
    // Before the first search for room there is no need to choose.
    const isKept = this.room === 0 || (ghost >= 0 && this.#isRecent(this.#ghosts.first(ghost)));
    this.#place(entry, isKept);
  }

  use(entry: number): void {
    const wasKept = this.#kept.has(entry);
    this.#place(entry, wasKept || this.#isRecent(this.entries.values[entry] as number));
  }

  override remove(entry: number, why: RemovalReason): void {
    const { ids, pages, values } = this.entries;
    if (why === "evicted") {
      this.#ghosts.add(ids[entry] as number, pages[entry] as number, GHOSTS * this.room, values[entry]);
    }
    super.remove(entry, why);
  }

  override begin(): void {
    super.begin();
    this.#demote();
  }

  victim(walk: Reached): number {
    const entry = walk.front(this.#others);
    return entry >= 0 ? entry : walk.front(this.#kept);
  }

  #place(entry: number, isKept: boolean): void {
    this.entries.values[entry] = this.#now++;
    (isKept ? this.#kept : this.#others).push(entry);
    if (isKept && this.room > 0 && this.entries.openWalks === 0) this.#demote();
  }

  /** Whether a use is later than that of the kept buffer whose last use is longest ago. */
  #isRecent(lastUse: number): boolean {
    const oldest = this.#kept.front;
    return oldest < 0 || lastUse > (this.entries.values[oldest] as number);
  }

  #demote(): void {
    const most = (1 - SHARE_OF_OTHERS) * this.room;
    while (this.#kept.pages > most && this.#kept.front >= 0) this.#others.push(this.#kept.front);
  }
}
