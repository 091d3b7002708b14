import { bufferOf, kindOf, sizeOf, TIME } from "./event_ring.ts";
import { getText } from "./packed_text.ts";
import type { BufferEvent, EvictionCause, PassedOver, PassedOverReason, RecordedPlace, RecordEvent } from "./record.ts";

/** Kinds of packed events. Those of {@linkcode BUFFER_EVENTS} follow after them, in its order. */
export const OPERATION = 2;
export const MOVE = 3;
export const FAILURE = 4;
export const WAIT = 5;
export const CREATE = 6;
export const PRIORITY = 7;
const FIRST_OF_BUFFER = 8;

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

/**
 * Slots of a move: the first, {@linkcode packMove}, the first page before and after, the operation; then, if it had not
 * ended at once, its end.
 */
export const MOVE_SLOTS = 5;
export const MOVE_END = 5;
/**
 * Slots of an eviction, which follow: for which buffer, pages, {@linkcode packCause}, fpfn and lpfn; then those that were
 * passed over.
 */
export const CAUSE_SLOTS = 5;
/** Where in a wait its end is. */
export const WAIT_END = 3;

/** Numbers of names are below it. */
const NAMES = 1 << 9;

/** Packs numbers of names, `to` from 0, the others from -1 for none, and two flags into 29 bits. */
export function packMove(from: number, to: number, failure: number, dropped: boolean, pending: boolean): number {
  return ((failure + 1) * NAMES + from + 1) * NAMES + to << 2 | (dropped ? 1 : 0) | (pending ? 2 : 0);
}

/** Packs the memory type of a place, -1 for none, and the position. */
export function packCause(memoryType: number, position: number): number {
  return memoryType + 1 + NAMES * position;
}

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
  let time = 0;
  for (let at = 0; at < slots.length; at += sizeOf(slots[at] as number)) {
    if (kindOf(slots[at] as number) === TIME) time = slots[at + 1] as number;
    else yield unpackOne(slots, at, time, names, creation);
  }
}

function unpackOne(
  slots: Float64Array,
  at: number,
  time: number,
  names: Names,
  creation: (buffer: number) => RecordEvent,
): RecordEvent {
  const first = slots[at] as number;
  const kind = kindOf(first);
  const buffer = bufferOf(first);
  const of = (offset: number) => slots[at + offset] as number;
  switch (kind) {
    case CREATE:
      return creation(buffer);
    case OPERATION: {
      const submission = sizeOf(first) > 3 ? of(3) : null;
      return {
        kind: "operation",
        time,
        operation: of(1),
        name: names.nameOf(of(2)),
        buffer: orNull(buffer),
        submission,
      };
    }
    case MOVE:
      return unpackMove(slots, at, time, names);
    case FAILURE: {
      const [code, message] = [names.nameOf(of(2)), getText(slots, at + 3)];
      return { kind: "failure", time, operation: of(1), buffer: orNull(buffer), code, message };
    }
    case PRIORITY:
      return { kind: "priority", time, buffer, from: of(1), to: of(2) };
    case WAIT: {
      const [what, end] = [WAITED_FOR[of(2)] ?? "fence", orPending(of(WAIT_END))];
      return { kind: "wait", time, operation: of(1), what, buffer: orNull(buffer), end };
    }
    default: {
      const name = BUFFER_EVENTS[kind - FIRST_OF_BUFFER] ?? "use";
      const event = { kind: name, time, buffer };
      if (name === "free") return { ...event, place: { memoryType: names.nameOf(of(1)), start: of(2) } };
      return sizeOf(first) > 1 ? { ...event, operation: of(1) } : event;
    }
  }
}

function unpackMove(slots: Float64Array, at: number, time: number, names: Names): RecordEvent {
  const of = (offset: number) => slots[at + offset] as number;
  const flags = of(1) & 3;
  const packed = of(1) >> 2;
  const place = (name: number, start: number): RecordedPlace => ({ memoryType: names.nameOf(name), start });
  const from = (packed / NAMES | 0) % NAMES - 1;
  const failure = (packed / NAMES / NAMES | 0) - 1;
  const length = MOVE_SLOTS + ((flags & 2) === 0 ? 0 : 1);
  return {
    kind: "move",
    time,
    buffer: bufferOf(of(0)),
    from: from < 0 ? null : place(from, of(2)),
    to: place(packed % NAMES, of(3)),
    dropped: (flags & 1) === 1,
    failure: failure < 0 ? null : names.nameOf(failure),
    end: (flags & 2) === 0 ? time : orPending(of(MOVE_END)),
    operation: of(4),
    eviction: sizeOf(of(0)) === length ? null : unpackCause(slots.subarray(at + length, at + sizeOf(of(0))), names),
  };
}

function unpackCause(slots: Float64Array, names: Names): EvictionCause {
  const [forBuffer, pages, packed, fpfn, lpfn, ...named] = slots as unknown as [number, number, number, number, number];
  const memoryType = packed % NAMES - 1;
  return {
    forBuffer: orNull(forBuffer),
    pages,
    place: memoryType < 0 ? null : { memoryType: names.nameOf(memoryType), fpfn, lpfn },
    position: Math.floor(packed / NAMES),
    passedOver: named.map(unpackPassedOver),
  };
}

function unpackPassedOver(packed: number): PassedOver {
  const buffer = Math.floor(packed / SOME_REASONS);
  return { buffer, reason: REASONS[packed - buffer * SOME_REASONS] as PassedOverReason };
}

function orNull(number: number): number | null {
  return number < 0 ? null : number;
}

function orPending(time: number): number | null {
  return Number.isNaN(time) ? null : time;
}
