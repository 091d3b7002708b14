import { checkWaitOptions, optionNames, show } from "../base/arguments.ts";
import { blockTask } from "./block_task.ts";
import type { Clock, ClockEvent } from "./clock.ts";
import { TtmError } from "../base/errors.ts";
import { type Ranked, RankedQueue } from "../base/ranked_queue.ts";

/** Options of a sleep. */
export interface SleepOptions {
  /** Ends the sleep: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

const SLEEP_OPTIONS = optionNames<SleepOptions>({ signal: true });

// One turn of the event loop: by then every runnable task has run and either ended or blocked.
const afterAllTasks: (fn: () => void) => unknown =
  (globalThis as { setImmediate?: (fn: () => void) => unknown }).setImmediate ?? ((fn) => setTimeout(fn, 0));

/**
 * A clock whose time advances only when every task is blocked, or when it is told to. Events of equal time run in the
 * order in which they were scheduled, so a run is deterministic.
 *
 * @example Time passes as soon as all that is left is waiting
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SimulatedClock } from "@ttm/core";
 *
 * const clock = new SimulatedClock();
 * const seen: number[] = [];
 * clock.schedule(5, () => seen.push(clock.now()));
 * clock.advanceTo(10);
 * assertEquals(seen, [5]);
 * assertEquals(clock.now(), 10);
 * ```
 */
export class SimulatedClock implements Clock {
  #now = 0;
  #queue: RankedQueue<() => void> = new RankedQueue();
  #blocked = 0;
  #armed = false;

  /** The simulated time, in milliseconds. */
  now(): number {
    return this.#now;
  }

  /**
   * Schedules an event; one in the past runs at the current time.
   *
   * @throws {TtmError} `EINVAL` if `at` is not a finite number.
   */
  schedule(at: number, fn: () => void): ClockEvent {
    checkTime("schedule an event", at);
    const event = this.#queue.add(Math.max(at, this.#now), fn);
    if (this.#blocked > 0) this.#arm();
    return event;
  }

  /** Removes an event from the queue. */
  cancel(event: ClockEvent): void {
    this.#queue.remove(event as Ranked<() => void> | undefined);
  }

  /** Number of scheduled events that have neither run nor been cancelled. */
  get pending(): number {
    return this.#queue.size;
  }

  /**
   * Waits for `ms` milliseconds of simulated time. A task that sleeps counts as blocked, so that time advances when all
   * others wait, too.
   *
   * @throws {TtmError} `EINVAL`, as a rejection, if `ms` is not a finite number from 0. An aborted signal rejects with
   * its reason.
   */
  async sleep(ms: number, options: SleepOptions = {}): Promise<void> {
    if (!Number.isFinite(ms) || ms < 0) {
      throw new TtmError("EINVAL", `Cannot sleep: ms must be a finite number from 0, not ${show(ms)}`);
    }
    checkWaitOptions("sleep", options, undefined, SLEEP_OPTIONS);
    const { signal } = options;
    signal?.throwIfAborted();
    await blockTask<void>(this, signal, (resolve) => {
      const event = this.schedule(this.#now + ms, resolve);
      return () => this.cancel(event);
    });
  }

  /** Counts a waiting task; time advances at the next turn of the event loop if it still waits then. */
  taskBlocked(): () => void {
    this.#blocked++;
    this.#arm();
    let waiting = true;
    return () => {
      if (waiting) this.#blocked--;
      waiting = false;
    };
  }

  /** Runs the next event; false if there is none. */
  runNext(): boolean {
    const event = this.#queue.first;
    if (event === undefined) return false;
    this.#queue.remove(event);
    this.#now = event.rank;
    event.value();
    return true;
  }

  /**
   * Runs every event up to and including the time `at` (milliseconds), then advances to that time.
   *
   * @throws {TtmError} `EINVAL` if `at` is not a finite number.
   */
  advanceTo(at: number): void {
    checkTime("advance the clock", at);
    while ((this.#queue.first?.rank ?? Infinity) <= at) this.runNext();
    this.#now = Math.max(this.#now, at);
  }

  /** Runs events until the condition holds; false if none is left before it does. */
  runUntil(condition: () => boolean): boolean {
    while (!condition()) if (!this.runNext()) return false;
    return true;
  }

  /** Runs events until none is left. */
  runUntilIdle(): void {
    while (this.runNext());
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    // One event per turn, so that a task that it resumes runs before the next event.
    afterAllTasks(() => {
      this.#armed = false;
      if (this.#blocked > 0 && this.runNext()) this.#arm();
    });
  }
}

function checkTime(what: string, at: number): void {
  if (Number.isFinite(at)) return;
  throw new TtmError("EINVAL", `Cannot ${what}: the time must be a finite number, not ${show(at)}`);
}
