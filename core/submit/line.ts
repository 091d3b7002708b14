import { blockTask } from "../time/block_task.ts";
import type { Clock } from "../time/clock.ts";

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
  #members: InLine[] = [];
  #waiting: Map<InLine, () => void> = new Map();

  /** Number of submissions in the line. */
  get length(): number {
    return this.#members.length;
  }

  /** Puts a submission into the line, if it is not there. */
  join(one: InLine): void {
    if (this.#members.includes(one)) return;
    const behind = this.#members.findIndex(({ age }) => age > one.age);
    this.#members.splice(behind < 0 ? this.#members.length : behind, 0, one);
  }

  /** Takes a submission out of the line, if it is there, and lets those begin whose turn it is then. */
  leave(one: InLine): void {
    const at = this.#members.indexOf(one);
    if (at < 0) return;
    this.#members.splice(at, 1);
    for (const [other, begin] of [...this.#waiting]) if (this.isTurnOf(other)) begin();
  }

  /** Whether no older submission in the line needs the same memory types. */
  isTurnOf(one: InLine): boolean {
    return this.#members.every(({ age, types }) => age >= one.age || (types & one.types) === 0);
  }

  /** Waits in the line until it is the turn of a submission. */
  turnOf(one: InLine, clock: Clock, signal: AbortSignal | undefined): Promise<void> {
    return blockTask<void>(clock, signal, (resolve) => {
      this.#waiting.set(one, () => resolve());
      return () => this.#waiting.delete(one);
    });
  }
}
