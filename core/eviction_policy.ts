import type { BufferView } from "./buffer_view.ts";

/** A walk over those who may be evicted, first to go first. */
export interface EvictionCursor {
  /**
   * The next entry, or -1 at the end. Entries may be inserted, touched and removed between two calls: it *must not* give
   * one that has been removed, and must give each that stays. It may give one that was inserted or touched since.
   */
  next(): number;
  /** Ends the walk. Called exactly once. */
  close(): void;
}

/**
 * Who is evicted first. It is told who comes, is used and goes, and hands out candidates in the order in which they should
 * leave; the core passes over those who cannot leave. The default is {@linkcode lru}, the kernel's order.
 *
 * An *entry* is what a buffer occupies in a memory type: a whole number from 0, as small as can be, which is used again
 * after its removal. A buffer that is being moved has two, also within one memory type. Pinned buffers are no candidates:
 * a pinned one is removed, and inserted again after its last unpin.
 *
 * All members are synchronous, *must not* throw, and must not call back into the device. A policy serves one device.
 */
export interface EvictionPolicy {
  /** For messages, for example `"lru"`. */
  readonly name: string;
  /** Somebody has come to a memory type; `buffer` tells size and priority. */
  insert(entry: number, buffer: BufferView, memoryType: string): void;
  /** The buffer of an entry was used: its reservation was given up by `unreserve()`. */
  touch(entry: number): void;
  /** The place was given up. */
  remove(entry: number): void;
  /**
   * Begins a walk over a memory type; there may be several at a time. All candidates of a lower priority *must* come before
   * those of a higher one.
   */
  candidates(memoryType: string): EvictionCursor;
}

/** Whether a value looks like a policy. */
export function isPolicy(value: unknown): value is EvictionPolicy {
  const policy = value as Partial<EvictionPolicy> | null | undefined;
  return [policy?.insert, policy?.touch, policy?.remove, policy?.candidates].every((member) =>
    typeof member === "function"
  );
}
