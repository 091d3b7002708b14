import { type AllocationRequest, dumpRanges, type MemTypeManager, NO_ROOM, TtmError } from "@ttm/core";
import { checkBoolean, checkInteger, checkOptions, optionNames } from "@ttm/core/arguments";
import type { RangeScan } from "./range_scan.ts";
import { RangeAllocator } from "./range_allocator.ts";
import type { SearchOrder } from "./range_requests.ts";

/** Options of {@linkcode rangeManager}. */
export interface RangeManagerOptions {
  /**
   * Whether victims are chosen so that adjacent ranges make one hole ({@linkcode RangeScan}); this evicts fewer buffers
   * than strict LRU order, in which TTM evicts regardless of addresses. @default {false}
   */
  readonly scan?: boolean;
}

const OPTIONS = optionNames<RangeManagerOptions>({ scan: true });

/**
 * Makes a manager that chooses like TTM's own range manager (`ttm_range_manager.c`, Linux 6.12): the smallest hole that
 * fits the request (`DRM_MM_INSERT_BEST`), or the high end of the highest one if the request is `topDown`. Every range
 * is contiguous. It answers a handle or `NO_ROOM`.
 *
 * @param options How victims are chosen when no hole fits.
 * @returns A manager that requires a call of {@linkcode MemTypeManager.init} first; any other call before it, or with a
 * handle that it did not give, is a `TtmError` `EINVAL`.
 * @throws {TtmError} `EINVAL` if `scan` is no boolean.
 *
 * @example The smallest hole, and from the top down
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { rangeManager } from "@ttm/first-fit";
 *
 * const manager = rangeManager();
 * manager.init(100);
 * const request = { pages: 10, alignment: 16, fpfn: 0, lpfn: Infinity, topDown: true, contiguous: false };
 * manager.allocate(request);
 * manager.allocate({ ...request, topDown: false }); // the 10 pages behind the first one are not aligned
 * manager.allocate({ ...request, alignment: 1, topDown: false });
 * assertEquals(manager.debug(), "[0, 10) used\n[10, 80) free\n[80, 90) used\n[90, 100) used");
 * ```
 */
export function rangeManager(options: RangeManagerOptions = {}): MemTypeManager {
  checkOptions("make a range manager", options, OPTIONS, "options");
  return makeRangeManager("range", "best", options);
}

/** A manager of this name that tries holes in this order, except for `topDown` requests. */
export function makeRangeManager(
  name: string,
  order: SearchOrder,
  { scan = false }: RangeManagerOptions,
): RangeManager {
  checkBoolean(`make a ${name} manager`, "scan", scan);
  return new RangeManager(name, order, scan);
}

class RangeManager implements MemTypeManager {
  readonly name: string;
  readonly scan?: (request: AllocationRequest) => RangeScan;
  #order: SearchOrder;
  #pages: RangeAllocator | null = null;

  constructor(name: string, order: SearchOrder, scans: boolean) {
    this.name = name;
    this.#order = order;
    if (!scans) return;
    this.scan = ({ pages: size, alignment, fpfn: lo, lpfn: hi }) =>
      this.#inCharge("scan").scan({ size, alignment, lo, hi });
  }

  get usedPages(): number {
    return this.#pages === null ? 0 : this.#pages.size - this.#pages.free;
  }

  get largestHole(): number {
    return this.#pages?.largestHole ?? 0;
  }

  init(pages: number): void {
    checkInteger(`set up the ${this.name} manager`, "pages", pages, 1, Number.MAX_SAFE_INTEGER);
    if (this.#pages !== null) {
      const found = `init() has already been called, with a size of ${this.#pages.size} pages`;
      throw new TtmError("EINVAL", `Cannot set up the ${this.name} manager: ${found}`);
    }
    this.#pages = new RangeAllocator({ size: pages, orders: [this.#order, "highest"] });
  }

  allocate({ pages, alignment, fpfn, lpfn, topDown }: AllocationRequest): number {
    const order = topDown ? "highest" : this.#order;
    return this.#inCharge("allocate pages").takeKnown(pages, alignment, fpfn, lpfn, order) || NO_ROOM;
  }

  startOf(handle: number): number {
    return this.#inCharge("tell the start").startOf(handle);
  }

  free(handle: number): void {
    this.#inCharge("free pages").give(handle);
  }

  takedown(): boolean {
    if (this.usedPages > 0) return false;
    this.#pages = null;
    return true;
  }

  debug(): string {
    return this.#pages === null ? "" : dumpRanges(this.#pages.nodes(), this.#pages.holes());
  }

  #inCharge(what: string): RangeAllocator {
    if (this.#pages !== null) return this.#pages;
    throw new TtmError("EINVAL", `Cannot ${what}: the ${this.name} manager has no pages, call init() first`);
  }
}
