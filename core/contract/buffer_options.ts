import { checkInteger, checkOptions, checkWord, optionNames, show } from "../base/arguments.ts";
import type { BufferKind, BufferView } from "./buffer_view.ts";
import { TtmError } from "../base/errors.ts";
import { Reservation } from "../lock/reservation.ts";
import { PAGE_SIZE, PRIORITIES } from "../base/units.ts";

export const BUFFER_OPTIONS: ReadonlySet<string> = optionNames<BufferOptions>({
  bytes: true,
  alignment: true,
  priority: true,
  kind: true,
  reservation: true,
  imported: true,
  swapKey: true,
  onDestroy: true,
  label: true,
});
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

/** @internal Options of a buffer that have been checked. */
export interface CheckedBufferOptions extends BufferOptions {
  readonly id: number;
  readonly alignment: number;
  readonly priority: number;
}

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
