/** Why a buffer that stood in the way was not evicted. */
export type KeptReason = "pinned" | "reserved" | "outside the range" | "busy" | "cannot leave";

/** A buffer that stood in the way. */
export interface KeptBuffer {
  /** Its number, and its label if it has one. */
  readonly buffer: string;
  /** Size in pages. */
  readonly pages: number;
  /** Why it stayed. */
  readonly reason: KeptReason;
}

/** One place that was tried. */
export interface TriedPlace {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** First page of the range. */
  readonly fpfn: number;
  /** End of the range; null for the end of the type. */
  readonly lpfn: number | null;
  /** Whether buffers were to be evicted for it. */
  readonly evicting: boolean;
  /**
   * Why it did not do. `"not in use"`: nothing new is placed there, see `BoDevice.setUsed`; `"never fits"`: there would be no
   * room if the range were empty, and nobody was evicted for it.
   */
  readonly problem: "no manager" | "not in use" | "caching not available" | "never fits" | "no room";
  /** Pages of the type that nobody has; 0 for SYSTEM, which is unlimited. */
  readonly freePages: number;
  /** Pages of its largest hole, if there was no room and its manager knows; else null. */
  readonly largestHole: number | null;
  /** How many buffers of the type stayed, by reason; all 0 where none was to be evicted. */
  readonly kept: Readonly<Record<KeptReason, number>>;
}

/** Who holds a memory type. */
export interface TypeUsage {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** Size in pages; 0 for SYSTEM, which is unlimited. */
  readonly pages: number;
  /** Pages in use. */
  readonly usedPages: number;
  /** Resources in it. */
  readonly residents: number;
}

/** Why no room was found: what an `ENOMEM` carries. All but {@linkcode kept} is of the moment of the failure. */
export interface NoRoomReport {
  /** Size asked for, in pages. */
  readonly pages: number;
  /** What its start had to be a multiple of, in pages. */
  readonly alignment: number;
  /** Each place, in the order in which it was tried. */
  readonly tried: readonly TriedPlace[];
  /** Every memory type of the device. */
  readonly usage: readonly TypeUsage[];
  /**
   * The first 32 buffers that stand in the way, by number; looked up when the report is first read, so that an error that
   * nobody looks at costs no walk. Those that have left or been given up since the failure may be missing.
   */
  readonly kept: readonly KeptBuffer[];
}

/** What of a report is written down at once: nothing in it takes longer if there are more buffers. */
export type NoRoomFigures = Omit<NoRoomReport, "kept">;

/** The counts of a place at which nobody stayed. */
export function nobodyKept(): Record<KeptReason, number> {
  return { "pinned": 0, "reserved": 0, "outside the range": 0, "busy": 0, "cannot leave": 0 };
}
