import { type Clock, SystemClock } from "@ttm/core";

/** How many events may share one reading of the clock. */
const SHARED = 32;

/**
 * The time of events, never smaller than that of an earlier one. Reading the clock of the machine takes longer than
 * writing an event: up to 32 events in a row, with nothing awaited between them, share a reading.
 */
export class Timeline {
  #clock: Clock;
  #isCostly: boolean;
  #time = -Infinity;
  #left = 0;
  #willRead = false;
  #readAgain = (): void => {
    this.#left = 0;
    this.#willRead = false;
  };

  /** The timeline of a device's clock. */
  constructor(clock: Clock) {
    this.#clock = clock;
    this.#isCostly = clock instanceof SystemClock;
  }

  /** The time of an event. */
  now(): number {
    if (this.#left-- > 0) return this.#time;
    return this.set(this.#clock.now());
  }

  /** The time of an event that tells it itself. */
  set(time: number): number {
    if (time > this.#time) this.#time = time;
    if (!this.#isCostly) this.#left = 0;
    else {
      this.#left = SHARED;
      if (!this.#willRead) {
        this.#willRead = true;
        queueMicrotask(this.#readAgain);
      }
    }
    return this.#time;
  }
}
