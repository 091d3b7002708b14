import { show } from "./arguments.ts";
import type { Clock, ClockEvent } from "./clock.ts";
import { TtmError } from "./errors.ts";

interface Event {
  readonly at: number;
  readonly order: number;
  fn: (() => void) | null;
}

// One turn of the event loop: by then every runnable task has run and either ended or blocked.
const afterAllTasks: (fn: () => void) => unknown =
  (globalThis as { setImmediate?: (fn: () => void) => unknown }).setImmediate ?? ((fn) => setTimeout(fn, 0));

/**
 * A clock whose time moves only when every task is blocked, or when it is told to. Events of equal time happen in
 * the order in which they were scheduled, so a run is a deterministic function of what was asked of it.
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
  #scheduled = 0;
  #heap: Event[] = [];
  #blocked = 0;
  #armed = false;

  /** The simulated time, in milliseconds. */
  now(): number {
    return this.#now;
  }

  /**
   * Puts an event into the queue; one in the past happens at the present time.
   *
   * @throws {TtmError} `EINVAL` if `at` is no finite number.
   */
  schedule(at: number, fn: () => void): ClockEvent {
    checkTime("schedule an event", at);
    const event: Event = { at: Math.max(at, this.#now), order: this.#scheduled++, fn };
    siftUp(this.#heap, event);
    if (this.#blocked > 0) this.#arm();
    return event;
  }

  /** Empties the event; the queue drops it when its turn comes. */
  cancel(event: ClockEvent): void {
    (event as Event).fn = null;
  }

  /** Counts a waiting task; time moves on at the next turn of the event loop if it still waits then. */
  taskBlocked(): () => void {
    this.#blocked++;
    this.#arm();
    let waiting = true;
    return () => {
      if (waiting) this.#blocked--;
      waiting = false;
    };
  }

  /** Makes the next event happen; false when there is none. */
  runNext(): boolean {
    for (let event = takeFirst(this.#heap); event !== undefined; event = takeFirst(this.#heap)) {
      if (event.fn === null) continue;
      this.#now = event.at;
      event.fn();
      return true;
    }
    return false;
  }

  /**
   * Makes every event up to and including the time `at` happen, then moves to that time (milliseconds).
   *
   * @throws {TtmError} `EINVAL` if `at` is no finite number.
   */
  advanceTo(at: number): void {
    checkTime("advance the clock", at);
    while ((this.#next()?.at ?? Infinity) <= at) this.runNext();
    this.#now = Math.max(this.#now, at);
  }

  /** Makes events happen until the condition holds; false if none is left before it does. */
  runUntil(condition: () => boolean): boolean {
    while (!condition()) if (!this.runNext()) return false;
    return true;
  }

  /** Makes events happen until none is left. */
  runUntilIdle(): void {
    while (this.runNext());
  }

  #next(): Event | undefined {
    while (this.#heap[0]?.fn === null) takeFirst(this.#heap);
    return this.#heap[0];
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    // One event a turn, so that a task that it releases runs before the next event happens.
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

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Inserts into a binary heap ordered by time, then by scheduling order. */
function siftUp(heap: Event[], event: Event): void {
  let at = heap.length;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent] as Event;
    if (!before(event, above)) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = event;
}

/** Removes the first event of the heap. */
function takeFirst(heap: Event[]): Event | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    const left = heap[child];
    if (left === undefined) break;
    const right = heap[child + 1];
    if (right !== undefined && before(right, left)) child++;
    const smaller = heap[child] as Event;
    if (!before(smaller, last)) break;
    heap[at] = smaller;
    at = child;
  }
  heap[at] = last;
  return first;
}
