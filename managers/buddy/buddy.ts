import { type AllocationRequest, dumpRanges, type MemTypeManager, NO_ROOM, TtmError } from "@ttm/core";
import { checkInteger } from "@ttm/core/arguments";
import { BuddyAllocator } from "./buddy_allocator.ts";

const NAME = "buddy";

/**
 * Makes a manager that cuts ranges out of blocks whose sizes are powers of two: allocation without a search, little
 * fragmentation by small buffers between large ones, and alignment at no cost. Every range is contiguous; the excess of
 * rounding up is freed at once. It answers a handle or `NO_ROOM`.
 *
 * A request with an alignment that is no power of two is `EINVAL`. In a range that is hardly larger than the request it
 * may miss free space, as `drm_buddy` does.
 *
 * @returns A manager that requires a call of {@linkcode MemTypeManager.init} first; any other call before it, or with a
 * handle that it did not give, is a `TtmError` `EINVAL`.
 *
 * @example 5 pages, aligned to 4
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { buddy } from "@ttm/buddy";
 *
 * const manager = buddy();
 * manager.init(16);
 * const handle = manager.allocate({ pages: 5, alignment: 4, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false });
 * assertEquals(manager.debug(), "[0, 8) free\n[8, 13) used\n[13, 14) free\n[14, 16) free");
 * manager.free(handle, 5);
 * assertEquals(manager.takedown(), true);
 * ```
 */
export function buddy(): MemTypeManager {
  return new Buddy();
}

class Buddy implements MemTypeManager {
  readonly name = NAME;
  #pages: BuddyAllocator | null = null;

  get usedPages(): number {
    return this.#pages === null ? 0 : this.#pages.size - this.#pages.free;
  }

  init(pages: number): void {
    checkInteger(`set up ${NAME}`, "pages", pages, 1, Number.MAX_SAFE_INTEGER);
    if (this.#pages !== null) {
      throw new TtmError(
        "EINVAL",
        `Cannot set up ${NAME}: init() has already been called, with a size of ${this.#pages.size} pages`,
      );
    }
    this.#pages = new BuddyAllocator({ size: pages });
  }

  allocate(request: AllocationRequest): number {
    return takeFrom(this.#inCharge("allocate pages"), request) || NO_ROOM;
  }

  canFit(request: AllocationRequest): boolean {
    const { size } = this.#inCharge("tell what fits");
    const { pages, alignment, fpfn, lpfn } = request;
    const isPlain = alignment === 1 && fpfn === 0 && lpfn >= size;
    return isPlain ? pages <= size : takeFrom(new BuddyAllocator({ size }), request) > 0;
  }

  // Adjacent blocks are in the order of their addresses.
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
    const space = this.#pages;
    if (space === null) return "";
    const used = Array.from(space.handles(), (handle) => {
      return { start: space.startOf(handle), size: space.blocksOf(handle).reduce((sum, { size }) => sum + size, 0) };
    });
    const free = space.freeBlocks().flatMap(({ size, starts }) => starts.map((start) => ({ start, size })));
    return dumpRanges(used, free);
  }

  #inCharge(what: string): BuddyAllocator {
    if (this.#pages !== null) return this.#pages;
    throw new TtmError("EINVAL", `Cannot ${what}: ${NAME} has no pages, call init() first`);
  }
}

/** Allocates adjacent blocks for a request; 0, with nothing allocated, if there is no free range. */
function takeFrom(space: BuddyAllocator, request: AllocationRequest): number {
  const { pages, alignment, fpfn, lpfn, topDown } = request;
  const end = Math.min(lpfn, space.size);
  const size = Math.max(pages, alignment);
  if (!isPowerOfTwo(alignment)) {
    throw new TtmError("EINVAL", `Cannot allocate pages: ${NAME} can align to powers of two only, not to ${alignment}`);
  }
  const ranged = fpfn > 0 || end < space.size;
  if (fpfn + size > end || (ranged && 2 ** Math.ceil(Math.log2(size)) > space.size)) return 0;
  if (fpfn + size === end && (fpfn % alignment !== 0 || end % alignment !== 0)) return 0;
  const handle = space.take({ size, minBlock: alignment, start: fpfn, end, ranged, topDown, contiguous: true });
  if (handle === 0 || size === pages) return handle;
  // The pages that only the alignment required are freed, if it is a single block.
  if (space.blocksOf(handle).length === 1) return space.keep(handle, pages);
  space.give(handle);
  return 0;
}

function isPowerOfTwo(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && Number.isInteger(Math.log2(value));
}
