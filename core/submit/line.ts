import { blockTask } from "../time/block_task.ts";
import type { Clock } from "../time/clock.ts";
import { Link } from "../base/link.ts";

/** A submission that may have to wait for others. */
export interface InLine {
  /** The stamp of its acquire ticket; a smaller one is older. */
  readonly age: number;
  /** Bit mask of the memory types that it needs room in. */
  readonly types: number;
}

/**
 * The submissions of a device that wait for others, the oldest first. While one stands in the line, no younger one
 * that needs one of its memory types begins to reserve buffers. So each waits for those that had begun before it and
 * for those in front of it, and for no others.
 */
export class SubmissionLine {
  // The oldest first.
  #members: Link<InLine> = new Link();
  #places: Map<InLine, Link<InLine>> = new Map();
  #waiting: Map<InLine, () => void> = new Map();

  /** Number of submissions in the line. */
  get length(): number {
    return this.#places.size;
  }

  /** Puts a submission into the line, if it is not there. */
  join(one: InLine): void {
    if (this.#places.has(one)) return;
    const place = new Link(one);
    this.#places.set(one, place);
    // Most are younger than all others.
    let behind = this.#members;
    while (behind.previous.owner !== null && behind.previous.owner.age > one.age) behind = behind.previous;
    place.joinBefore(behind);
  }

  /** Takes a submission out of the line, if it is there, and lets those begin whose turn it is then. */
  leave(one: InLine): void {
    const place = this.#places.get(one);
    if (place === undefined) return;
    this.#places.delete(one);
    place.leave();
    let needed = 0;
    // Nothing has changed for those behind others that need all the types of the one that left.
    for (const other of this.#inOrder()) {
      if ((other.types & needed) === 0) this.#waiting.get(other)?.();
      needed |= other.types;
      if ((one.types & ~needed) === 0) break;
    }
  }

  /** Whether no older submission in the line needs the same memory types. */
  isTurnOf(one: InLine): boolean {
    for (const { age, types } of this.#inOrder()) {
      if (age >= one.age) break;
      if ((types & one.types) !== 0) return false;
    }
    return true;
  }

  *#inOrder(): Generator<InLine> {
    for (let { next } = this.#members; next.owner !== null; next = next.next) yield next.owner;
  }

  /** Waits in the line until it is the turn of a submission. */
  turnOf(one: InLine, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
    return blockTask<void>(clock, signal, (resolve) => {
      this.#waiting.set(one, () => resolve());
      return () => this.#waiting.delete(one);
    });
  }
}
