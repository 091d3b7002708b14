import type { BlockList } from "./block_list.ts";
import { type BlockTable, NONE, SPACE } from "./block_table.ts";
import { freeUntil, takeStretch } from "./exact_range.ts";
import { highest, nextLower } from "./free_search.ts";
import { floorLog2, powerOfTwo, roundDown } from "./orders.ts";

/**
 * Takes adjacent blocks around a free block of at least half the size: either the free range that starts in that block,
 * or the one that ends where the free space after it ends (`__alloc_contig_try_harder`).
 *
 * @returns Whether such a range exists.
 */
export function takeAdjacent(table: BlockTable, size: number, minOrder: number, taken: BlockList): boolean {
  const order = floorLog2(size);
  if (order === 0) return false;
  for (const cleared of [true, false]) {
    for (let block = highest(table, order, cleared); block !== NONE; block = nextLower(table, block)) {
      const start = startAround(table, table.start(block), size, powerOfTwo(minOrder));
      if (start < 0) continue;
      takeStretch(table, SPACE, start, size, taken);
      return true;
    }
  }
  return false;
}

/** The start of a free range of `size` chunks around `chunk`; -1 if there is none. */
function startAround(table: BlockTable, chunk: number, size: number, minBlock: number): number {
  const first = roundDown(chunk, minBlock);
  const end = freeUntil(table, first, first + size);
  if (end === first + size) return first;
  const start = roundDown(end - size, minBlock);
  return start >= 0 && freeUntil(table, start, start + size) === start + size ? start : -1;
}
