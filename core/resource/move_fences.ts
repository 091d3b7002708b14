import type { Fence, FenceContext } from "../lock/fence.ts";

/** From this number on, signalled fences are dropped. */
const MANY = 4;

/**
 * The move fences of a memory type: for each timeline, the last copy out of a range that was freed before the copy
 * ended, in the order in which they were queued. A new resource must wait for all of them.
 */
export class MoveFences {
  /** The last one; it may have signalled since. */
  last: Fence | null = null;
  /** By timeline. */
  #fences: Map<FenceContext, Fence> = new Map();
  /** How many there may be before signalled ones are dropped: each is then looked at only a few times. */
  #bound = MANY;

  /** @internal The fences that all searches for signalled ones have looked at. */
  static steps = 0;

  /** How many there are; some may have signalled. */
  get size(): number {
    return this.#fences.size;
  }

  /** Whether one has not signalled. */
  get pending(): boolean {
    for (const { signalled } of this.#fences.values()) if (!signalled) return true;
    return false;
  }

  /** Adds the copy out of a freed range. */
  add(copy: Fence): void {
    const fences = this.#fences;
    const earlier = fences.get(copy.context);
    if (earlier !== undefined) {
      if (earlier.seqno >= copy.seqno) return;
      fences.delete(copy.context);
    }
    if (fences.size >= this.#bound) this.#dropSignalled();
    fences.set(copy.context, copy);
    this.last = copy;
  }

  #dropSignalled(): void {
    MoveFences.steps += this.#fences.size;
    for (const [context, { signalled }] of this.#fences) if (signalled) this.#fences.delete(context);
    this.#bound = Math.max(MANY, 2 * this.#fences.size);
  }

  /** All of them, in the order in which they were queued. */
  [Symbol.iterator](): Iterator<Fence> {
    return this.#fences.values();
  }
}
