import {
  checkInteger,
  checkMethods,
  checkObject,
  checkOptions,
  checkWord,
  optionNames,
  show,
} from "../base/arguments.ts";
import type { BufferKind, BufferView } from "./buffer_view.ts";
import { TtmError } from "../base/errors.ts";
import { GroupRecord } from "../groups/group_record.ts";
import { Reservation } from "../lock/reservation.ts";
import type { ReadOnlyStore, SwapStore } from "./swap_store.ts";
import { PAGE_SIZE, PRIORITIES } from "../base/units.ts";

export const BUFFER_OPTIONS: ReadonlySet<string> = optionNames<BufferOptions>({
  bytes: true,
  alignment: true,
  priority: true,
  kind: true,
  reservation: true,
  group: true,
  imported: true,
  stored: true,
  driverOptions: true,
  onDestroy: true,
  label: true,
});
export const STORED_CONTENTS: ReadonlySet<string> = optionNames<StoredContents>({ key: true, store: true });

/**
 * Contents that a store has under a key of the caller's (`persistent_swap_storage`). While those of the buffer are the
 * same, the buffer is _clean_: evicting it from device-resident memory copies nothing, and swapping it out writes
 * nothing, since the store is read again.
 *
 * Writes and maps of the CPU, except reads through user maps, make it dirty, and so does work with a fence of the usage
 * `"write"` or `"kernel"`: a write that is announced on a shared reservation counts for all buffers that share it. When a
 * dirty buffer is swapped out, its contents replace those under the key, or, if the store is read-only, go to the store of
 * the device. They are not written when the buffer is released. A purge takes the buffer back to what is under the key.
 * The core never deletes the key.
 *
 * If the device loses the contents of a clean buffer, with a copy that fails or with all that it has, they are read again
 * when the buffer is next placed or accessed; those of a pinned one after it has been unpinned. A dirty one has lost them,
 * and each access says so (`EIO`).
 *
 * A read fails with `EIO` if the value is not as long as the buffer, or has changed since it was first read.
 */
export interface StoredContents {
  /** The key. Its value must have as many bytes as the buffer; what the last page has beyond them is zero. */
  readonly key: string;
  /**
   * The store. Buffers may share a key of a read-only store; a key of another store belongs to one buffer.
   * @default {the store of the device}
   */
  readonly store?: SwapStore | ReadOnlyStore;
}

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
   * The group that its memory is charged to, a `MemoryGroup` of the device; it cannot be changed.
   * @default {that of the client that creates it, if it has one}
   */
  readonly group?: GroupRecord;
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
   * What the buffer holds from the start: the bytes that a store has under a key of the caller's. The buffer begins in
   * SYSTEM, swapped out; the bytes are read when they are first needed.
   * @default {zeros}
   */
  readonly stored?: StoredContents;
  /**
   * What the driver wants to know about the buffer. The driver checks it (`Driver.checkDriverOptions`), the core only
   * keeps it: it must not be changed afterwards. @default {none}
   */
  readonly driverOptions?: object;
  /**
   * Called once when the buffer is destroyed, also if its creation fails. Must not throw. For a buffer whose last
   * reference is dropped in another `onDestroy`, or in a callback of a fence, it is called when that has returned.
   */
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
  const { alignment = 1, priority = 0, kind = "device", reservation, imported, label, stored } = options;
  if (label !== undefined && typeof label !== "string") {
    throw new TtmError("EINVAL", `Cannot ${what}: label must be a string, not ${show(label)}`);
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
  if (options.group !== undefined && !(options.group instanceof GroupRecord)) {
    throw new TtmError("EINVAL", `Cannot ${what}: group must be a MemoryGroup, not ${show(options.group)}`);
  }
  const bytes = checkInteger(what, "bytes", options.bytes, 1, MAX_BYTES);
  const needed = kind === "sg" ? Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE : undefined;
  if ((imported instanceof Uint8Array ? imported.length : imported) !== needed) {
    const wanted = needed === undefined
      ? 'only a buffer of kind "sg" has imported pages'
      : `it must be ${needed} bytes`;
    throw new TtmError("EINVAL", `Cannot ${what}: imported is ${show(imported)}, and ${wanted}`);
  }
  if (stored !== undefined) checkStored(what, stored, imported);
  return {
    ...options,
    id,
    bytes,
    kind,
    alignment: checkInteger(what, "alignment", alignment, 0, Number.MAX_SAFE_INTEGER) || 1,
    priority: checkInteger(what, "priority", priority, 0, PRIORITIES - 1),
  };
}

function checkStored(what: string, stored: StoredContents, imported: Uint8Array | undefined): void {
  checkOptions(what, stored, STORED_CONTENTS, "stored");
  const { key, store } = stored;
  if (typeof key !== "string") {
    throw new TtmError("EINVAL", `Cannot ${what}: stored.key must be a string, not ${show(key)}`);
  }
  if (store !== undefined) {
    const isReadOnly = (store as Partial<ReadOnlyStore> | null)?.readOnly === true;
    checkMethods(what, "stored.store", store, isReadOnly ? ["read"] : ["write", "read", "delete"]);
  }
  if (imported === undefined) return;
  throw new TtmError("EINVAL", `Cannot ${what}: what is imported has its contents, and takes none of a store`);
}
