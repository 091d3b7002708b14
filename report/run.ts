import type { DeviceRecord, RecordedMemoryType } from "@ttm/explain";

/** A record to show, and what its reader has to know about it. */
export interface ReportedRecord extends DeviceRecord {
  /** What its times count: milliseconds of a clock, or steps where the times are not known. @default {"ms"} */
  readonly time?: "ms" | "steps";
  /** What the record does not say, a sentence each. @default {none} */
  readonly notes?: readonly string[];
}

/** How a stay began. */
export const CAME = ["before the record", "new", "moved", "evicted"] as const;
/** How a stay ended. */
export const WENT = ["stays", "moved", "evicted", "freed", "destroyed"] as const;
/** What happened to a buffer, by its number in {@linkcode TouchColumns}. */
export const TOUCHES = ["use", "pin", "unpin", "priority 0", "priority 1", "priority 2", "priority 3"] as const;
/** The number of the touch that sets the lowest priority; those of the others follow. */
export const LOWEST_PRIORITY: number = TOUCHES.indexOf("priority 0");

/** The number of something that is not there, in columns of numbers of rows. */
export const NONE = -1;

/** One row for each buffer. */
export interface BufferColumns {
  /** Its number in the record. */
  readonly id: Float64Array;
  /** Numbers of texts. */
  readonly label: Int32Array;
  readonly tag: Int32Array;
  readonly client: Int32Array;
  readonly bytes: Float64Array;
  readonly pages: Float64Array;
  /** At its creation. */
  readonly priority: Int32Array;
  readonly created: Float64Array;
  /** Infinity if it is there at the end. */
  readonly destroyed: Float64Array;
  readonly evictions: Int32Array;
  /** Bytes that were copied for it. */
  readonly moved: Float64Array;
}

/** One row for each stay of a buffer in a place, in the order in which they began. */
export interface StayColumns {
  /** Row of the buffer. */
  readonly buffer: Int32Array;
  /** Number of the memory type. */
  readonly type: Int32Array;
  /** First page. */
  readonly start: Float64Array;
  readonly from: Float64Array;
  readonly until: Float64Array;
  /** Number of the event that began it. */
  readonly order: Float64Array;
  readonly came: Int32Array;
  /** Number of a memory type. */
  readonly cameFrom: Int32Array;
  /** Row of an operation. */
  readonly cameBy: Int32Array;
  readonly went: Int32Array;
  readonly wentTo: Int32Array;
  readonly wentBy: Int32Array;
  /** Row of the eviction that ended it. */
  readonly eviction: Int32Array;
}

/** One row for each eviction. */
export interface EvictionColumns {
  readonly time: Float64Array;
  readonly buffer: Int32Array;
  readonly from: Int32Array;
  readonly to: Int32Array;
  /** Row of the buffer that needed the memory. */
  readonly forBuffer: Int32Array;
  /** How many pages were needed, and in which memory type and range. */
  readonly pages: Float64Array;
  readonly place: Int32Array;
  readonly fpfn: Float64Array;
  readonly lpfn: Float64Array;
  /** Place of the victim in the walk over the order of eviction. */
  readonly position: Int32Array;
  readonly operation: Int32Array;
  /** Where its candidates that were passed over end in `passed` and `reason`; they begin where those before end. */
  readonly passedEnd: Int32Array;
  /** Rows of buffers, and numbers of texts. */
  readonly passed: Int32Array;
  readonly reason: Int32Array;
}

/** One row for each operation that something names. */
export interface OperationColumns {
  readonly id: Float64Array;
  /** Number of a text. */
  readonly name: Int32Array;
  readonly buffer: Int32Array;
  readonly submission: Float64Array;
}

/** One row for each use, first pin, last unpin and change of priority. */
export interface TouchColumns {
  readonly time: Float64Array;
  readonly order: Float64Array;
  readonly buffer: Int32Array;
  readonly kind: Int32Array;
}

/** Something that failed. */
export interface Failure {
  readonly time: number;
  readonly buffer: number;
  readonly operation: number;
  readonly code: string;
  readonly message: string;
}

/** Figures over time, each with as many values as there are times. */
export interface Series {
  readonly times: Float64Array;
  readonly values: readonly Float64Array[];
}

/** What went from one memory type to another, in bins of equal length. */
export interface Flow {
  /** Number of the memory type; that of none if the buffer was new. */
  readonly from: number;
  readonly to: number;
  readonly moves: Float64Array;
  readonly bytes: Float64Array;
}

/** Figures of a whole run. */
export interface Totals {
  readonly events: number;
  readonly buffers: number;
  readonly stays: number;
  readonly evictions: number;
  readonly failures: number;
  readonly failedMoves: number;
  readonly bytesMoved: number;
  readonly waits: number;
  /** Sum of the times of all waits. */
  readonly waited: number;
  readonly swappedOut: number;
  readonly swappedIn: number;
}

/** A record in columns, ready to be drawn. Times count from its first event. */
export interface Run {
  readonly name: string;
  readonly driver: string;
  readonly policy: string;
  readonly pageSize: number;
  readonly time: "ms" | "steps";
  readonly notes: readonly string[];
  /** What the clock showed at the first event. */
  readonly start: number;
  readonly duration: number;
  readonly types: readonly RecordedMemoryType[];
  readonly texts: readonly string[];
  readonly totals: Totals;
  readonly buffers: BufferColumns;
  readonly stays: StayColumns;
  readonly evictions: EvictionColumns;
  readonly operations: OperationColumns;
  readonly touches: TouchColumns;
  readonly failures: readonly Failure[];
  /** Pages in use, one array for each memory type. */
  readonly used: Series;
  /** From 0 to 1, NaN without a range manager; one array for each memory type. */
  readonly fragmentation: Series;
  readonly flows: readonly Flow[];
}
