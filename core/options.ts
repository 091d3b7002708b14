import type { BufferView } from "./buffer_view.ts";
import { Reservation } from "./reservation.ts";
import { checkInteger, checkOptions, checkWord, show } from "./arguments.ts";
import { PAGE_SIZE, PRIORITIES } from "./memory_type.ts";
import { BUFFER_OPTIONS } from "./option_names.ts";
import { TtmError } from "./errors.ts";
import type { Placement, PreparedPlacement } from "./placement.ts";
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
  /**
   * The imported pages of a buffer of kind `"sg"`, which needs them: as many bytes as whole pages hold the buffer. They are
   * its contents from the start and are changed by nothing but writes through the buffer. In SYSTEM, and in memory types
   * that are bound, the buffer is this very array. While it is in device-resident memory the bytes there count and the array
   * stays as it was when they left; it gets them back when the buffer leaves that memory, or when its last reference goes,
   * behind the work that uses it; `onDestroy` tells that they are there. Bytes that were lost on the device, or dropped
   * there by a purge, leave it alone.
   */
  readonly imported?: Uint8Array;
  /**
   * A key of the device's swap store that is the caller's: what is swapped out under it stays there, also when it has
   * been read back and after the buffer has gone. @default {a key that is forgotten when it is read back}
   */
  readonly swapKey?: string;
  /** Told once when the buffer is gone for good, also when its creation fails. Must not throw. */
  readonly onDestroy?: (buffer: BufferView) => void;
  /** For messages and reports. */
  readonly label?: string | undefined;
}

/** What a new buffer is like, and where it is to be. */
export interface PlacedBufferOptions extends BufferOptions {
  /** Where it may live. */
  readonly placement: Placement | PreparedPlacement;
}

/** What to swap out. */
export interface SwapOutOptions extends WaitOptions {
  /** Name of a memory type whose buffers to swap out. @default {the first that has any} */
  readonly memoryType?: string;
  /** How many pages to free at least. @default {1} */
  readonly pages?: number;
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
export interface ReserveOptions extends WaitOptions {
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

/** @internal Options of a buffer that have been checked. */
export interface CheckedBufferOptions extends BufferOptions {
  readonly id: number;
  readonly alignment: number;
  readonly priority: number;
}

/** @internal Told from the options of a caller by being this very object. */
export const NO_OPTIONS: Readonly<Record<never, never>> = {};

const MAX_BYTES = Number.MAX_SAFE_INTEGER - PAGE_SIZE;

/** Checks the options of a new buffer; throws `EINVAL` if one is out of range. */
export function checkBufferOptions(what: string, options: BufferOptions, id: number): CheckedBufferOptions {
  checkOptions(what, options, BUFFER_OPTIONS);
  const { alignment = 1, priority = 0, kind = "device", reservation, imported } = options;
  for (const [name, text] of [["label", options.label], ["swapKey", options.swapKey]]) {
    if (text === undefined || typeof text === "string") continue;
    throw new TtmError("EINVAL", `Cannot ${what}: ${name} must be a string, not ${show(text)}`);
  }
  if (options.onDestroy !== undefined && typeof options.onDestroy !== "function") {
    throw new TtmError("EINVAL", `Cannot ${what}: onDestroy must be a function, not ${show(options.onDestroy)}`);
  }
  checkWord(what, "kind", kind, ["device", "kernel", "sg"]);
  if (reservation !== undefined && !(reservation instanceof Reservation)) {
    throw new TtmError("EINVAL", `Cannot ${what}: reservation must be that of a buffer, not ${show(reservation)}`);
  }
  const bytes = checkInteger(what, "bytes", options.bytes, 1, MAX_BYTES);
  const needed = kind === "sg" ? Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE : undefined;
  if ((imported instanceof Uint8Array ? imported.length : imported) !== needed) {
    const wanted = needed === undefined ? "only what is imported has such pages" : `it must be ${needed} bytes`;
    throw new TtmError("EINVAL", `Cannot ${what}: imported is ${show(imported)}, and ${wanted}`);
  }
  return {
    ...options,
    id,
    bytes,
    kind,
    alignment: checkInteger(what, "alignment", alignment, 0, Number.MAX_SAFE_INTEGER) || 1,
    priority: checkInteger(what, "priority", priority, 0, PRIORITIES - 1),
  };
}
