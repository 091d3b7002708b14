import type { BufferView } from "./buffer_view.ts";
import type { Fence } from "../lock/fence.ts";

/** A request for pages of a memory type. Valid during the call only: the core reuses the object. */
export interface AllocationRequest {
  /** The buffer that the pages are for. The core always names it; suites that call a manager themselves do not. */
  readonly buffer?: BufferView;
  /** Size in pages, at least 1. */
  readonly pages: number;
  /** The start must be a multiple of this many pages; 1 means no constraint. Need not be a power of two. */
  readonly alignment: number;
  /** First page that may be used. */
  readonly fpfn: number;
  /** End of the range: the first page that may not be used; `Infinity` means up to the end of the memory type. */
  readonly lpfn: number;
  /** Search from the highest address down. */
  readonly topDown: boolean;
  /** The pages must be physically adjacent. Managers that only allocate single ranges ignore it. */
  readonly contiguous: boolean;
}

/** Answer of {@linkcode MemTypeManager.allocate}: there is no room. The core evicts, or tries elsewhere. */
export const NO_ROOM = 0;

/**
 * Answer of {@linkcode MemTypeManager.allocate}: the manager cannot serve the request now, and evicting would not help.
 * The call ends with `EBUSY`.
 */
export const BUSY: -1 = -1;

/**
 * Answer of {@linkcode MemTypeManager.allocate}: enough pages have been returned, and are free when
 * {@linkcode MemTypeManager.freeing} signals. The core tries the other places without evicting, and waits for that fence
 * if none has room.
 */
export const LATER: -2 = -2;

/** The largest handle of {@linkcode MemTypeManager.allocate}, so that a handle takes four bytes. */
export const MAX_HANDLE: number = 2 ** 31 - 1;

/** A search for neighbours whose eviction makes room. Nothing is allocated or freed during the search. */
export interface EvictionScan {
  /** Adds a handle that may be evicted; they come in the order of eviction. Returns whether the added ones suffice. */
  add(handle: number): boolean;
  /** The added handles that have to be evicted; empty as long as the added ones do not suffice. */
  readonly victims: readonly number[];
}

/** Whether a value has the essential members of a manager. */
export function isManager(value: unknown): value is MemTypeManager {
  const manager = value as Partial<MemTypeManager> | null | undefined;
  return typeof manager?.init === "function" && typeof manager.allocate === "function";
}

/**
 * Allocates the pages of one memory type. All members are synchronous and must not call back into the device.
 *
 * What is allocated has a *handle*, a whole number from 1 to {@linkcode MAX_HANDLE} that the manager chooses and that
 * the core only passes back. No two that are allocated at the same time have the same one; only a manager without
 * {@linkcode startOf} and {@linkcode scan} may give all the same.
 *
 * A manager *must not* throw from {@linkcode allocate} for lack of space, and *must* leave everything unchanged when it
 * returns no handle.
 */
export interface MemTypeManager {
  /** For messages and dumps, for example `"first-fit"`. */
  readonly name: string;
  /** Takes charge of the pages [0, `pages`). Called once, and again only after a successful {@linkcode takedown}. */
  init(pages: number): void;
  /** Signals when the pages that were returned are free. For managers that answer {@linkcode LATER}. */
  readonly freeing?: Fence | null;
  /** Returns the handle of what it has allocated; {@linkcode NO_ROOM}, {@linkcode BUSY} or {@linkcode LATER} if it cannot. */
  allocate(request: AllocationRequest): number;
  /**
   * First page of what has this handle; the core asks once, when it is allocated. Left out, the manager has no addresses:
   * it only counts pages, places with a range have no room, and the core's `start` is the handle.
   */
  startOf?(handle: number): number;
  /**
   * Begins a search for what to evict so that a request fits; for managers whose ranges are contiguous. Left out,
   * the core evicts in the order of its eviction policy, wherever the pages are, until the request fits.
   */
  scan?(request: AllocationRequest): EvictionScan;
  /**
   * Whether the request would fit if nothing were allocated; if not, no buffer is evicted for it. Left out, the core
   * compares its size, alignment and range with the pages of the memory type.
   */
  canFit?(request: AllocationRequest): boolean;
  /** Frees what has this handle, `pages` pages as they were requested; called exactly once for each. */
  free(handle: number, pages: number): void;
  /**
   * Whether evicting the owner of a handle could make room in [fpfn, lpfn) pages. Left out, the core compares
   * [start, start + pages) with the range.
   */
  intersects?(handle: number, pages: number, fpfn: number, lpfn: number): boolean;
  /** Whether what has a handle lies wholly in [fpfn, lpfn) pages. Left out, the core compares the range. */
  compatible?(handle: number, pages: number, fpfn: number, lpfn: number): boolean;
  /** Gives the pages up if nothing is allocated and returns true; otherwise changes nothing and returns false. */
  takedown(): boolean;
  /** Pages allocated now. */
  readonly usedPages: number;
  /**
   * Pages of the largest free range, for managers that give each request one range: the `ENOMEM` of a fragmented memory
   * type reports it. Read only if there is no room. Left out, it is not reported.
   */
  readonly largestHole?: number;
  /** A readable dump, one line per range. */
  debug(): string;
}
