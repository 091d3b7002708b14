/** Slots that are there for each event on average; most events need 3 to 18. */
const SLOTS_PER_EVENT = 12;
/** The ring is overwritten by a block at a time. */
const BLOCKS = 16;
/** Slots of a small block: the largest event fits. */
const LEAST_SLOTS = 1024;
/** The first slot of an event holds its kind and the number of its slots: `kind + KINDS * slots`. */
const KINDS = 32;
/** Where a first slot could be, after the last event of a block. */
const NOTHING = 0;

/** A copy of the events in a ring. */
export interface RingCopy {
  /** The slots of the events, the oldest first. */
  readonly slots: Float64Array;
  /** Number of events that were lost before the oldest. */
  readonly lost: number;
}

/**
 * The last events of a device, as numbers in one array of a fixed size. The first two slots of an event are its kind,
 * from 1, and its time. When the ring is full, its oldest block of events is lost, so that most events are written
 * without a look at those that they replace.
 */
export class EventRing {
  /** The slots; those of one event are neighbours. */
  readonly slots: Float64Array;
  #limit: number;
  #blockSlots: number;
  /** The number of the current block since the beginning, and where in the slots its free part begins and ends. */
  #block = 0;
  #at = 0;
  #end: number;
  #lastAt = 0;
  #appended = 0;
  #forget: (buffer: number) => void;
  /** For each block, the buffers that no event after it names. */
  #ended: number[][] = Array.from({ length: BLOCKS }, () => []);

  /** A ring for a number of events. `forget` is called for buffers that no event names any more. */
  constructor(events: number, forget: (buffer: number) => void) {
    this.#limit = events;
    this.#blockSlots = Math.max(LEAST_SLOTS, Math.ceil(events * SLOTS_PER_EVENT / (BLOCKS - 1)));
    this.slots = new Float64Array(BLOCKS * this.#blockSlots);
    this.#end = this.#blockSlots;
    this.#forget = forget;
  }

  /** Number of events that were appended, and may be lost since. */
  get appended(): number {
    return this.#appended;
  }

  /** The address of the event that was appended last: the number of its first slot since the beginning. */
  get lastAddress(): number {
    return this.#block * this.#blockSlots + this.#lastAt % this.#blockSlots;
  }

  /** Appends an event; returns where in the slots it begins. The caller fills in all slots but the first two. */
  append(kind: number, length: number, time: number): number {
    const { slots } = this;
    if (this.#at + length > this.#end) this.#beginBlock();
    const at = this.#at;
    slots[at] = kind + KINDS * length;
    slots[at + 1] = time;
    this.#at = at + length;
    this.#lastAt = at;
    this.#appended++;
    return at;
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
    const starts: number[] = [];
    for (let block = Math.max(0, this.#block - BLOCKS + 1); block <= this.#block; block++) {
      const start = block % BLOCKS * this.#blockSlots;
      const end = block === this.#block ? this.#at : start + this.#blockSlots;
      for (let at = start; at < end && slots[at] !== NOTHING; at += sizeOf(slots[at] as number)) starts.push(at);
    }
    const kept = starts.slice(-this.#limit);
    const copy = new Float64Array(kept.reduce((sum, at) => sum + sizeOf(slots[at] as number), 0));
    let length = 0;
    for (const at of kept) {
      const size = sizeOf(slots[at] as number);
      for (let offset = 0; offset < size; offset++) copy[length++] = slots[at + offset] as number;
    }
    return { slots: copy, lost: this.#appended - kept.length };
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
  return (first / KINDS) | 0;
}
