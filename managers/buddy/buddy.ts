import {
  type Allocation,
  type AllocationRequest,
  dumpRanges,
  type ManagerNode,
  type MemTypeManager,
  TtmError,
} from "@ttm/core";
import { checkInteger } from "@ttm/core/arguments";
import type { BuddyAllocation, BuddyBlock } from "./buddy_allocation.ts";
import { BuddyAllocator } from "./buddy_allocator.ts";

const NAME = "buddy";

/** A range of pages allocated by the {@linkcode buddy} manager. */
export interface BuddyNode extends ManagerNode {
  /** First page. */
  readonly start: number;
  /** @internal */
  readonly allocation: BuddyAllocation;
}

/**
 * Makes a manager that cuts ranges out of blocks whose sizes are powers of two: allocation without a search, little
 * fragmentation by small buffers between large ones, and alignment at no cost. Every range is contiguous; the excess of
 * rounding up is freed at once. It answers a node or `"no-room"`, never `"busy"`.
 *
 * A request with an alignment that is no power of two is `EINVAL`. In a range that is hardly larger than the request it
 * may miss free space, as `drm_buddy` does.
 *
 * @returns A manager that requires a call of {@linkcode MemTypeManager.init} first; any other call before it, or with a
 * node of another manager, is a `TtmError` `EINVAL`.
 *
 * @example 5 pages, aligned to 4
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { buddy } from "@ttm/buddy";
 *
 * const manager = buddy();
 * manager.init(16);
 * const node = manager.allocate({ pages: 5, alignment: 4, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false });
 * assertEquals(manager.debug(), "[0, 8) free\n[8, 13) used\n[13, 14) free\n[14, 16) free");
 * if (typeof node === "object") manager.free(node);
 * assertEquals(manager.takedown(), true);
 * ```
 */
export function buddy(): MemTypeManager<BuddyNode> {
  return new Buddy();
}

class Buddy implements MemTypeManager<BuddyNode> {
  readonly name = NAME;
  #pages: BuddyAllocator | null = null;
  #nodes: Set<BuddyNode> = new Set();

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

  allocate(request: AllocationRequest): Allocation<BuddyNode> {
    const allocation = allocateFrom(this.#inCharge("allocate pages"), request);
    if (allocation === null) return "no-room";
    // Adjacent blocks are in the order of their addresses.
    const [{ start }] = allocation.blocks as [BuddyBlock];
    const node = { start, allocation };
    this.#nodes.add(node);
    return node;
  }

  canFit(request: AllocationRequest): boolean {
    const { size } = this.#inCharge("tell what fits");
    const { pages, alignment, fpfn, lpfn } = request;
    const isPlain = alignment === 1 && fpfn === 0 && lpfn >= size;
    return isPlain ? pages <= size : allocateFrom(new BuddyAllocator({ size }), request) !== null;
  }

  free(node: BuddyNode): void {
    const space = this.#inCharge("free pages");
    if (!this.#nodes.delete(node)) throw new TtmError("EINVAL", `Cannot free pages: ${NAME} has not allocated them`);
    space.release(node.allocation);
  }

  takedown(): boolean {
    if (this.usedPages > 0) return false;
    this.#pages = null;
    return true;
  }

  debug(): string {
    if (this.#pages === null) return "";
    const used = [...this.#nodes].map(({ start, allocation }) => {
      return { start, size: allocation.blocks.reduce((sum, { size }) => sum + size, 0) };
    });
    const free = this.#pages.freeBlocks().flatMap(({ size, starts }) => starts.map((start) => ({ start, size })));
    return dumpRanges(used, free);
  }

  #inCharge(what: string): BuddyAllocator {
    if (this.#pages !== null) return this.#pages;
    throw new TtmError("EINVAL", `Cannot ${what}: ${NAME} has no pages, call init() first`);
  }
}

/** Allocates adjacent blocks for a request; null, with nothing allocated, if there is no free range. */
function allocateFrom(space: BuddyAllocator, request: AllocationRequest): BuddyAllocation | null {
  const { pages, alignment, fpfn, lpfn, topDown } = request;
  const end = Math.min(lpfn, space.size);
  const size = Math.max(pages, alignment);
  if (!isPowerOfTwo(alignment)) {
    throw new TtmError("EINVAL", `Cannot allocate pages: ${NAME} can align to powers of two only, not to ${alignment}`);
  }
  const ranged = fpfn > 0 || end < space.size;
  if (fpfn + size > end || (ranged && 2 ** Math.ceil(Math.log2(size)) > space.size)) return null;
  if (fpfn + size === end && (fpfn % alignment !== 0 || end % alignment !== 0)) return null;
  const wanted = { size, minBlock: alignment, start: fpfn, end, ranged, topDown, contiguous: true };
  const allocation = space.allocate(wanted);
  if (allocation === null || size === pages || trimTo(space, allocation, pages)) return allocation;
  return null;
}

/** Frees the pages that only the alignment required; false, with nothing allocated, if there is more than one block. */
function trimTo(space: BuddyAllocator, allocation: BuddyAllocation, pages: number): boolean {
  if (allocation.blocks.length === 1) {
    space.trim(allocation, pages);
    return true;
  }
  space.release(allocation);
  return false;
}

function isPowerOfTwo(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && Number.isInteger(Math.log2(value));
}
