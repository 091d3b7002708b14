import type { BufferView } from "./buffer_view.ts";

/** A walk over those who may be evicted, first to go first. */
export interface EvictionCursor {
  /**
   * The next entry, or -1 at the end. Entries may be inserted, touched and removed between two calls, and other walks may
   * begin and go on: it *must not* give one that has been removed, and must give each that stays, once. It may give one that
   * was inserted or touched since, or, if it was given before that, give it again.
   */
  next(): number;
  /** Ends the walk. Called exactly once. */
  close(): void;
}

/**
 * Why an entry is removed:
 * - `"evicted"`: its buffer has left for the sake of others, or of somebody who clears the memory type or swaps out.
 * - `"moved"`: its buffer has been brought elsewhere because its user asked for that; also the end of a stop on the way.
 * - `"freed"`: its buffer was released, or its contents were thrown away, or it has not come after all, since the move to
 *   this entry failed.
 * - `"pinned"`: its buffer stays, and cannot be evicted until it is inserted again.
 */
export type RemovalReason = "evicted" | "moved" | "freed" | "pinned";

/**
 * Who is evicted first. It is told who comes, is used and goes, and hands out candidates in the order in which they should
 * leave; the core passes over those who cannot leave. The default is {@linkcode lru}, the kernel's order.
 *
 * An *entry* is what a buffer occupies in a memory type: a whole number from 0, as small as can be, which is used again
 * after its removal. A buffer that is being moved has two, also within one memory type. Pinned buffers are no candidates:
 * a pinned one is removed, and inserted again after its last unpin.
 *
 * All members are synchronous, *must not* throw, and must not call back into the device. A policy serves one device. The same
 * calls *must* give the same order: no time, no random numbers but those of a seed.
 */
export interface EvictionPolicy {
  /** For messages, for example `"lru"`. */
  readonly name: string;
  /** Somebody has come to a memory type; `buffer` tells size and priority. */
  insert(entry: number, buffer: BufferView, memoryType: string): void;
  /**
   * The buffer of an entry was used: its reservation was given up by `unreserve()`. Or it has moved, and a copy out of this
   * place is still under way.
   */
  touch(entry: number): void;
  /** An entry is no candidate any more, for a reason. */
  remove(entry: number, why: RemovalReason): void;
  /**
   * Begins a walk over a memory type to find somebody to evict; there may be several at a time. All candidates of a lower
   * priority *must* come before those of a higher one. A walk may change what the policy remembers of its entries: move a
   * hand, clear marks of use. Not everybody whom it gives is evicted: `remove` tells who was.
   */
  candidates(memoryType: string): EvictionCursor;
  /**
   * All candidates of a memory type as a walk that began now would give them, for those who only look: it *must not* change
   * anything. Read to its end, or not, before anything else is called. Left out, walks serve for that: then they must not
   * change anything either.
   */
  order?(memoryType: string): Iterable<number>;
}

/** Whether a value looks like a policy. */
export function isPolicy(value: unknown): value is EvictionPolicy {
  const policy = value as Partial<EvictionPolicy> | null | undefined;
  const members = [policy?.insert, policy?.touch, policy?.remove, policy?.candidates, policy?.order ?? (() => [])];
  return members.every((member) => typeof member === "function");
}
