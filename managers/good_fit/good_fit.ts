import { type Allocation, type AllocationRequest, dumpRanges, type MemTypeManager, TtmError } from "@ttm/core";
import { checkInteger } from "@ttm/core/arguments";
import { GoodFitAllocator } from "./good_fit_allocator.ts";
import { type GoodFitNode, type GoodFitRequest, MAX_UNITS } from "./good_fit_requests.ts";

const NAME = "good-fit";

/**
 * Makes a manager that gives each buffer one range of pages in constant time: from a hole that is nearly the smallest
 * that fits, or at the highest address if the request is `topDown`. Every range is contiguous. It answers a node or
 * `"no-room"`, the latter only if no hole fits, never `"busy"`.
 *
 * @returns A manager that requires a call of {@linkcode MemTypeManager.init} first, with at most 2^31 - 1 pages; any
 * other call before it, or with a node of another manager, is a `TtmError` `EINVAL`.
 *
 * @example A range of pages, and back
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { goodFit } from "@ttm/good-fit";
 *
 * const manager = goodFit();
 * manager.init(100);
 * const request = { pages: 10, alignment: 16, fpfn: 0, lpfn: Infinity, topDown: true, contiguous: false };
 * const node = manager.allocate(request);
 * assertEquals(manager.debug(), "[0, 80) free\n[80, 90) used\n[90, 100) free");
 * if (typeof node === "object") manager.free(node);
 * assertEquals(manager.takedown(), true);
 * ```
 */
export function goodFit(): MemTypeManager<GoodFitNode> {
  return new GoodFit();
}

class GoodFit implements MemTypeManager<GoodFitNode> {
  readonly name = NAME;
  #pages: GoodFitAllocator | null = null;
  // Filled in anew for each request, so that none is allocated.
  #request: { -readonly [Member in keyof Required<GoodFitRequest>]: Required<GoodFitRequest>[Member] } = {
    size: 0,
    alignment: 1,
    lo: 0,
    hi: Infinity,
    topDown: false,
  };

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

  allocate(request: AllocationRequest): Allocation<GoodFitNode> {
    this.#request.size = request.pages;
    this.#request.alignment = request.alignment;
    this.#request.lo = request.fpfn;
    this.#request.hi = request.lpfn;
    this.#request.topDown = request.topDown;
    return this.#inCharge("allocate pages").insertKnown(this.#request) ?? "no-room";
  }

  free(node: GoodFitNode): void {
    this.#inCharge("free pages").remove(node);
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
