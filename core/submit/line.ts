import { blockTask } from "../time/block_task.ts";
import type { Clock } from "../time/clock.ts";
import { Link } from "../base/link.ts";

/** A submission that may have to wait for others. */
export interface InLine {
  /** The stamp of its acquire ticket; a smaller one is older. */
  readonly age: number;
  /** Bit mask of the memory types that it needs room in; it may grow. */
  readonly types: number;
}

/** What the line knows of a member. */
interface Member {
  readonly one: InLine;
  /** Its places in the queues of the memory types, by the bit of the type. */
  readonly places: Map<number, Link<InLine>>;
  /** Ends its wait; null while it does not wait for its turn. */
  resume: (() => void) | null;
}

/**
 * The submissions of a device that wait for others, in one queue for each memory type, the oldest first. While one
 * stands in a queue, no younger one that needs that memory type begins to reserve buffers. So each waits for those that
 * had begun before it and for those in front of it, and for no others.
 */
export class SubmissionLine {
  /** @internal The places looked at so far. */
  static steps = 0;
  #queues: Map<number, Link<InLine>> = new Map();
  #members: Map<InLine, Member> = new Map();

  /** Number of submissions in the line. */
  get length(): number {
    return this.#members.size;
  }

  /** Puts a submission into the queues of its memory types, as far as it is not there. */
  join(one: InLine): void {
    const { places } = this.#member(one);
    for (const type of bitsOf(one.types)) {
      if (places.has(type)) continue;
      const place = new Link(one);
      places.set(type, place);
      // Most are younger than all others.
      let behind = this.#queue(type);
      while (behind.previous.owner !== null && behind.previous.owner.age > one.age) {
        behind = behind.previous;
        SubmissionLine.steps++;
      }
      place.joinBefore(behind);
    }
  }

  /** Takes a submission out of the line, if it is there, and lets those begin whose turn it is then. */
  leave(one: InLine): void {
    const member = this.#members.get(one);
    if (member === undefined) return;
    this.#members.delete(one);
    const fronts = new Set<InLine>();
    for (const [type, place] of member.places) {
      place.leave();
      const first = this.#queue(type).next.owner;
      if (first !== null) fronts.add(first);
    }
    const begin = [...fronts].filter((front) => this.isTurnOf(front)).sort((a, b) => a.age - b.age);
    for (const front of begin) this.#members.get(front)?.resume?.();
  }

  /** Whether no older submission in the line needs the same memory types. */
  isTurnOf(one: InLine): boolean {
    for (const type of bitsOf(one.types)) {
      SubmissionLine.steps++;
      const first = this.#queue(type).next.owner;
      if (first !== null && first.age < one.age) return false;
    }
    return true;
  }

  /** Waits in the line until it is the turn of a submission. */
  turnOf(one: InLine, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
    const member = this.#member(one);
    return blockTask<void>(clock, signal, (resolve) => {
      member.resume = () => resolve();
      return () => member.resume = null;
    });
  }

  #member(one: InLine): Member {
    let member = this.#members.get(one);
    if (member === undefined) this.#members.set(one, member = { one, places: new Map(), resume: null });
    return member;
  }

  #queue(type: number): Link<InLine> {
    let queue = this.#queues.get(type);
    if (queue === undefined) this.#queues.set(type, queue = new Link());
    return queue;
  }
}

/** The bits of a mask, one by one. */
function* bitsOf(mask: number): Generator<number> {
  for (let left = mask; left !== 0; left &= left - 1) yield left & -left;
}
