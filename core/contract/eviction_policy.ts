import type { BufferView } from "./buffer_view.ts";

/** A walk over the eviction candidates of a memory type, in the order of eviction. */
export interface EvictionCursor {
  /**
   * The next entry, or -1 at the end. Between two calls entries may be inserted, touched and removed, and other walks
   * may begin and go on. It *must not* return an entry that has been removed, and must return every entry that stays
   * exactly once. An entry that is touched or hinted during the walk may be returned again, or left out if it was not
   * returned yet. An entry that is inserted during the walk may be returned or not, also if it was returned before.
   */
  next(): number;
  /** Ends the walk. Called exactly once. */
  close(): void;
}

/**
 * Why an entry is removed:
 * - `"evicted"`: its buffer was evicted to make room or to clear the memory type, or was swapped out.
 * - `"moved"`: its buffer was moved at the request of its user; also when a buffer leaves the intermediate place of a
 *   move.
 * - `"freed"`: its buffer was released, or its contents were discarded, or the move to this entry failed.
 * - `"pinned"`: its buffer was pinned: it stays where it is, and is no candidate until it is inserted again.
 */
export type RemovalReason = "evicted" | "moved" | "freed" | "pinned";

/**
 * The order of eviction. The core reports each buffer that enters a memory type, is used or leaves it, and walks over
 * the candidates in the order in which they should be evicted; it skips those that cannot be evicted. The default is
 * {@linkcode lru}, the kernel's order.
 *
 * An *entry* stands for the resource of a buffer in a memory type. It is a small whole number from 0, which is reused
 * after its removal. A buffer that is being moved has two entries, also within one memory type. Pinned buffers are no
 * candidates: the entry is removed when its buffer is pinned, and inserted again after the last unpin.
 *
 * All members are synchronous, *must not* throw, and must not call back into the device. A policy serves one device.
 * The same calls *must* give the same order: no clock, and random numbers only from a fixed seed.
 */
export interface EvictionPolicy {
  /** For messages, for example `"lru"`. */
  readonly name: string;
  /** A buffer has got a resource in a memory type; `buffer` tells its size and priority. */
  insert(entry: number, buffer: BufferView, memoryType: string): void;
  /**
   * The buffer of an entry was used: its reservation was released by `unreserve()`. Also called when the buffer has
   * moved and the copy out of this resource is pending.
   */
  touch(entry: number): void;
  /** An entry is no longer a candidate; `why` is the reason. */
  remove(entry: number, why: RemovalReason): void;
  /**
   * The next use of the buffer of an entry is expected (see `BoDevice.hint`): `next` is its turn among all expected
   * uses; a smaller one comes earlier, Infinity means that none is expected any more. Called after `insert`, and
   * whenever the turn changes. It holds until the next call for the entry, whatever `touch` says, or until the removal
   * of the entry. Of the entries of one priority, those with an expected use *must* be candidates after those without,
   * and among them the one with the largest turn first, unless a walk ignores hints. Left out: the core evicts buffers
   * with an expected use only if evicting all others makes no room, in the order of the policy.
   */
  hint?(entry: number, next: number): void;
  /**
   * Begins a walk over a memory type to find victims; several walks may be open at a time. All candidates of a lower
   * priority *must* come before those of a higher one. A walk may change the state of the policy: advance a clock hand,
   * clear reference bits. Not every candidate is evicted: `remove` reports those that are.
   *
   * @param newcomer The buffer that the room is for, if one is. It may still go elsewhere, or nowhere.
   * @param ignoreHints Whether the order *must* be as if `hint` had never been called: so it is while hints prove worse
   * than that order, and to compare both. Only a policy with `hint` is asked for it.
   */
  candidates(memoryType: string, newcomer?: BufferView, ignoreHints?: boolean): EvictionCursor;
  /**
   * All candidates of a memory type in the order of a walk that began now, for readers such as dumps: it *must not*
   * change the state of the policy. It is read, in whole or in part, before any other member is called. Left out,
   * `candidates` is used instead, and then *must not* change the state either.
   */
  order?(memoryType: string, ignoreHints?: boolean): Iterable<number>;
}

/** Whether a value has the members of a policy. */
export function isPolicy(value: unknown): value is EvictionPolicy {
  const policy = value as Partial<EvictionPolicy> | null | undefined;
  const members = [policy?.insert, policy?.touch, policy?.remove, policy?.candidates];
  const optional = [policy?.order, policy?.hint].filter((member) => member !== undefined);
  return [...members, ...optional].every((member) => typeof member === "function");
}
