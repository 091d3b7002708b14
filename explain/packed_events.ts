import { kindOf, sizeOf } from "./event_ring.ts";
import { getText } from "./packed_text.ts";
import type { BufferEvent, EvictionCause, PassedOver, PassedOverReason, RecordedPlace, RecordEvent } from "./record.ts";

/** Kinds of packed events. Those of {@linkcode BUFFER_EVENTS} follow after them, in its order. */
export const OPERATION = 1;
export const MOVE = 2;
export const FAILURE = 3;
export const WAIT = 4;
export const CREATE = 5;
const FIRST_OF_BUFFER = 6;

const BUFFER_EVENTS: readonly BufferEvent["kind"][] = [
  "use",
  "pin",
  "unpin",
  "purge",
  "swap-out",
  "swap-in",
  "free",
  "destroy",
];

/** The packed kind of an event that names a buffer and no more. */
export function kindOfBufferEvent(kind: BufferEvent["kind"]): number {
  return FIRST_OF_BUFFER + BUFFER_EVENTS.indexOf(kind);
}

/** The reasons why a candidate was passed over; a packed one is its number here. */
export const REASONS: readonly PassedOverReason[] = [
  "reserved",
  "pinned",
  "busy",
  "hinted",
  "protected",
  "not valuable",
  "outside the range",
  "cannot be moved",
  "same submission",
  "not adjacent",
  "nothing to swap out",
  "outside the group",
];
/** A passed over candidate is packed as `buffer * SOME_REASONS + reason`. */
export const SOME_REASONS = 16;

/** What {@linkcode WaitEvent.what} is packed as: its number here. */
export const WAITED_FOR = ["fence", "reservation", "room"] as const;

/** Slots of a move that is no eviction, and of the fixed part of an eviction. */
export const MOVE_SLOTS = 11;
export const EVICTION_SLOTS = 18;
/** Where in a move and in a wait its end is. */
export const MOVE_END = 7;
export const WAIT_END = 5;

/** Strings that are packed as their numbers: a few dozen names of memory types, calls and codes. */
export class Names {
  #names: string[] = [];

  /** The number of a name. */
  numberOf(name: string): number {
    const names = this.#names;
    // Comparing few names is faster than hashing one.
    for (let at = 0; at < names.length; at++) if (names[at] === name) return at;
    return names.push(name) - 1;
  }

  /** The name of a number. */
  nameOf(number: number): string {
    return this.#names[number] ?? "";
  }
}

/** Reads all events from slots; those that create a buffer are given. */
export function* unpack(
  slots: Float64Array,
  names: Names,
  creation: (buffer: number) => RecordEvent,
): Generator<RecordEvent, void> {
  for (let at = 0; at < slots.length; at += sizeOf(slots[at] as number)) yield unpackOne(slots, at, names, creation);
}

function unpackOne(
  slots: Float64Array,
  at: number,
  names: Names,
  creation: (buffer: number) => RecordEvent,
): RecordEvent {
  const kind = kindOf(slots[at] as number);
  const of = (offset: number) => slots[at + offset] as number;
  const time = of(1);
  switch (kind) {
    case CREATE:
      return creation(of(2));
    case OPERATION:
      return {
        kind: "operation",
        time,
        operation: of(2),
        name: names.nameOf(of(3)),
        buffer: orNull(of(4)),
        submission: orNull(of(5)),
      };
    case MOVE:
      return unpackMove(slots, at, names);
    case FAILURE:
      return {
        kind: "failure",
        time,
        operation: of(2),
        buffer: orNull(of(3)),
        code: names.nameOf(of(4)),
        message: getText(slots, at + 5),
      };
    case WAIT: {
      const end = of(WAIT_END);
      return {
        kind: "wait",
        time,
        operation: of(2),
        what: WAITED_FOR[of(3)] ?? "fence",
        buffer: orNull(of(4)),
        end: Number.isNaN(end) ? null : end,
      };
    }
    default: {
      const name = BUFFER_EVENTS[kind - FIRST_OF_BUFFER] ?? "use";
      const event = { kind: name, time, buffer: of(2) };
      if (name === "free") return { ...event, place: { memoryType: names.nameOf(of(3)), start: of(4) } };
      return sizeOf(slots[at] as number) > 3 ? { ...event, operation: of(3) } : event;
    }
  }
}

function unpackMove(slots: Float64Array, at: number, names: Names): RecordEvent {
  const of = (offset: number) => slots[at + offset] as number;
  const place = (offset: number): RecordedPlace => {
    return { memoryType: names.nameOf(of(offset)), start: of(offset + 1) };
  };
  const end = of(MOVE_END);
  return {
    kind: "move",
    time: of(1),
    buffer: of(2),
    from: of(3) < 0 ? null : place(3),
    to: place(5),
    dropped: of(10) === 1,
    failure: of(8) < 0 ? null : names.nameOf(of(8)),
    end: Number.isNaN(end) ? null : end,
    operation: of(9),
    eviction: sizeOf(of(0)) === MOVE_SLOTS ? null : unpackEviction(slots, at, names),
  };
}

function unpackEviction(slots: Float64Array, at: number, names: Names): EvictionCause {
  const of = (offset: number) => slots[at + offset] as number;
  const passedOver: PassedOver[] = [];
  for (let offset = EVICTION_SLOTS; offset < EVICTION_SLOTS + of(17); offset++) {
    const packed = of(offset);
    const buffer = Math.floor(packed / SOME_REASONS);
    passedOver.push({ buffer, reason: REASONS[packed - buffer * SOME_REASONS] as PassedOverReason });
  }
  return {
    forBuffer: orNull(of(11)),
    pages: of(12),
    place: of(13) < 0 ? null : { memoryType: names.nameOf(of(13)), fpfn: of(14), lpfn: of(15) },
    position: of(16),
    passedOver,
  };
}

function orNull(number: number): number | null {
  return number < 0 ? null : number;
}
