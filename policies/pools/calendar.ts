import type { Queue } from "./entries.ts";
import type { Reached } from "./reached.ts";

/** Slots of a calendar, a power of two. */
const SLOTS = 512;
const PLACE = SLOTS - 1;
/** Slots ahead of the first one that can be filled while the one before it is emptied. */
const REACH = SLOTS - 2;
const WORD_BITS = 32;

/**
 * Entries by the time at which they are due, in slots of equal length that go round (a timing wheel: G. Varghese,
 * T. Lauck, SOSP 1987). A step takes the same time however many entries there are. What is due after the last slot is in
 * the last one.
 */
export class Calendar {
  /** The queues of the slots. */
  readonly slots: readonly Queue[];
  readonly #dueOf: (entry: number) => number;
  /** A bit for each slot that may have entries. */
  readonly #used: Int32Array = new Int32Array(SLOTS / WORD_BITS);
  /** The first slot, in slots since the beginning of time. */
  #first = 0;
  /** No later slot has entries. */
  #last = 0;
  /** Slots in a unit of time, a power of two up to 1. */
  #slotsPerUnit = 1;

  /** `makeQueue` makes the queues, `dueOf` tells when an entry is due. */
  constructor(makeQueue: () => Queue, dueOf: (entry: number) => number) {
    this.#dueOf = dueOf;
    this.slots = Array.from({ length: SLOTS }, makeQueue);
  }

  /** Puts an entry where it is due; again, if it is there already. */
  push(entry: number): void {
    const due = this.#dueOf(entry) * this.#slotsPerUnit;
    const slot = Math.max(this.#first, Math.floor(Math.min(due, this.#first + REACH)));
    if (slot > this.#last) this.#last = slot;
    const place = slot & PLACE;
    this.#used[place >> 5] = (this.#used[place >> 5] as number) | (1 << (place & 31));
    (this.slots[place] as Queue).push(entry);
  }

  /** Moves the entries of the slots that end until `now` to the back of a queue, in order. */
  advance(now: number, overdue: Queue): void {
    const end = Math.floor(now * this.#slotsPerUnit);
    while (this.#first < end && this.#first <= this.#last) {
      const slot = this.slots[this.#first++ & PLACE] as Queue;
      for (let entry = slot.front; entry >= 0; entry = slot.front) {
        if (this.#dueOf(entry) > now) this.push(entry);
        else overdue.push(entry);
      }
    }
    this.#first = end;
    if (this.#last < end) this.#last = end;
  }

  /** The entry that is due last of those that a walk has not given, -1 if there is none. */
  latest(walk: Reached): number {
    let isEmpty = true;
    for (let slot = this.#usedUpTo(this.#last); slot >= 0; slot = this.#usedUpTo(slot - 1)) {
      const queue = this.slots[slot & PLACE] as Queue;
      const entry = walk.front(queue);
      isEmpty &&= queue.isEmpty;
      if (isEmpty) this.#clear(slot);
      if (entry >= 0) return entry;
    }
    return -1;
  }

  /** Whether the slots reach `span` units of time ahead, and are not much longer than that. */
  reaches(span: number): boolean {
    const length = SLOTS / this.#slotsPerUnit;
    return span <= length && (span > length / 4 || this.#slotsPerUnit === 1);
  }

  /** Begins anew, with slots that reach `span` units of time ahead. All entries have to be put in again. */
  restart(span: number, now: number): void {
    while (SLOTS / this.#slotsPerUnit < span) this.#slotsPerUnit /= 2;
    while (SLOTS / this.#slotsPerUnit > 2 * span && this.#slotsPerUnit < 1) this.#slotsPerUnit *= 2;
    this.#used.fill(0);
    this.#first = this.#last = Math.floor(now * this.#slotsPerUnit);
  }

  /** Takes over the times of the slots of another calendar whose entries are here in the same slots. */
  resemble(other: Calendar): void {
    this.#first = other.#first;
    this.#last = other.#last;
    this.#slotsPerUnit = other.#slotsPerUnit;
    this.#used.set(other.#used);
  }

  #clear(slot: number): void {
    const place = slot & PLACE;
    this.#used[place >> 5] = (this.#used[place >> 5] as number) & ~(1 << (place & 31));
    this.#last = Math.max(this.#first, slot - 1);
  }

  /** The last slot up to this one that may have entries, -1 if there is none. */
  #usedUpTo(slot: number): number {
    for (let at = slot; at >= this.#first;) {
      const place = at & PLACE;
      const bits = (this.#used[place >> 5] as number) & (-1 >>> (31 - (place & 31)));
      const found = at - Math.clz32(bits) + 31 - (place & 31);
      if (bits !== 0) return found >= this.#first ? found : -1;
      at -= (place & 31) + 1;
    }
    return -1;
  }
}
