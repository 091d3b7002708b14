import { type BufferObject, Exec } from "@ttm/core";
import { outcomeOf } from "./recording.ts";

const INTERRUPTIBLE = 1;
const IGNORE_DUPLICATES = 2;
const EINTR = -4;

/** An exec of a recording. */
export class RecordedExec {
  readonly exec: Exec;
  /** Whether its ticket is live. */
  begun = false;
  #isInterruptible: boolean;

  constructor(flags: number) {
    this.#isInterruptible = (flags & INTERRUPTIBLE) !== 0;
    this.exec = new Exec({ ignoreDuplicates: (flags & IGNORE_DUPLICATES) !== 0 });
  }

  /** 1 if the loop continues. */
  cleanup(): number {
    this.begun = true;
    return this.exec.cleanup() ? 1 : 0;
  }

  /** Locks a buffer, perhaps with a pending signal, which interrupts a lock that would have to wait. */
  async lock(buffer: BufferObject, signalled: boolean): Promise<number> {
    if (!signalled || !this.#isInterruptible) return await outcomeOf(() => this.exec.lock(buffer));
    const locked = this.exec.lock(buffer, { signal: AbortSignal.abort("interrupted") }).catch((error) => {
      if (error !== "interrupted") throw error;
      return false;
    });
    return await outcomeOf(() => locked, EINTR);
  }
}
