import { TtmError } from "@ttm/core";
import { takeAdjacent } from "./adjacent_blocks.ts";
import { putListBack, takePart } from "./block_changes.ts";
import { BlockList } from "./block_list.ts";
import { type BlockTable, NONE, SPACE } from "./block_table.ts";
import { freeUntil, keepStretch, takeStretch } from "./exact_range.ts";
import { highest, highestOfAtLeast, smallestFree } from "./free_search.ts";
import { ceilLog2, floorLog2, powerOfTwo, roundUp } from "./orders.ts";
import { takeLowest } from "./range_search.ts";
import { forceMerge } from "./force_merge.ts";
import type { BlockQuery } from "./block_query.ts";

/** Takes the blocks that a query asks for, the largest first (`drm_buddy_alloc_blocks`). */
export class BlockSearch {
  /** The blocks that the last run has taken, if it succeeded. */
  readonly taken: BlockList;
  readonly #table: BlockTable;
  readonly #chunk: number;

  /** `chunk` is the size of a chunk in units, for error messages. */
  constructor(table: BlockTable, chunk: number) {
    this.taken = new BlockList(table);
    this.#table = table;
    this.#chunk = chunk;
  }

  /** Takes the blocks of a query; returns whether there was enough free space. */
  run(query: BlockQuery): boolean {
    this.taken.clear();
    return query.start + query.size === query.end ? this.#takeExactly(query) : this.#takeBlocks(query);
  }

  #takeExactly({ start, end, minOrder }: BlockQuery): boolean {
    if (roundUp(start, powerOfTwo(minOrder)) !== start || roundUp(end, powerOfTwo(minOrder)) !== end) {
      throw new TtmError("EINVAL", `Cannot allocate blocks: [${start}, ${end}) is not aligned to minBlock`);
    }
    if (freeUntil(this.#table, start, end) < end) return false;
    takeStretch(this.#table, SPACE, start, end - start, this.taken);
    return true;
  }

  #takeBlocks(query: BlockQuery): boolean {
    const { chunks } = this.#table;
    const size = query.contiguous ? powerOfTwo(ceilLog2(query.size)) : roundUp(query.size, powerOfTwo(query.minOrder));
    const goesAround = query.contiguous && !query.ranged;
    if (size > chunks && !goesAround) {
      const units = this.#chunk;
      throw new TtmError(
        "EINVAL",
        `Cannot allocate blocks: a size of ${size * units} does not fit into ${chunks * units}`,
      );
    }
    if (size <= chunks && this.#takeLargest(query, size)) return true;
    return goesAround && takeAdjacent(this.#table, query.size, query.minOrder, this.taken);
  }

  /** Takes `size` chunks as blocks of descending size. */
  #takeLargest(query: BlockQuery, size: number): boolean {
    const table = this.#table;
    const minOrder = query.contiguous ? floorLog2(size) : query.minOrder;
    // Without cleared halves to join, such a search would take all free blocks and free them again.
    if (size > table.free && (minOrder === 0 || table.freeCleared === 0)) return false;
    const excess = query.trim ? size - query.size : 0;
    let order = floorLog2(size);
    for (let left = size; left > 0; left -= powerOfTwo(order)) {
      const block = this.#takeAtMost(query, Math.min(order, floorLog2(left)), minOrder);
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

  /** Takes a block of an order or, if there is none, of the largest lower order available. */
  #takeAtMost(query: BlockQuery, order: number, minOrder: number): number {
    for (let at = order; at >= minOrder; at--) {
      const block = this.#take(query, at);
      if (block !== NONE) return block;
    }
    if (this.#table.freeCleared === 0 || !forceMerge(this.#table, query, minOrder)) return NONE;
    return this.#take(query, minOrder);
  }

  /** Takes a block of exactly this order, split off from the upper end of a larger block if necessary. */
  #take(query: BlockQuery, order: number): number {
    const table = this.#table;
    const { ranged, topDown, cleared } = query;
    if (ranged) return takeLowest(table, query, order, cleared);
    let block = topDown ? highestOfAtLeast(table, order, cleared) : this.#highestOfSmallest(order, cleared);
    if (block === NONE) block = this.#highestOfSmallest(order, !cleared);
    return block === NONE ? NONE : takePart(table, block, order, table.size(block) - 1);
  }

  #highestOfSmallest(order: number, cleared: boolean): number {
    const size = smallestFree(this.#table, order, cleared);
    return size < 0 ? NONE : highest(this.#table, size, cleared);
  }
}
