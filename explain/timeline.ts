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
  #clock: Clock | null = null;
  #isCostly = false;
  #time = -Infinity;
  #wentOn = false;
  #left = 0;
  #shared = 1;
  #willRead = false;
  #readAgain = (): void => {
    this.#left = 0;
    this.#willRead = false;
  };

  /** Time is that of a device's clock. */
  follow(clock: Clock): void {
    this.#clock = clock;
    this.#isCostly = clock instanceof SystemClock;
  }

  /** The time now. */
  now(): number {
    if (this.#left-- <= 0) this.#read();
    return this.#time;
  }

  /** Whether time went on since it was last noted. It tells no number, which could take memory. */
  wentOn(): boolean {
    if (this.#left-- <= 0) this.#read();
    return this.#wentOn;
  }

  /** The time now, which is written down. */
  note(): number {
    this.#wentOn = false;
    return this.#time;
  }

  #read(): void {
    const time = this.#clock?.now() ?? 0;
    const passed = time - this.#time;
    if (passed > 0) {
      this.#time = time;
      this.#wentOn = true;
    }
    this.#left = this.#isCostly ? this.#share(passed) : 0;
  }

  /** How many events share a reading that came so many milliseconds after the one before. */
  #share(passed: number): number {
    if (passed > GRAIN) this.#shared = 1;
    else if (passed < GRAIN / 2) this.#shared = Math.min(2 * this.#shared, MOST_SHARED);
    if (!this.#willRead) queueMicrotask(this.#readAgain);
    this.#willRead = true;
    return this.#shared;
  }
}
