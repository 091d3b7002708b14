import { type AllocationRequest, dumpRanges, type MemTypeManager, NO_ROOM, TtmError } from "@ttm/core";
import { checkInteger } from "@ttm/core/arguments";
import { GoodFitAllocator } from "./good_fit_allocator.ts";
import { MAX_UNITS } from "./good_fit_requests.ts";

const NAME = "good-fit";

/**
 * Makes a manager that gives each buffer one range of pages in constant time: from a hole that is nearly the smallest
 * that fits, or at the highest address if the request is `topDown`. Every range is contiguous. It answers a handle or
 * `NO_ROOM`, the latter only if no hole fits.
 *
 * @returns A manager that requires a call of {@linkcode MemTypeManager.init} first, with at most 2^31 - 1 pages; any
 * other call before it, or with a handle that it did not give, is a `TtmError` `EINVAL`.
 *
 * @example A range of pages, and back
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { goodFit } from "@ttm/good-fit";
 *
 * const manager = goodFit();
 * manager.init(100);
 * const request = { pages: 10, alignment: 16, fpfn: 0, lpfn: Infinity, topDown: true, contiguous: false };
 * const handle = manager.allocate(request);
 * assertEquals(manager.debug(), "[0, 80) free\n[80, 90) used\n[90, 100) free");
 * manager.free(handle, 10);
 * assertEquals(manager.takedown(), true);
 * ```
 */
export function goodFit(): MemTypeManager {
  return new GoodFit();
}

class GoodFit implements MemTypeManager {
  readonly name = NAME;
  #pages: GoodFitAllocator | null = null;

  get usedPages(): number {
    return this.#pages === null ? 0 : this.#pages.size - this.#pages.free;
  }

  get largestHole(): number {
    return this.#pages?.largestHole ?? 0;
  }

  init(pages: number): void {
    checkInteger(`set up ${NAME}`, "pages", pages, 1, MAX_UNITS);
    if (this.#pages !== null) {
      throw new TtmError(
        "EINVAL",
        `Cannot set up ${NAME}: init() has already been called, with a size of ${this.#pages.size} pages`,
      );
    }
    this.#pages = new GoodFitAllocator({ size: pages });
  }

  allocate({ pages, alignment, fpfn, lpfn, topDown }: AllocationRequest): number {
    return this.#inCharge("allocate pages").takeKnown(pages, alignment, fpfn, lpfn, topDown) || NO_ROOM;
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

  #inCharge(what: string): GoodFitAllocator {
    if (this.#pages !== null) return this.#pages;
    throw new TtmError("EINVAL", `Cannot ${what}: ${NAME} has no pages, call init() first`);
  }
}
