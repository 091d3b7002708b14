/** Slots that are there for each event; most events need 3 to 17. */
const SLOTS_PER_EVENT = 12;
/** Slots of a small ring: the largest events fit, more than once. */
const LEAST_SLOTS = 2048;
/** The first slot of an event holds its kind and the number of its slots: `kind + KINDS * slots`. */
const KINDS = 32;
/** The kind of the slots at the end of the ring that are too few for the event that comes next. */
const UNUSED = 0;

/** Told of an event that is lost, and where in the slots it begins. */
type Lose = (kind: number, at: number) => void;

/**
 * The last events of a device, as numbers in one array of a fixed size. The first two slots of an event are its kind,
 * from 1, and its time. When the ring is full, the oldest events are lost.
 */
export class EventRing {
  /** The slots; those of one event are neighbours. */
  readonly slots: Float64Array;
  /** Number of events that were lost. */
  lost = 0;
  #limit: number;
  #lose: Lose;
  #count = 0;
  // Addresses count slots since the beginning, so that they tell whether an event is still there.
  #head = 0;
  #tail = 0;
  #headAt = 0;
  #tailAt = 0;
  #lastLength = 0;

  /** A ring for a number of events; `lose` is told of each event before it is overwritten. */
  constructor(events: number, lose: Lose) {
    this.slots = new Float64Array(Math.max(LEAST_SLOTS, events * SLOTS_PER_EVENT));
    this.#limit = events;
    this.#lose = lose;
  }

  /** Number of events that are there. */
  get count(): number {
    return this.#count;
  }

  /** The address of the event that was appended last. */
  get lastAddress(): number {
    return this.#head - this.#lastLength;
  }

  /** Appends an event; returns where in the slots it begins. The caller fills in all slots but the first two. */
  append(kind: number, length: number, time: number): number {
    const { slots } = this;
    const left = slots.length - this.#headAt;
    const skipped = length <= left ? 0 : left;
    while (this.#count >= this.#limit || this.#head + skipped + length - this.#tail > slots.length) this.#loseOldest();
    if (skipped > 0) {
      slots[this.#headAt] = UNUSED + KINDS * skipped;
      this.#head += skipped;
      this.#headAt = 0;
    }
    const at = this.#headAt;
    slots[at] = kind + KINDS * length;
    slots[at + 1] = time;
    this.#head += length;
    this.#headAt = at + length === slots.length ? 0 : at + length;
    this.#lastLength = length;
    this.#count++;
    return at;
  }

  /** Changes a slot of an event, if the event is still there. */
  set(address: number, offset: number, value: number): void {
    if (address >= this.#tail) this.slots[address % this.slots.length + offset] = value;
  }

  /** The slots of all events, the oldest first, without gaps. */
  copy(): Float64Array {
    const { slots } = this;
    const copy = new Float64Array(this.#head - this.#tail);
    let length = 0;
    let at = this.#tailAt;
    for (let left = this.#count; left > 0;) {
      const first = slots[at] as number;
      const size = sizeOf(first);
      if (kindOf(first) !== UNUSED) {
        copy.set(slots.subarray(at, at + size), length);
        length += size;
        left--;
      }
      at = at + size === slots.length ? 0 : at + size;
    }
    return copy.slice(0, length);
  }

  #loseOldest(): void {
    const first = this.slots[this.#tailAt] as number;
    const kind = kindOf(first);
    if (kind !== UNUSED) {
      this.#lose(kind, this.#tailAt);
      this.#count--;
      this.lost++;
    }
    const size = sizeOf(first);
    this.#tail += size;
    this.#tailAt = this.#tailAt + size === this.slots.length ? 0 : this.#tailAt + size;
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
