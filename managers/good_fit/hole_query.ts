import type { BlockTable } from "./block_table.ts";
import { MAX_UNITS } from "./good_fit_requests.ts";

/** No address. */
export const NOWHERE = -1;

/** The request of the search under way. One object is filled in anew for each request, so that none is allocated. */
export class HoleQuery {
  /** Units. */
  size = 0;
  /** The start is a multiple of this, at least 1. */
  alignment = 1;
  /** First unit that may be used; not before the space. */
  lo = 0;
  /** First unit after the range that may be used; not beyond the space. */
  hi = 0;
  /** Whether the highest address is wanted. */
  topDown = false;

  /** Fills in the query; the range lies inside the space. */
  set(size: number, alignment: number, lo: number, hi: number, topDown: boolean): void {
    this.size = size;
    // Above the largest address all alignments are equivalent: only 0 is a multiple.
    this.alignment = alignment === 0 ? 1 : alignment < MAX_UNITS ? alignment : MAX_UNITS;
    this.lo = lo;
    this.hi = hi;
    this.topDown = topDown;
  }

  /** The address of the node in a hole; {@linkcode NOWHERE} if it does not fit. */
  place(blocks: BlockTable, hole: number): number {
    const lowest = Math.max(blocks.start(hole), this.lo);
    const highest = Math.min(blocks.end(hole), this.hi) - this.size;
    const address = this.topDown ? highest - highest % this.alignment : this.#alignUp(lowest);
    return address >= lowest && address <= highest ? address : NOWHERE;
  }

  #alignUp(address: number): number {
    const beyond = address % this.alignment;
    return beyond === 0 ? address : address + this.alignment - beyond;
  }
}
