/** Why a buffer was not evicted to make room. */
export type KeptReason =
  | "pinned"
  | "reserved"
  | "protected"
  | "outside the group"
  | "outside the range"
  | "busy"
  | "cannot leave";

/** A buffer that was not evicted to make room. */
export interface KeptBuffer {
  /** Its number, and its label if it has one. */
  readonly buffer: string;
  /** Size in pages. */
  readonly pages: number;
  /** Why it was not evicted. */
  readonly reason: KeptReason;
}

/** The max of a group that kept a buffer out of a memory type. */
export interface ReachedLimit {
  /** Name of the group. */
  readonly group: string;
  /** What it may use of the memory type, with the groups below it, in bytes. */
  readonly max: number;
  /** What it used at that time, in bytes. */
  readonly usedBytes: number;
}

/** One place that was tried. */
export interface TriedPlace {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** First page of the range. */
  readonly fpfn: number;
  /** First page after the range; null for the end of the memory type. */
  readonly lpfn: number | null;
  /** Whether buffers could be evicted for it. */
  readonly evicting: boolean;
  /**
   * Why it was not used. `"not in use"`: the memory type takes no new resources, see `BoDevice.setUsed`; `"never
   * fits"`: the request would not fit if the range were empty, so no buffer was evicted for it; `"limit"`: with it the
   * buffer's group, or one above it, would use more than its max.
   */
  readonly problem: "no manager" | "not in use" | "caching not available" | "never fits" | "limit" | "no room";
  /** The max that kept the buffer out if the problem is `"limit"`; else null. */
  readonly limit: ReachedLimit | null;
  /** Free pages of the memory type; 0 for SYSTEM, which is unlimited. */
  readonly freePages: number;
  /** Pages of its largest free range, if there was no room and its manager reports it; else null. */
  readonly largestHole: number | null;
  /**
   * Number of buffers of the memory type that were not evicted, by reason; all 0 if none could be evicted for the
   * place.
   */
  readonly kept: Readonly<Record<KeptReason, number>>;
}

/** The usage of a memory type. */
export interface TypeUsage {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** Size in pages; 0 for SYSTEM, which is unlimited. */
  readonly pages: number;
  /** Pages in use. */
  readonly usedPages: number;
  /** Number of resources in it. */
  readonly residents: number;
}

/**
 * The report of an `ENOMEM`: why no room was found. All but {@linkcode kept} is the state at the time of the failure.
 */
export interface NoRoomReport {
  /** Requested size, in pages. */
  readonly pages: number;
  /** Alignment of the start, in pages. */
  readonly alignment: number;
  /** Each place, in the order in which it was tried. */
  readonly tried: readonly TriedPlace[];
  /** Every memory type of the device. */
  readonly usage: readonly TypeUsage[];
  /**
   * The first 32 buffers that cannot be evicted, by number; looked up when the report is first read, so that an unread
   * report costs no walk. Buffers that were moved or released since the failure may be missing.
   */
  readonly kept: readonly KeptBuffer[];
}

/** The part of a report that is recorded at the failure: its cost does not depend on the number of buffers. */
export type NoRoomFigures = Omit<NoRoomReport, "kept">;

/** The counts of a place where no buffer failed to be evicted. */
export function nobodyKept(): Record<KeptReason, number> {
  return {
    "pinned": 0,
    "reserved": 0,
    "protected": 0,
    "outside the group": 0,
    "outside the range": 0,
    "busy": 0,
    "cannot leave": 0,
  };
}
