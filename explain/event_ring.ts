import type { Timeline } from "./timeline.ts";

/** Slots that are there for each event on average; most events need 1 to 8. */
const SLOTS_PER_EVENT = 8;
/** The ring is overwritten by a block at a time. */
const BLOCKS = 16;
/** Slots of a small block: the largest event fits. */
const LEAST_SLOTS = 1024;
/** The first slot of an event: `kind + KINDS * (slots + MOST_SLOTS * (buffer + 1))`, with -1 for no buffer. */
const KINDS = 32;
const MOST_SLOTS = 1024;
/** Where a first slot could be, after the last event of a block. */
const NOTHING = 0;
/** What follows happened at another time, which is in the second slot. It is no event. */
export const TIME = 1;
const TIME_SLOTS = 2;

/** A copy of the events in a ring. */
export interface RingCopy {
  /** The slots of the events, the oldest first; the first ones tell its time. */
  readonly slots: Float64Array;
  /** Number of events that were lost before the oldest. */
  readonly lost: number;
}

/**
 * The last events of a device, as numbers in one array of a fixed size. The first slot of an event is its kind, from 2,
 * its length and its buffer. When the ring is full, its oldest block of events is lost, so that most events are written
 * without a look at those that they replace.
 */
export class EventRing {
  /** The slots; those of one event are neighbours. */
  readonly slots: Float64Array;
  /** Where in the slots the free part of the current block begins, and how far events have the time of the last one. */
  #at = 0;
  #sameTimeUntil = 0;
  #appended = 0;
  #time = NaN;
  #timeline: Timeline;
  #willExpire = false;
  #expire = (): void => {
    this.#sameTimeUntil = 0;
    this.#willExpire = false;
  };
  #limit: number;
  #blockSlots: number;
  /** The number of the current block since the beginning, and where in the slots it ends. */
  #block = 0;
  #end: number;
  #forget: (buffer: number) => void;
  /** For each block, the buffers that no event after it names. */
  #ended: number[][] = Array.from({ length: BLOCKS }, () => []);

  /** A ring for a number of events. `forget` is called for buffers that no event names any more. */
  constructor(events: number, timeline: Timeline, forget: (buffer: number) => void) {
    this.#timeline = timeline;
    this.#limit = events;
    this.#blockSlots = Math.max(LEAST_SLOTS, Math.ceil(events * SLOTS_PER_EVENT / (BLOCKS - 1)));
    this.slots = new Float64Array(BLOCKS * this.#blockSlots);
    this.#end = this.#blockSlots;
    this.#forget = forget;
  }

  /** Appends an event; returns where in the slots it begins. The caller fills in all slots but the first. */
  append(kind: number, length: number, buffer: number): number {
    if (this.#at + length > this.#sameTimeUntil) this.#prepare(length);
    const at = this.#at;
    this.slots[at] = kind + KINDS * (length + MOST_SLOTS * (buffer + 1));
    this.#at = at + length;
    this.#appended++;
    return at;
  }

  /** The address of an event that was just appended: the number of its first slot since the beginning. */
  addressOf(at: number): number {
    return this.#block * this.#blockSlots + at % this.#blockSlots;
  }

  /** Changes a slot of an event, if the event is still there. */
  set(address: number, offset: number, value: number): void {
    const isThere = address >= (this.#block - BLOCKS + 1) * this.#blockSlots;
    if (isThere) this.slots[address % this.slots.length + offset] = value;
  }

  /** The event that was appended last is the last one that names a buffer. */
  end(buffer: number): void {
    this.#ended[this.#block % BLOCKS]?.push(buffer);
  }

  /** Copies the last events, as many as the ring is for. */
  copy(): RingCopy {
    const { slots } = this;
    const starts = [...this.#starts()];
    const isEvent = (at: number) => kindOf(slots[at] as number) !== TIME;
    const count = starts.reduce((sum, at) => sum + (isEvent(at) ? 1 : 0), 0);
    const copy = new Float64Array(starts.reduce((sum, at) => sum + sizeOf(slots[at] as number), 0));
    let [length, excess] = [0, Math.max(0, count - this.#limit)];
    for (const at of starts) {
      const isLost = excess > 0;
      if (isLost && isEvent(at)) excess--;
      // Of what is lost only the last time counts.
      else if (isLost) length = 0;
      if (isLost && isEvent(at)) continue;
      const size = sizeOf(slots[at] as number);
      for (let offset = 0; offset < size; offset++) copy[length++] = slots[at + offset] as number;
    }
    return { slots: copy.slice(0, length), lost: this.#appended - Math.min(count, this.#limit) };
  }

  /** Where events and times begin, the oldest first. */
  *#starts(): Generator<number, void> {
    const { slots } = this;
    for (let block = Math.max(0, this.#block - BLOCKS + 1); block <= this.#block; block++) {
      const start = block % BLOCKS * this.#blockSlots;
      const end = block === this.#block ? this.#at : start + this.#blockSlots;
      for (let at = start; at < end && slots[at] !== NOTHING; at += sizeOf(slots[at] as number)) yield at;
    }
  }

  /** The time now, at which the next event happens at the earliest. */
  now(): number {
    this.#sameTimeUntil = 0;
    return this.#timeline.now();
  }

  /** Makes room for an event, and writes its time unless it is that of the one before. */
  #prepare(length: number): void {
    const time = this.#timeline.now();
    const passed = time - this.#time;
    const isFull = this.#at + TIME_SLOTS + length > this.#end;
    if (isFull) this.#beginBlock();
    if (isFull || passed !== 0) this.#writeTime(time);
    const shared = this.#timeline.share(passed);
    this.#sameTimeUntil = Math.min(this.#end, this.#at + length + shared);
    if (shared === 0 || this.#willExpire) return;
    this.#willExpire = true;
    queueMicrotask(this.#expire);
  }

  #writeTime(time: number): void {
    this.slots[this.#at] = TIME + KINDS * TIME_SLOTS;
    this.slots[this.#at + 1] = time;
    this.#at += TIME_SLOTS;
    this.#time = time;
  }

  #beginBlock(): void {
    if (this.#at < this.#end) this.slots[this.#at] = NOTHING;
    this.#block++;
    this.#at = this.#block % BLOCKS * this.#blockSlots;
    this.#end = this.#at + this.#blockSlots;
    for (const buffer of this.#ended[this.#block % BLOCKS]?.splice(0) ?? []) this.#forget(buffer);
  }
}

/** The kind of the event whose first slot this is. */
export function kindOf(first: number): number {
  return first & (KINDS - 1);
}

/** The number of slots of the event whose first slot this is. */
export function sizeOf(first: number): number {
  return (first / KINDS) & (MOST_SLOTS - 1);
}

/** The buffer of the event whose first slot this is; -1 if it has none. */
export function bufferOf(first: number): number {
  return Math.floor(first / (KINDS * MOST_SLOTS)) - 1;
}
