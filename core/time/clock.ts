/** Identifies a scheduled event, to cancel it. */
export type ClockEvent = unknown;

/** The core's only source of time. Times are milliseconds since an arbitrary origin. */
export interface Clock {
  /** The time now, in milliseconds. */
  now(): number;
  /** Calls `fn` once at the time `at` (or as soon as possible when it has passed), never from inside this call. */
  schedule(at: number, fn: () => void): ClockEvent;
  /** Cancels an event; one that has run already is ignored. */
  cancel(event: ClockEvent): void;
  /**
   * Called when a task begins to wait, so that a simulated clock knows when to advance.
   *
   * @returns A function to call when that task no longer waits.
   */
  taskBlocked?(): () => void;
}

/** The clock of the machine. Needs no permission and runs everywhere. */
export class SystemClock implements Clock {
  /** Milliseconds since the process or page started. */
  now(): number {
    return performance.now();
  }

  /** Schedules with `setTimeout`. */
  schedule(at: number, fn: () => void): ClockEvent {
    return setTimeout(fn, Math.max(0, at - performance.now()));
  }

  /** Cancels with `clearTimeout`. */
  cancel(event: ClockEvent): void {
    clearTimeout(event as ReturnType<typeof setTimeout>);
  }
}
