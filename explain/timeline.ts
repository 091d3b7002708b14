import { type Clock, SystemClock } from "@ttm/core";

/** How many events may share one reading of the clock. */
const MOST_SHARED = 256;
/** The time, in milliseconds, that the events of one reading should not take. */
const GRAIN = 0.1;

/**
 * The time of events, never smaller than that of an earlier one. Reading the clock of the machine takes longer than
 * writing an event: events in a row, with nothing awaited between them, share a reading, as many as have lately happened
 * within a tenth of a millisecond, up to 256.
 */
export class Timeline {
  #clock: Clock;
  #isCostly: boolean;
  #time = -Infinity;
  #left = 0;
  #shared = 1;
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
    return this.#left-- > 0 ? this.#time : this.#read();
  }

  #read(): number {
    const time = this.#clock.now();
    const passed = time - this.#time;
    if (passed > 0) this.#time = time;
    if (!this.#isCostly) this.#left = 0;
    else {
      this.#shared = passed < GRAIN / 2 ? Math.min(2 * this.#shared, MOST_SHARED) : passed > GRAIN ? 1 : this.#shared;
      this.#left = this.#shared;
      if (!this.#willRead) {
        this.#willRead = true;
        queueMicrotask(this.#readAgain);
      }
    }
    return this.#time;
  }
}
