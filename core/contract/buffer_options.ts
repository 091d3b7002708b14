import { checkInteger, checkObject, checkOptions, checkWord, optionNames, show } from "../base/arguments.ts";
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
  driverOptions: true,
  onDestroy: true,
  label: true,
});

/** The properties of a new buffer. */
export interface BufferOptions {
  /** Size in bytes, at least 1; rounded up to whole pages of 4096 bytes. */
  readonly bytes: number;
  /** Alignment of the start, in pages; need not be a power of two. @default {1} */
  readonly alignment?: number;
  /** 0 to 3; buffers of a lower priority are evicted first. @default {0} */
  readonly priority?: number;
  /**
   * `"device"`: memory that user space may map; `"kernel"`: never mapped by user space; `"sg"`: imported pages, which
   * are never swapped out. @default {"device"}
   */
  readonly kind?: BufferKind;
  /**
   * The reservation of another buffer, to share it: such buffers are reserved and waited for together.
   * @default {its own}
   */
  readonly reservation?: Reservation;
  /**
   * The imported pages; required for kind `"sg"`, and allowed for no other. Their length is the size of the buffer
   * rounded up to whole pages. They hold its contents from the start, and only writes through the buffer change them.
   * In SYSTEM, and in memory types that bind host pages, the buffer uses the array itself. In device-resident memory
   * the device holds the contents, and the array keeps the bytes that it had when they were copied there. They are
   * copied back when the buffer leaves that memory, or after its last reference was dropped and its work has ended;
   * when `onDestroy` is called, they are in the array. Contents that were lost on the device, or discarded there by a
   * purge, are not copied back.
   */
  readonly imported?: Uint8Array;
  /**
   * A key of the device's swap store that belongs to the caller: contents that are swapped out under it stay in the
   * store when they are read back, and after the buffer is destroyed.
   * @default {a key that is deleted when its contents are read back}
   */
  readonly swapKey?: string;
  /**
   * What the driver wants to know about the buffer. The driver checks it (`Driver.checkDriverOptions`), the core only
   * keeps it: it must not be changed afterwards. @default {none}
   */
  readonly driverOptions?: object;
  /** Called once when the buffer is destroyed, also if its creation fails. Must not throw. */
  readonly onDestroy?: (buffer: BufferView) => void;
  /** A name for messages and reports. */
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
  const { driverOptions } = options;
  if (driverOptions !== undefined) checkObject(what, "driverOptions", driverOptions);
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
