import { TtmError } from "@ttm/core";
import { takeAdjacent } from "./adjacent_blocks.ts";
import { putListBack, takePart } from "./block_changes.ts";
import { BlockList } from "./block_list.ts";
import { type BlockTable, NONE, SPACE } from "./block_table.ts";
import { freeUntil, keepStretch, takeStretch } from "./exact_range.ts";
import { highest, highestOfAtLeast, smallestFree } from "./free_search.ts";
import { ceilLog2, floorLog2, powerOfTwo, roundUp } from "./orders.ts";
import { takeLowest } from "./range_search.ts";
import { joinUnlike } from "./unlike_halves.ts";
import type { Wanted } from "./wanted.ts";

/** Takes what is wanted, the largest blocks first (`drm_buddy_alloc_blocks`). */
export class BlockSearch {
  /** What the last run has taken, if it has got all that was wanted. */
  readonly taken: BlockList;
  readonly #table: BlockTable;
  readonly #chunk: number;

  /** A chunk is so many units; messages speak of units. */
  constructor(table: BlockTable, chunk: number) {
    this.taken = new BlockList(table);
    this.#table = table;
    this.#chunk = chunk;
  }

  /** Returns whether there is room. */
  run(wanted: Wanted): boolean {
    this.taken.clear();
    return wanted.start + wanted.size === wanted.end ? this.#takeExactly(wanted) : this.#takeBlocks(wanted);
  }

  #takeExactly({ start, end, minOrder }: Wanted): boolean {
    if (roundUp(start, powerOfTwo(minOrder)) !== start || roundUp(end, powerOfTwo(minOrder)) !== end) {
      throw new TtmError("EINVAL", `Cannot allocate blocks: [${start}, ${end}) is not aligned to its smallest block`);
    }
    if (freeUntil(this.#table, start, end) < end) return false;
    takeStretch(this.#table, SPACE, start, end - start, this.taken);
    return true;
  }

  #takeBlocks(wanted: Wanted): boolean {
    const { chunks } = this.#table;
    const size = wanted.contiguous
      ? powerOfTwo(ceilLog2(wanted.size))
      : roundUp(wanted.size, powerOfTwo(wanted.minOrder));
    const goesAround = wanted.contiguous && !wanted.ranged;
    if (size > chunks && !goesAround) {
      const units = this.#chunk;
      throw new TtmError("EINVAL", `Cannot allocate blocks: ${size * units} do not fit into ${chunks * units}`);
    }
    if (size <= chunks && this.#takeLargest(wanted, size)) return true;
    return goesAround && takeAdjacent(this.#table, wanted.size, wanted.minOrder, this.taken);
  }

  /** Takes so many chunks as blocks that do not grow. */
  #takeLargest(wanted: Wanted, size: number): boolean {
    const table = this.#table;
    const minOrder = wanted.contiguous ? floorLog2(size) : wanted.minOrder;
    // All that is free would be taken and given back, unless halves could be joined for a smallest block.
    if (size > table.free && (minOrder === 0 || table.freeCleared === 0)) return false;
    const excess = wanted.trim ? size - wanted.size : 0;
    let order = floorLog2(size);
    for (let left = size; left > 0; left -= powerOfTwo(order)) {
      const block = this.#takeAtMost(wanted, Math.min(order, floorLog2(left)), minOrder);
      if (block === NONE) {
        putListBack(table, this.taken.first, null);
        this.taken.clear();
        return false;
      }
      order = table.order(block);
      if (excess === 0 || powerOfTwo(order) < left) this.taken.append(block);
      else keepStretch(table, block, 0, left - excess, this.taken);
    }
    return true;
  }

  /** Takes a block of an order, or the largest one below it that there is. */
  #takeAtMost(wanted: Wanted, order: number, minOrder: number): number {
    for (let at = order; at >= minOrder; at--) {
      const block = this.#take(wanted, at);
      if (block !== NONE) return block;
    }
    if (this.#table.freeCleared === 0 || !joinUnlike(this.#table, wanted, minOrder)) return NONE;
    return this.#take(wanted, minOrder);
  }

  /** Takes a block of just an order, the upper end of a larger one if need be. */
  #take(wanted: Wanted, order: number): number {
    const table = this.#table;
    const { ranged, topDown, cleared } = wanted;
    if (ranged) return takeLowest(table, wanted, order, cleared);
    let block = topDown ? highestOfAtLeast(table, order, cleared) : this.#highestOfSmallest(order, cleared);
    if (block === NONE) block = this.#highestOfSmallest(order, !cleared);
    return block === NONE ? NONE : takePart(table, block, order, table.size(block) - 1);
  }

  #highestOfSmallest(order: number, cleared: boolean): number {
    const size = smallestFree(this.#table, order, cleared);
    return size < 0 ? NONE : highest(this.#table, size, cleared);
  }
}
