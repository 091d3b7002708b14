import { optionNames } from "../base/arguments.ts";
import type { BufferView } from "./buffer_view.ts";
import type { Caching } from "../base/caching.ts";
import type { ClientView } from "./client_view.ts";
import type { Clock } from "../time/clock.ts";
import { Fence } from "../lock/fence.ts";
import type { Place, Placement } from "./placement.ts";
import type { TranslationTable } from "./translation_table.ts";

/** What a device passes to `Driver.attach`. */
export interface DriverContext {
  /** The device's clock; drivers must not use any other time. */
  readonly clock: Clock;
  /**
   * Tells that the device has lost the contents of a buffer for good, as when it was reset: an access of the CPU is then
   * `EIO`, with `error` as its cause. If a store has the contents (`BufferView.clean`), the core takes the buffer back to
   * SYSTEM when it is next placed or accessed, and reads them again; a pinned buffer stays lost until it is unpinned. A
   * copy that fails needs no such call.
   *
   * @throws {TtmError} `EINVAL` if it is no buffer of the device.
   */
  loseContents(buffer: BufferView, error: unknown): void;
}

/** The properties of one of a driver's memory types. */
export interface MemoryTypeOptions {
  /** Unique in its device; the first type of every driver is `"system"`. */
  readonly name: string;
  /** Size in pages; left out for `"system"`, which is unlimited. */
  readonly pages?: number;
  /** Device-resident memory without backing host pages (VRAM): bytes must be copied in and out. @default {false} */
  readonly fixed?: boolean;
  /** Whether the CPU can map it at all. @default {true} */
  readonly mappable?: boolean;
  /**
   * Whether the CPU maps its backing host pages instead of an aperture window (TTM's flag of this name: "can't map
   * aperture"). If false, pages that are not cached are mapped through `ioMemReserve`, as AGP pages are. Ignored for
   * fixed memory, which is always mapped through windows. @default {true}
   */
  readonly cma?: boolean;
  /** Caching attributes that it can be mapped with. @default {all} */
  readonly availableCaching?: readonly Caching[];
  /** Used if a place allows it but not the current caching attribute of the pages. @default {"cached"} */
  readonly defaultCaching?: Caching;
  /** GPU address of page 0, in bytes. @default {0} */
  readonly gpuOffset?: number;
}

/** One end of a move of bytes. */
export interface Location {
  /** Name of the memory type. */
  readonly memoryType: string;
  /** First page in that memory type; 0 in SYSTEM. The handle if the manager has no addresses. */
  readonly start: number;
  /** The translation table with populated host pages; null in device-resident memory. */
  readonly table: TranslationTable | null;
}

/** A move of a buffer's bytes; the source, the destination or both are in device-resident memory. */
export interface MoveRequest {
  /** The buffer; its members still describe the source. */
  readonly buffer: BufferView;
  /** Size in pages. */
  readonly pages: number;
  /** Where the bytes are; null if the buffer has no contents yet: the destination must then read as zero. */
  readonly source: Location | null;
  /** Where the bytes must go. */
  readonly destination: Location;
  /** Whether the move is an eviction. */
  readonly evict: boolean;
  /**
   * Fences that must signal before the first byte is moved. Empty unless moves are ordered: the core has waited for
   * them.
   */
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

/** The answer of a driver that has done nothing yet, because something has to be ready first, such as a readback. */
export interface Postponed {
  /** When it has signalled, with or without an error, the core asks again. It *must not* have signalled yet. */
  readonly retryAfter: Fence;
}

/** Whether a driver's answer is a {@linkcode Postponed}. */
export function isPostponed(answer: unknown): answer is Postponed {
  return (answer as Partial<Postponed> | null | undefined)?.retryAfter instanceof Fence;
}

/**
 * How a driver moves bytes:
 * - `"immediate"`: `move` has moved them when it returns nothing; the core waits for the buffer's fences before it calls
 *   `move`.
 * - `"ordered"`: `move` queues the copy on an in-order engine and returns its fence; the copy starts after
 *   `request.after`. Each engine has one timeline, and there may be several. A copy fails only if the device is lost,
 *   so the core reuses the old range at once, for moves that it orders behind that fence.
 *
 * A move of either kind may be {@linkcode Postponed}: nothing has been moved, and the core calls `move` again when the
 * fence has signalled, for the same move or, if the state has changed, for another one.
 */
export type MoveKind = "immediate" | "ordered";

/** What a driver can do. */
export interface DriverSupport {
  /** How bytes are moved. @default {"immediate"} */
  readonly moves?: MoveKind;
  /**
   * With ordered moves: whether a range of fixed memory is reused as soon as the copy that evicts its buffer is queued;
   * moves into the range are ordered behind that copy. If false, the core waits for the copy. @default {true}
   */
  readonly pipelinedEvictions?: boolean;
  /**
   * False for a driver that models placement and moves no bytes: buffers get no host pages when they are moved to
   * SYSTEM, and read as zero. @default {true}
   */
  readonly contents?: boolean;
  /**
   * Whether host pages must have 32-bit addresses, so that they are accounted in zones marked `dma32`. @default {false}
   */
  readonly dma32?: boolean;
}

/** One buffer of a submission, as the driver sees it. */
export interface SubmittedBuffer {
  /** The buffer, once for all of its entries in the list. */
  readonly buffer: BufferView;
  /** Whether the submitted work writes to it. */
  readonly usage: "read" | "write";
}

/**
 * The device-specific part of buffer management (`ttm_bo_driver`). All members are synchronous and are called while the
 * core's structures are consistent; they *must not* validate, evict or release buffers. Asynchronous work is
 * represented by a {@linkcode Fence}.
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
  /**
   * Called once by the device's constructor. A driver with state of its device *must* refuse a second call (`EBUSY`),
   * also after that device has been closed; one without may serve several devices.
   */
  attach?(context: DriverContext): void;
  /**
   * Where a buffer goes when it is evicted from its present place. Two empty lists discard its contents; a buffer with
   * imported pages goes to SYSTEM then. Naming the memory type that it is leaving is allowed; the core bounds the
   * search. An object that was returned before is not checked again: return a new object instead of changing one.
   */
  evictPlacement(buffer: BufferView): Placement;
  /**
   * Whether a buffer is worth evicting: if not, it is evicted only if evicting the others makes no room
   * (`eviction_valuable`). Called often. Must not throw. Left out: all are.
   */
  evictionValuable?(buffer: BufferView): boolean;
  /**
   * Where a submission needs a buffer whose entry names no placement. An object that was returned before is not checked
   * again. Left out: each entry must name one.
   */
  defaultPlacement?(buffer: BufferView, usage: "read" | "write"): Placement;
  /**
   * Called by a submission when all of its buffers are reserved and in their places, immediately before its callback. It
   * may postpone the submission: the core waits, brings back what has been evicted meanwhile, and calls it again. If it
   * throws, nothing is submitted.
   */
  beginSubmit?(entries: readonly SubmittedBuffer[]): Postponed | void;
  /**
   * Called after the callback of a submission, with the entries of `beginSubmit`; `failed` says that the callback threw.
   * The fence that it returns stands for the submitted work if the callback returned none.
   */
  endSubmit?(entries: readonly SubmittedBuffer[], failed: boolean): Fence | void;
  /**
   * Whether whatever the driver does from now on comes after the work of a fence, because one queue orders both. Device
   * memory of a buffer without users is then free at once, and nobody waits for the fence. Left out: for no fence. Must
   * not throw.
   */
  ordersBehind?(fence: Fence): boolean;
  /**
   * Checks what a buffer is created with as `driverOptions`. If it throws, the buffer is not created. Left out: buffers
   * may have no such options.
   */
  checkDriverOptions?(options: object): void;
  /**
   * Moves bytes. Left out: the CPU copies them through `ioMemReserve`. Returns nothing once the bytes are moved, or the
   * fence of an ordered move, or postpones the move. If it throws, nothing has been moved and the buffer stays where it
   * is.
   */
  move?(request: MoveRequest): Fence | Postponed | void;
  /**
   * The intermediate place for a move between two memory types (by name) that the device cannot copy between; null for
   * a direct move. Left out: all moves are direct. The core allocates a resource in that place, which may evict, and
   * requests both moves.
   */
  hop?(buffer: BufferView, from: string, to: string): Place | null;
  /**
   * Makes the translation table of a buffer; tables of a `PagePool` reuse pages. Left out: a table whose pages are
   * bytes. Returning null, or throwing anything but a `TtmError`, fails with `ENOMEM`.
   */
  createTranslationTable?(buffer: BufferView): TranslationTable | null;
  /**
   * Binds populated pages into a memory type, from page `start`. If it throws, nothing is bound. Restoring the binding
   * that it has just replaced must succeed.
   */
  bind?(buffer: BufferView, table: TranslationTable, memoryType: string, start: number): void;
  /** Undoes a bind, or a rebind. Must not throw. */
  unbind?(buffer: BufferView, table: TranslationTable): void;
  /**
   * Changes the binding of host pages in one step, in place of `unbind` and `bind`; moves from or to device-resident
   * memory still call `bind` for the other end. Returns a fence if the change is queued, like a copy: the buffer keeps the
   * old range until that fence signals; nothing if the change is made; `"when idle"` to let the core wait for the
   * buffer's fences and call `unbind` and `bind`. If it throws, nothing has changed. Left out: always `"when idle"`.
   */
  rebind?(request: RebindRequest): Fence | "when idle" | void;
  /**
   * Called before the bytes of a buffer move, with the names of the memory types; `from` is null if the buffer had no
   * resource, `to` is null if its resource is freed. After a failed move it is called again with the two swapped, so
   * that counters balance. If the bytes stay behind because a store has them (`BufferView.clean`), it is called twice: the
   * resource is freed, and then the buffer comes to SYSTEM without contents. Must not throw.
   */
  moveNotify?(buffer: BufferView, from: string | null, to: string | null): void;
  /** Called before the pages of an idle buffer in SYSTEM are swapped out. Must not throw. */
  swapNotify?(buffer: BufferView): void;
  /**
   * Called after the first successful move of a buffer that had been evicted: the device may hold stale cache lines.
   */
  invalidateCaches?(buffer: BufferView): void;
  /**
   * The bytes of `pages` pages of a device-resident memory type from page `start`, as the CPU accesses them through the
   * aperture; null if the CPU cannot access them. A thrown `EAGAIN` means that all windows are in use: the core then
   * unmaps user maps that hold windows, and calls it again. Left out: the CPU cannot access such memory.
   */
  ioMemReserve?(memoryType: string, start: number, pages: number): Uint8Array | null;
  /**
   * Reads (`write` false) or writes bytes of a device-resident buffer from byte `offset`; called only if `ioMemReserve`
   * is left out. Returns nothing once the access is done, or postpones it. `after` are the fences of work that the
   * access must not overtake: empty unless moves are ordered, since the core has waited for them. Left out: such accesses
   * fail with `EINVAL`.
   */
  accessMemory?(
    buffer: BufferView,
    offset: number,
    bytes: Uint8Array,
    write: boolean,
    after: readonly Fence[],
  ): Postponed | void;
  /** Frees a window, with the arguments of its `ioMemReserve`. Must not throw. Left out: windows need no freeing. */
  ioMemFree?(memoryType: string, start: number, pages: number): void;
  /**
   * Called before a page fault of a user map is handled. Returns the placement in which the CPU can access the buffer,
   * or null if it can stay where it is. Left out: it always stays. If it throws, the access fails.
   */
  faultReserveNotify?(buffer: BufferView): Placement | null;
  /**
   * Whether a client may map a buffer that it has a handle of. Left out: it may. Returning false or throwing fails with
   * `EPERM`, with the error as cause.
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
