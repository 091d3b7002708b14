import type { BufferView } from "./buffer_view.ts";
import type { Place } from "./placement.ts";

/**
 * Why a candidate was not evicted:
 * - `"pinned"`, `"reserved"`, `"busy"`: it could not be moved at that time. `"same submission"`: it is reserved by the
 *   caller that needs the room, so that it is needed as well.
 * - `"outside the range"`: its place does not reach into the range of pages that is allowed.
 * - `"cannot be moved"`: its eviction failed, for no place that the driver names has room, or the driver failed.
 * - `"hinted"`: a use of it is expected (`BoDevice.hint`). `"not valuable"`: the driver says that its eviction brings
 *   nothing (`Driver.evictionValuable`). `"protected"`: the min or low of its group keeps it (`MemoryGroup`), or an
 *   early upload does not evict what is used earlier.
 * - `"outside the group"`: the max of a group was reached, and only its own buffers can make room.
 * - `"not adjacent"`: neighbours whose eviction makes room together were chosen instead.
 * - `"nothing to swap out"`: it has no host pages of its own.
 */
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
  /** The candidate. */
  readonly buffer: BufferView;
  /** Why it was not taken. */
  readonly reason: PassedOverReason;
}

/** Why a buffer was evicted. */
export interface EvictionCause {
  /** The buffer that needs the memory, which may be of another device of the same `Global`; null if none does. */
  readonly forBuffer: BufferView | null;
  /** Pages that are needed; 0 if the memory type is cleared. */
  readonly pages: number;
  /**
   * Where room is needed: a place of its placement. null if a memory type is cleared, or host memory is needed.
   */
  readonly place: Place | null;
  /** Number of candidates that the search visited before the victim, those evicted by it included. */
  readonly position: number;
  /** Candidates before it that were not taken: the first 16. */
  readonly passedOver: readonly PassedOver[];
}
