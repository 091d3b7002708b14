import type { BufferView, EvictionPolicy, RemovalReason } from "@ttm/core";
import type { Queue } from "./pools/entries.ts";
import { Ghosts } from "./pools/ghosts.ts";
import { Pool } from "./pools/pool.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import type { Reached } from "./pools/reached.ts";

/**
 * ARC: one queue for buffers that were used once, one for those that were used again, both in the order of use. Ghosts
 * of both tell which of them should have been larger.
 *
 * N. Megiddo, D. S. Modha, "ARC: A Self-Tuning, Low Overhead Replacement Cache", FAST 2003. Sizes count in pages, and a
 * ghost that comes back moves the boundary by its size.
 *
 * @returns A policy for one device.
 */
export function arc(): EvictionPolicy {
  return new PoolPolicy("arc", (entries) => new Arc(entries));
}

/** `once`, `again` and their ghosts are T1, T2, B1 and B2 of the paper, `#target` is its p. */
class Arc extends Pool {
  readonly #once: Queue = this.queue();
  readonly #again: Queue = this.queue();
  readonly #onceGhosts: Ghosts = new Ghosts();
  readonly #againGhosts: Ghosts = new Ghosts();
  /** The pages that `once` should have. */
  #target = 0;

  insert(entry: number, { id, pages }: BufferView): void {
    this.#target = this.#targetWith(id, pages);
    const isBack = this.#onceGhosts.take(id) >= 0 || this.#againGhosts.take(id) >= 0;
    (isBack ? this.#again : this.#once).push(entry);
  }

  use(entry: number): void {
    this.#again.push(entry);
  }

  override remove(entry: number, why: RemovalReason): void {
    const { ids, pages } = this.entries;
    const [id, size] = [ids[entry] as number, pages[entry] as number];
    const isOnce = this.#once.has(entry);
    super.remove(entry, why);
    if (why !== "evicted") return;
    if (isOnce) this.#onceGhosts.add(id, size, this.room - this.#once.pages);
    else {
      const once = this.#once.pages + this.#onceGhosts.pages;
      this.#againGhosts.add(id, size, 2 * this.room - once - this.#again.pages);
    }
  }

  victim(walk: Reached, newcomer: BufferView | undefined): number {
    const target = newcomer === undefined ? this.#target : this.#targetWith(newcomer.id, newcomer.pages);
    const { pages } = this.#once;
    const isOver = pages > target || (pages === target && newcomer !== undefined && this.#againGhosts.has(newcomer.id));
    const [first, second] = isOver ? [this.#once, this.#again] : [this.#again, this.#once];
    const entry = walk.front(first);
    return entry >= 0 ? entry : walk.front(second);
  }

  override resemble(other: this): void {
    super.resemble(other);
    this.#target = other.#target;
  }

  /** The target once a buffer has come. */
  #targetWith(id: number, size: number): number {
    const [once, again] = [this.#onceGhosts.pages, this.#againGhosts.pages];
    if (this.#onceGhosts.has(id)) return Math.min(this.room, this.#target + size * Math.max(1, again / once));
    if (this.#againGhosts.has(id)) return Math.max(0, this.#target - size * Math.max(1, once / again));
    return this.#target;
  }
}
