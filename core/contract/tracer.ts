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

/** One attempted move of a buffer, successful or not. */
export interface MoveEvent {
  /** The buffer. */
  readonly buffer: BufferView;
  /** Whether the move is an eviction. */
  readonly evict: boolean;
  /** Whether nothing is copied, because a store has the contents (`BufferOptions.stored`). */
  readonly dropped: boolean;
  /** Where it was; null if it had no resource. */
  readonly from: TracedPlace | null;
  /** Where it was to go. */
  readonly to: TracedPlace;
  /** null on success, `"EMULTIHOP"` if the move needs an intermediate place (`Driver.hop`), else the error code. */
  readonly failure: TtmErrorCode | "EMULTIHOP" | null;
  /** The fence of the copy, which may have signalled already; null if the driver returned none. */
  readonly fence: Fence | null;
  /** Time of the attempt on the device's clock, in milliseconds; a copy with a `fence` ends later. */
  readonly time: number;
  /**
   * The buffer whose validate, creation, populate, read, write or map caused the move: the moved buffer itself, or
   * another one that needs its memory, which may be of another device of the same `Global`. null for `evictFirst`,
   * `evictAll`, `cleanManager`, `swapOut` and background swapout, which serve no buffer.
   */
  readonly forBuffer: BufferView | null;
}

/**
 * An observer of a device, called synchronously while the core works; every member is optional and costs nothing if
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
  /** A buffer object was created. */
  create?(buffer: BufferView): void;
  /** A move was attempted: a bind, copy, clear or eviction. */
  move?(event: MoveEvent): void;
  /**
   * An operation is about to wait for a fence; if the tracer signals it now, the operation continues at once. Only the
   * core signals the fence of a transfer from or to the swap store.
   */
  wait?(fence: Fence): void;
  /** A ghost object took the old resource of a moved or purged buffer, until the work that uses it has ended. */
  ghost?(ghost: BufferView, buffer: BufferView): void;
  /** A purge freed the resource of a buffer, discarded its contents, or both. */
  purge?(buffer: BufferView): void;
  /** The pages of a buffer were freed; a store has its contents, which were written to it unless it had them. */
  swapOut?(buffer: BufferView): void;
  /** The contents of a buffer were read from the store that had them. */
  swapIn?(buffer: BufferView): void;
  /** A buffer or ghost object is about to be destroyed: its last reference was dropped and all its work has ended. */
  destroy?(buffer: BufferView): void;
}
