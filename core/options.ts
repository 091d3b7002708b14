import { Reservation } from "./reservation.ts";
import { show } from "./arguments.ts";
import { TtmError } from "./errors.ts";
import type { AcquireTicket } from "./ticket.ts";

/** What a buffer is for (`ttm_bo_type`). */
export type BufferKind = "device" | "kernel" | "sg";

/** What a new buffer is like. */
export interface BufferOptions {
  /** Size in bytes, at least 1; rounded up to whole pages of 4096 bytes. */
  readonly bytes: number;
  /** In pages; the start is a multiple of it. Need not be a power of two. @default {1} */
  readonly alignment?: number;
  /** 0 to 3; buffers of a lower priority are evicted first. @default {0} */
  readonly priority?: number;
  /**
   * `"device"`: memory that user space may map; `"kernel"`: never mapped by user space; `"sg"`: imported pages, which are
   * not ours to swap. @default {"device"}
   */
  readonly kind?: BufferKind;
  /** Shared with other buffers, which are then reserved and waited for together. @default {its own} */
  readonly reservation?: Reservation;
  /** For messages and reports. */
  readonly label?: string | undefined;
}

/** Options of calls that may wait. */
export interface WaitOptions {
  /** Ends the wait: the call rejects with the signal's reason. What was achieved, evictions for example, stays. */
  readonly signal?: AbortSignal;
  /** Do not wait: what would have to be waited for counts as unavailable. @default {false} */
  readonly noWait?: boolean;
}

/** How to validate. */
export interface ValidateOptions extends WaitOptions {
  /** Evict buffers that share the reservation of this one, too, if need be. @default {false} */
  readonly evictSiblings?: boolean;
}

/** How to reserve. */
export interface ReserveOptions {
  /** Ends the wait: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The turn of a party that reserves several buffers. */
  readonly ticket?: AcquireTicket;
}

/** Which bytes to read. */
export interface ReadOptions extends WaitOptions {
  /** First byte. @default {0} */
  readonly offset?: number;
  /** Number of bytes. @default {all from the offset on} */
  readonly length?: number;
}

/** Where to write. */
export interface WriteOptions extends WaitOptions {
  /** First byte. @default {0} */
  readonly offset?: number;
}

/** Checks what a buffer is to be for. */
export function checkKind(what: string, kind: BufferKind): BufferKind {
  if (kind === "device" || kind === "kernel" || kind === "sg") return kind;
  throw new TtmError("EINVAL", `Cannot ${what}: kind must be "device", "kernel" or "sg", not ${show(kind)}`);
}

/** Checks a reservation to be shared. */
export function checkReservation(what: string, reservation: Reservation): Reservation {
  if (reservation instanceof Reservation) return reservation;
  throw new TtmError("EINVAL", `Cannot ${what}: reservation must be that of a buffer, not ${show(reservation)}`);
}
