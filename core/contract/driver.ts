import { optionNames } from "../base/arguments.ts";
import type { BufferView } from "./buffer_view.ts";
import type { Caching } from "../base/caching.ts";
import type { ClientView } from "./client_view.ts";
import type { Clock } from "../time/clock.ts";
import type { Fence } from "../lock/fence.ts";
import type { Place, Placement } from "./placement.ts";
import type { TranslationTable } from "./translation_table.ts";

/** What a driver is told when it becomes part of a device. */
export interface DriverContext {
  /** The device's clock; drivers must not use any other time. */
  readonly clock: Clock;
}

/** What a driver says of one of its memory types. */
export interface MemoryTypeOptions {
  /** Unique in its device; the first type of every driver is `"system"`. */
  readonly name: string;
  /** Size in pages; `"system"` has none and is unlimited. */
  readonly pages?: number;
  /** Device-resident memory that no host pages stand behind (VRAM). Bytes must be copied in and out. @default {false} */
  readonly fixed?: boolean;
  /** Whether the CPU can map it at all. @default {true} */
  readonly mappable?: boolean;
  /**
   * Whether the CPU maps the host pages behind it, not a window of the device (TTM's flag of this name: "can't map
   * aperture"). Without it, pages that are not cached are mapped through `ioMemReserve`, as those of AGP are. Has no meaning
   * for fixed memory, which is always mapped through windows. @default {true}
   */
  readonly cma?: boolean;
  /** Caching attributes that it can be mapped with. @default {all} */
  readonly availableCaching?: readonly Caching[];
  /** Taken when a place allows several and the present one is not among them. @default {"cached"} */
  readonly defaultCaching?: Caching;
  /** Where the device sees page 0, in bytes. @default {0} */
  readonly gpuOffset?: number;
}

/** One end of a move of bytes. */
export interface Location {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** First page in that memory type; 0 in SYSTEM. What its manager says, so it may mean nothing. */
  readonly start: number;
  /** The populated host pages, outside device-resident memory; null inside it. */
  readonly table: TranslationTable | null;
}

/** A move of a buffer's bytes, of which at least one end is device-resident. */
export interface MoveRequest {
  /** The buffer; its own place is still the source. */
  readonly buffer: BufferView;
  /** Size in pages. */
  readonly pages: number;
  /** Where the bytes are; null if there are none yet: the destination must then read as zero. */
  readonly source: Location | null;
  /** Where the bytes must go. */
  readonly destination: Location;
  /** Whether the buffer is being evicted for another. */
  readonly evict: boolean;
  /** Work that must end before the first byte is moved. Empty for immediate drivers: the core has waited. */
  readonly after: readonly Fence[];
}

/** A move of a buffer to a place of host pages from another one, or from nowhere: the pages stay, the device's view changes. */
export interface RebindRequest {
  /** The buffer; its own place is still the old one, or none. */
  readonly buffer: BufferView;
  /** The pages. They exist unless the move is to SYSTEM. */
  readonly table: TranslationTable;
  /** Name of the memory type that the buffer is to be in. */
  readonly memoryType: string;
  /** First page there; 0 in SYSTEM, where the device need not see the pages. */
  readonly start: number;
  /** Whether the buffer is being evicted for another, or swapped out. */
  readonly evict: boolean;
  /** Work that must end before the device sees the pages elsewhere. */
  readonly after: readonly Fence[];
}

/**
 * How a driver moves bytes:
 * - `"immediate"`: `move` has moved them when it returns; the core waits for the buffer's work before it asks.
 * - `"ordered"`: `move` queues the copy on an in-order engine and returns its fence; the copy starts after
 *   `request.after`. Each engine has one timeline, and there may be several. A copy cannot fail short of losing the
 *   device, so the old range is reused at once by moves that the core orders behind that fence.
 * - `"retried"`: as immediate, but `move` may return a fence when it has moved nothing yet, because something has to be
 *   made ready first, such as bytes that come back from a device only after a while. The core asks again when it has
 *   signalled, for the same move or, if things have changed, for another.
 */
export type MoveKind = "immediate" | "ordered" | "retried";

/** What a driver can do. */
export interface DriverSupport {
  /** How bytes are moved. @default {"immediate"} */
  readonly moves?: MoveKind;
  /**
   * With ordered moves: whether a range of fixed memory is handed on as soon as the copy that evicts its tenant is
   * queued, the new tenant being ordered behind that copy. Without it the core waits for the copy. @default {true}
   */
  readonly pipelinedEvictions?: boolean;
  /**
   * False for a model of places that moves no bytes: buffers get no host pages when they are moved to SYSTEM, and read
   * as zero. @default {true}
   */
  readonly contents?: boolean;
  /** Whether host pages must have 32-bit addresses, so that they count in zones marked `dma32`. @default {false} */
  readonly dma32?: boolean;
}

/**
 * The device under the buffers. All members are synchronous and are called while the core's structures are
 * consistent; they *must not* validate, evict or release buffers. What takes time is a {@linkcode Fence}.
 *
 * Errors: what a member throws reaches the caller as the `cause` of a `TtmError`, whose code is that of a thrown
 * `TtmError`, and `EIO` for anything else.
 */
export interface Driver {
  /** For messages. */
  readonly name: string;
  /** The memory types; the first is `"system"`. At most 8. */
  readonly memoryTypes: readonly MemoryTypeOptions[];
  /** What the driver can do. Left out: the defaults. */
  readonly supports?: DriverSupport;
  /** Called once by the device's constructor. */
  attach?(context: DriverContext): void;
  /**
   * Where a buffer goes when it is evicted from its present place. Two empty lists discard its contents; what is
   * imported goes to SYSTEM then. Naming the
   * memory type that it is leaving is allowed; the core bounds the search. An object that was returned before is not
   * checked again: return another one when it is to say something else.
   */
  evictPlacement(buffer: BufferView): Placement;
  /**
   * Moves bytes. Left out: the CPU moves them through `ioMemReserve`. Returns nothing when the bytes are there, or the fence of
   * an ordered move, or of what a retried one has to wait for. A throw means that nothing was moved and the buffer stays where it is.
   */
  move?(request: MoveRequest): Fence | void;
  /**
   * The place through which a move between two memory types (by name) must go, because the device cannot copy
   * between them; null for a direct move. Left out: all moves are direct. The core allocates the stop, which may
   * evict, and asks for both legs.
   */
  hop?(buffer: BufferView, from: string, to: string): Place | null;
  /**
   * Makes the table of a buffer's host pages; those of a `PagePool` use pages again. Left out: real bytes. Returning null
   * or throwing is ENOMEM.
   */
  createTranslationTable?(buffer: BufferView): TranslationTable | null;
  /**
   * Makes populated pages visible to the device from page `start` of a memory type. May throw; then nothing is bound.
   * Putting a binding back where it was a moment ago must succeed.
   */
  bind?(buffer: BufferView, table: TranslationTable, memoryType: string, start: number): void;
  /** Undoes a bind, or a rebind. Must not throw. */
  unbind?(buffer: BufferView, table: TranslationTable): void;
  /**
   * Changes what the device sees of host pages in one step, in place of `unbind` and `bind`; moves from or to
   * device-resident memory still `bind` the other end. Returns a fence if the change is queued, like a copy: the old range
   * stays the buffer's until that signals; nothing if the change is made; `"when idle"` to let the core wait for the work if
   * need be, and call `unbind` and `bind`. May throw; then nothing has changed. Left out: always when idle.
   */
  rebind?(request: RebindRequest): Fence | "when idle" | void;
  /**
   * Told before the bytes of a buffer move, with the names of the memory types; `from` is null without a place
   * before, `to` is null when the place is given up. After a failed move it is called again with the two swapped, so
   * that counters balance. Must not throw.
   */
  moveNotify?(buffer: BufferView, from: string | null, to: string | null): void;
  /** Told before the pages of an idle buffer in SYSTEM are swapped out. Must not throw. */
  swapNotify?(buffer: BufferView): void;
  /** Told after the first successful move of a buffer that had been evicted: the device may hold stale cache lines. */
  invalidateCaches?(buffer: BufferView): void;
  /**
   * The bytes of `pages` pages of a device-resident memory type from page `start`, as the CPU sees them through the
   * aperture; null where the CPU cannot see them. A thrown `EAGAIN` says that all windows are taken: users then give theirs
   * up, and it is asked again. Left out: the CPU sees nothing of it.
   */
  ioMemReserve?(memoryType: string, start: number, pages: number): Uint8Array | null;
  /**
   * Reads (`write` false) or writes bytes of a device-resident buffer that the CPU has no window on, from byte `offset`; it
   * is called only where `ioMemReserve` is left out. The work on the buffer that matters has ended. Returns nothing when it is
   * done, or a fence after which it has to be asked again, nothing having been done. Left out: such accesses are `EINVAL`.
   */
  accessMemory?(buffer: BufferView, offset: number, bytes: Uint8Array, write: boolean): Fence | void;
  /** Takes a window back, with the arguments that it was given for. Must not throw. Left out: nothing is to be done. */
  ioMemFree?(memoryType: string, start: number, pages: number): void;
  /**
   * Told before a user's access that found no page is served. Returns where the buffer has to be for the CPU to see it, or
   * null if it can stay. Left out: it always stays. What it throws ends the access.
   */
  faultReserveNotify?(buffer: BufferView): Placement | null;
  /**
   * Whether a client may map a buffer that it has a handle of. Left out: it may. What it throws is the cause of `EPERM`.
   */
  verifyAccess?(buffer: BufferView, client: ClientView): boolean;
}

export const MEMORY_TYPE: ReadonlySet<string> = optionNames<MemoryTypeOptions>({
  name: true,
  pages: true,
  fixed: true,
  mappable: true,
  cma: true,
  availableCaching: true,
  defaultCaching: true,
  gpuOffset: true,
});
