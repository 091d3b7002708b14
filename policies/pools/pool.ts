import type { BufferView, RemovalReason } from "@ttm/core";
import { type Entries, Queue } from "./entries.ts";
import type { Reached } from "./reached.ts";

/**
 * The order of eviction among the entries of one memory type and priority: what a policy decides. Each entry is in one
 * of its queues.
 */
export abstract class Pool {
  /** What is known of the entries. */
  protected readonly entries: Entries;
  /** All queues of the pool; each entry is in one of them. */
  readonly queues: Queue[] = [];
  /** The memory type that it is for. */
  memoryType = "";
  /** Number of its entries. */
  count = 0;
  /** Size of its entries, in pages. */
  pages = 0;
  /** The pages of its entries when the last search for room began: as many as it may have, since there was no room. */
  room = 0;

  /** A pool without entries. */
  constructor(entries: Entries) {
    this.entries = entries;
  }

  /** An entry has come; it is in no queue, and has to be in one afterwards. */
  abstract insert(entry: number, buffer: BufferView): void;

  /** An entry was used again, after the use that it came for. */
  abstract use(entry: number): void;

  /**
   * The entry to evict next, among those that a walk has not given; -1 if it has given all. May move entries that the
   * walk has not given, but not for ever: to another queue, or to the back of theirs.
   */
  abstract victim(walk: Reached, newcomer: BufferView | undefined): number;

  /** Takes an entry out. */
  remove(entry: number, _why: RemovalReason): void {
    this.entries.queues[this.entries.queueOf[entry] as number]?.drop(entry);
  }

  /** A search for room begins, and no other walk is open. */
  begin(): void {
    this.room = this.pages;
  }

  /** Copies everything but the entries of the queues from a pool of the same kind that will not be changed. */
  resemble(other: this): void {
    this.count = other.count;
    this.pages = other.pages;
    this.room = other.room;
  }

  /** Adds a queue to the pool. */
  protected queue(): Queue {
    const made = new Queue(this.entries);
    this.queues.push(made);
    return made;
  }
}
