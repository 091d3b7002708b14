import type { BufferView } from "./buffer_view.ts";
import type { TtmErrorCode } from "../base/errors.ts";
import type { Fence } from "../lock/fence.ts";

/** Where a buffer is: memory type and first page. */
export interface TracedPlace {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** First page; 0 in SYSTEM. */
  readonly start: number;
}

/** One attempted transition of a buffer from place to place, successful or not. */
export interface MoveEvent {
  /** The buffer. */
  readonly buffer: BufferView;
  /** Whether it is moved to make room for another. */
  readonly evict: boolean;
  /** Where it was; null without a place. */
  readonly from: TracedPlace | null;
  /** Where it was to go. */
  readonly to: TracedPlace;
  /** null on success, `"EMULTIHOP"` when a stop on the way comes first, else the failure. */
  readonly failure: TtmErrorCode | "EMULTIHOP" | null;
  /** The copy, which may have ended already; null when the driver made no fence for it. */
  readonly fence: Fence | null;
  /** When it was attempted, on the device's clock, in milliseconds; with a `fence` the copy ends later. */
  readonly time: number;
  /**
   * For whom: the buffer whose validate, creation, populate, read, write or map caused it, also of another device of the same
   * `Global`. The moved buffer itself, or another one that it has to make room for; null where nobody asks for room:
   * `evictFirst`, `evictAll`, `cleanManager`, `swapOut`, swapping in the background.
   */
  readonly forBuffer: BufferView | null;
}

/**
 * One observer, called synchronously while the core works; every member is optional and costs nothing when it is
 * left out. It *must not* call back into the device and *must not* throw.
 *
 * @example Counting evictions
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { Tracer } from "@ttm/core";
 *
 * let evictions = 0;
 * const tracer: Tracer = { move: (event) => evictions += event.evict && event.failure === null ? 1 : 0 };
 * assertEquals(typeof tracer.move, "function");
 * ```
 */
export interface Tracer {
  /** A buffer object came into being. */
  create?(buffer: BufferView): void;
  /** A transition was attempted: binds, copies, clears and evictions alike. */
  move?(event: MoveEvent): void;
  /** An operation is about to wait for a fence; if the tracer signals it now, the operation goes on at once. */
  wait?(fence: Fence): void;
  /** The old place of a buffer, which was moved or purged, goes to a ghost until the work that uses it has ended. */
  ghost?(ghost: BufferView, buffer: BufferView): void;
  /** A buffer lost its place, its contents or both by a purge. */
  purge?(buffer: BufferView): void;
  /** The pages of a buffer are in the swap store now, and no longer in memory. */
  swapOut?(buffer: BufferView): void;
  /** The pages of a buffer are back from the swap store. */
  swapIn?(buffer: BufferView): void;
  /** A buffer, or a ghost of one, is about to be freed for good, after its last reference and all its work. */
  destroy?(buffer: BufferView): void;
}
