import { type Clock, SystemClock } from "@ttm/core";

/** How many slots of events may share one reading of the clock. */
const MOST_SHARED = 4096;
/** The time, in milliseconds, that the events of one reading should not take. */
const GRAIN = 0.1;

/**
 * The time of events, never smaller than that of an earlier one. Reading the clock of the machine takes longer than
 * writing an event: events in a row, with nothing awaited between them, share a reading, as many as have lately happened
 * within a tenth of a millisecond, up to 4096 slots.
 */
export class Timeline {
  #clock: Clock | null = null;
  #isCostly = false;
  #time = -Infinity;
  #shared = 0;

  /** Time is that of a device's clock. */
  follow(clock: Clock): void {
    this.#clock = clock;
    this.#isCostly = clock instanceof SystemClock;
  }

  /** Reads the clock. */
  now(): number {
    const time = this.#clock?.now() ?? 0;
    if (time > this.#time) this.#time = time;
    return this.#time;
  }

  /** How many slots from now on may share the reading that was just made, and came so many milliseconds after the last. */
  share(passed: number): number {
    if (!this.#isCostly || passed > GRAIN) this.#shared = 0;
    else if (passed < GRAIN / 2) this.#shared = Math.min(2 * this.#shared + 1, MOST_SHARED);
    return this.#shared;
  }
}
