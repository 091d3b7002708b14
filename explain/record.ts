/** A range of a memory type that a buffer has or was to get. */
export interface RecordedPlace {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** First page; 0 in SYSTEM. */
  readonly start: number;
}

/** A memory type of a recorded device. */
export interface RecordedMemoryType {
  /** Its name, for example `"vram"`. */
  readonly name: string;
  /** Its size in pages; null if it has no limit, as SYSTEM. */
  readonly pages: number | null;
  /** Name of its range manager, null if it has none. */
  readonly manager: string | null;
}

/** What a record is of. */
export interface RecordHeader {
  /** Always `"ttm-record"`. */
  readonly format: "ttm-record";
  /** Version of the format. */
  readonly version: 1;
  /** A name of the run, for legends: `"carchase, lru"`. */
  readonly run: string;
  /** Size of a page in bytes. */
  readonly pageSize: number;
  /** Name of the driver. */
  readonly driver: string;
  /** Name of the eviction policy. */
  readonly policy: string;
  /** All memory types, SYSTEM first. */
  readonly memoryTypes: readonly RecordedMemoryType[];
  /** How many events were lost before the first one that is there, because the ring was full. */
  readonly lost: number;
}

/** The moment of an event. */
export interface At {
  /** Milliseconds on the device's clock; never smaller than that of an earlier event. */
  readonly time: number;
}

/** A buffer was created. Ids count from 0 in the order of creation. */
export interface CreateEvent extends At {
  /** Which kind of event. */
  readonly kind: "create";
  /** The buffer, by its id. */
  readonly buffer: number;
  /** The label of the buffer, or `""`. */
  readonly label: string;
  /** The purpose of the buffer as a workload names it, or `""`. */
  readonly tag: string;
  /** The client that owns the buffer, or `""`. */
  readonly client: string;
  /** Size in bytes, as it was asked for. */
  readonly size: number;
  /** Size in pages. */
  readonly pages: number;
  /** Priority at its creation, 0 to 3: buffers of a lower one are evicted first. @default {0} */
  readonly priority?: number;
}

/** A call of the device's user began: everything that names the operation was caused by it. */
export interface OperationEvent extends At {
  /** Which kind of event. */
  readonly kind: "operation";
  /** Counts from 1; 0 stands for background work. */
  readonly operation: number;
  /** For example `"validate"`, `"submit"`, `"populate"`, `"read"`, `"write"`, `"map"`, `"swapOut"`, `"evictFirst"`. */
  readonly name: string;
  /** The buffer that it serves, null if it serves none or many. */
  readonly buffer: number | null;
  /** The submission that it is part of, null if none. */
  readonly submission: number | null;
}

/** Why a candidate was not evicted. */
export type PassedOverReason =
  | "reserved"
  | "pinned"
  | "busy"
  | "hinted"
  | "protected"
  | "not valuable"
  | "outside the range"
  | "cannot be moved"
  | "same submission"
  | "not adjacent"
  | "nothing to swap out"
  | "outside the group";

/** A candidate that came earlier in the order of eviction than the victim, and was not taken. */
export interface PassedOver {
  /** The buffer, by its id. */
  readonly buffer: number;
  /** Why it was not taken. */
  readonly reason: PassedOverReason;
}

/** Why a buffer was evicted. */
export interface EvictionCause {
  /** The buffer that needs the memory, null if none does (`evictAll`, `swapOut`, …). */
  readonly forBuffer: number | null;
  /** Pages that are needed. */
  readonly pages: number;
  /** The memory type in which they are needed, and the range of pages allowed there; `lpfn` 0 stands for the end. */
  readonly place: { readonly memoryType: string; readonly fpfn: number; readonly lpfn: number } | null;
  /** Place of the victim in the walk over the order of eviction, from 0. */
  readonly position: number;
  /** Candidates before it in that walk; at most 16, the first ones. */
  readonly passedOver: readonly PassedOver[];
}

/** A move of a buffer was attempted: a bind, copy, clear or eviction. */
export interface MoveEvent extends At {
  /** Which kind of event. */
  readonly kind: "move";
  /** The buffer, by its id. */
  readonly buffer: number;
  /** null if it had no resource. */
  readonly from: RecordedPlace | null;
  /** Where it was to go. */
  readonly to: RecordedPlace;
  /** Whether nothing was copied, because a store has the contents. */
  readonly dropped: boolean;
  /** null on success, else the code of the error, or `"EMULTIHOP"`. */
  readonly failure: string | null;
  /** When the fence of the copy signalled; `time` if there is none, null if it has not signalled by the end. */
  readonly end: number | null;
  /** The operation that caused it; 0 for background work. */
  readonly operation: number;
  /** The move is an eviction: why; null for others. */
  readonly eviction: EvictionCause | null;
}

/** An allocation or another call failed. */
export interface FailureEvent extends At {
  /** Which kind of event. */
  readonly kind: "failure";
  /** The operation that failed or waited; 0 for background work. */
  readonly operation: number;
  /** The buffer that it was about, null if none. */
  readonly buffer: number | null;
  /** Code of the error, for example `"ENOMEM"`. */
  readonly code: string;
  /** The message, with the report of what holds the room. */
  readonly message: string;
}

/** An operation waited. */
export interface WaitEvent extends At {
  /** Which kind of event. */
  readonly kind: "wait";
  /** The operation that failed or waited; 0 for background work. */
  readonly operation: number;
  /** What for. */
  readonly what: "fence" | "reservation" | "room";
  /** The buffer whose fence, reservation or room it was; null if unknown. */
  readonly buffer: number | null;
  /** When it went on; null if it has not by the end. */
  readonly end: number | null;
}

/** The priority of a buffer was changed. */
export interface PriorityEvent extends At {
  /** Which kind of event. */
  readonly kind: "priority";
  /** The buffer, by its id. */
  readonly buffer: number;
  /** Priority before, 0 to 3. */
  readonly from: number;
  /** Priority from now on, 0 to 3. */
  readonly to: number;
}

/** Something happened to a buffer that has no more to tell. */
export interface BufferEvent extends At {
  /**
   * - `"use"`: its reservation was released, so that it counts as used in the order of eviction.
   * - `"pin"`, `"unpin"`: first pin, last unpin.
   * - `"purge"`: its contents were discarded.
   * - `"swap-out"`, `"swap-in"`: its pages went to the store and came back.
   * - `"free"`: its place in the memory type became free without a move.
   * - `"destroy"`: it is gone.
   */
  readonly kind: "use" | "pin" | "unpin" | "purge" | "swap-out" | "swap-in" | "free" | "destroy";
  /** The buffer, by its id. */
  readonly buffer: number;
  /** The operation that caused a purge or swap; 0 for background work, absent from other events. */
  readonly operation?: number;
  /** The place that became free; absent from other events than `"free"`. */
  readonly place?: RecordedPlace;
}

/** One thing that happened on a device. */
export type RecordEvent =
  | CreateEvent
  | OperationEvent
  | MoveEvent
  | FailureEvent
  | WaitEvent
  | PriorityEvent
  | BufferEvent;

/** What a device did, and why. As a file: a line of JSON for the header, then a line for each event. */
export interface DeviceRecord {
  /** What it is of. */
  readonly header: RecordHeader;
  /** In the order in which they happened. */
  readonly events: Iterable<RecordEvent>;
}
