import type { AcquireTicket } from "../lock/acquire_ticket.ts";
import type { BufferView } from "./buffer_view.ts";
import type { ClientView } from "./client_view.ts";
import type { Clock } from "../time/clock.ts";
import type { EvictionCause } from "./traced_eviction.ts";
import type { Fence } from "../lock/fence.ts";
import type { TtmError, TtmErrorCode } from "../base/errors.ts";

/** What a tracer is told of its device when it is created. */
export interface TracedDevice {
  /** Its clock. */
  readonly clock: Clock;
  /** Name of its driver. */
  readonly driver: string;
  /** Name of its eviction policy. */
  readonly policy: string;
  /** Its memory types, SYSTEM first: size in pages (0 for SYSTEM, which is unlimited), and the manager's name or null. */
  readonly memoryTypes: readonly { readonly name: string; readonly pages: number; readonly manager: string | null }[];
}

/**
 * One call of the device's user, over all of its attempts. Calls of `tryValidate` may share one object, one after the
 * other; {@linkcode Tracer.operation} is called for each.
 */
export interface TracedOperation {
  /**
   * The name of the method, such as `"validate"`, `"submit"` or `"evictFirst"`; `"map access"` for an access through a
   * user's map; `"return"` for bytes on their way back to their exporter. `""` for background work.
   */
  readonly name: string;
  /**
   * The buffer that the call was made for, during a submission the one that is being placed; null if it was made for a
   * memory type or the device.
   */
  readonly forBuffer: BufferView | null;
  /** The acquire ticket under which the call is made, which stands for a submission; null without one. */
  readonly ticket: AcquireTicket | null;
}

/** Where a buffer is: memory type and first page. */
export interface TracedPlace {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** Number of the memory type: its place in {@linkcode TracedDevice.memoryTypes}. */
  readonly typeIndex: number;
  /** First page; 0 in SYSTEM. */
  readonly start: number;
}

/**
 * One attempted move of a buffer, successful or not. A device tells all moves by one object, to allocate none for each:
 * the event with its `from`, `to` and `eviction` is valid during the call of {@linkcode Tracer.move} only. Who keeps it
 * copies what is wanted of it.
 */
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
  /** Time on the device's clock, in milliseconds, read when it is asked for; a copy with a `fence` ends later. */
  readonly time: number;
  /**
   * The buffer whose validate, creation, populate, read, write or map caused the move: the moved buffer itself, or
   * another one that needs its memory, which may be of another device of the same `Global`. null for `evictFirst`,
   * `evictAll`, `cleanManager`, `swapOut` and background swapout, which serve no buffer.
   */
  readonly forBuffer: BufferView | null;
  /** The call that caused it, which may be one of another device of the same `Global`, or background work. */
  readonly operation: TracedOperation;
  /** Why the buffer was evicted; null if the move is not an eviction. */
  readonly eviction: EvictionCause | null;
}

/** A wait of an operation. */
export interface WaitEvent {
  /** The operation. */
  readonly operation: TracedOperation;
  /** What for: a fence, a reservation, or room that others keep or that is about to become free. */
  readonly what: "fence" | "reservation" | "room";
  /** The buffer whose fence or reservation it is; null if that is not known. */
  readonly buffer: BufferView | null;
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
  /** The device was created: called once, before all others. May throw, to refuse a second device. */
  attach?(device: TracedDevice): void;
  /** A buffer object was created. */
  create?(buffer: BufferView): void;
  /** A client got a handle of a buffer. */
  handle?(buffer: BufferView, client: ClientView): void;
  /**
   * A call of the device's user begins to work. A validate of a buffer that is in place already, and a reservation that
   * is free, are not told.
   */
  operation?(operation: TracedOperation): void;
  /** A call failed; `error.report` tells why there was no room. Wrong arguments are not told. */
  failure?(operation: TracedOperation, error: TtmError): void;
  /** A move was attempted: a bind, copy, clear or eviction. The event is valid during the call only. */
  move?(event: MoveEvent): void;
  /**
   * An operation is about to wait for a fence; if the tracer signals it now, the operation continues at once. Only the
   * core signals the fence of a transfer from or to the swap store.
   */
  wait?(fence: Fence): void;
  /** An operation cannot go on. It waits, or its caller does; it waits for one thing at a time. */
  waitBegin?(event: WaitEvent): void;
  /** An operation that waited goes on, or has given up. */
  waitEnd?(operation: TracedOperation): void;
  /** The reservation of a buffer with a place was released, and the buffer counts as used in the order of eviction. */
  use?(buffer: BufferView): void;
  /** A buffer was pinned that was not. */
  pin?(buffer: BufferView): void;
  /** The last pin of a buffer has ended. */
  unpin?(buffer: BufferView): void;
  /** The priority of a buffer was changed; before it was `from`. */
  priority?(buffer: BufferView, from: number): void;
  /** A ghost object took the old resource of a moved or purged buffer, until the work that uses it has ended. */
  ghost?(ghost: BufferView, buffer: BufferView): void;
  /** A purge freed the resource of a buffer, discarded its contents, or both. */
  purge?(buffer: BufferView, operation: TracedOperation): void;
  /** The pages of a buffer were freed; a store has its contents, which were written to it unless it had them. */
  swapOut?(buffer: BufferView, operation: TracedOperation): void;
  /** The contents of a buffer were read from the store that had them. */
  swapIn?(buffer: BufferView, operation: TracedOperation): void;
  /** The place of a buffer is about to become free without a move: it is purged or destroyed. */
  free?(buffer: BufferView): void;
  /** A buffer or ghost object is about to be destroyed: its last reference was dropped and all its work has ended. */
  destroy?(buffer: BufferView): void;
}
