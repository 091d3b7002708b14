import { type BlockTable, NONE } from "./block_table.ts";
import { refresh, unlikeMaskOf } from "./free_masks.ts";
import type { Chunks } from "./range_search.ts";

/**
 * Joins free buddies of which only one is cleared, until a block of an order is free (`__force_merge`). The result
 * counts as not cleared. Buddies whose cleared half lies in the range come first, from the largest and highest on, then
 * those whose other half does.
 *
 * @returns Whether such a block is free now.
 */
export function forceMerge(table: BlockTable, range: Chunks, minOrder: number): boolean {
  for (const cleared of [true, false]) {
    for (let order = minOrder - 1; order >= 0; order--) {
      while (hasUnlike(table, order)) {
        const half = highestUnlike(table, table.top, 0, order, cleared, range);
        if (half === NONE) break;
        if (joinUp(table, half) >= minOrder) return true;
      }
    }
  }
  return false;
}

function hasUnlike({ cells, top }: BlockTable, order: number): boolean {
  return ((cells[top + unlikeMaskOf(order)] as number) & 1 << order) !== 0;
}

/** In the highest pair of an order with unlike free halves: the half of the given state, if it lies in the range. */
function highestUnlike(
  table: BlockTable,
  pair: number,
  start: number,
  order: number,
  cleared: boolean,
  range: Chunks,
): number {
  const { cells, top } = table;
  const size = table.size(pair);
  if (table.order(pair) === order) {
    const side = table.isCleared(pair) === cleared ? 0 : 1;
    const from = start + side * size;
    return from >= range.start && from + size <= range.end ? pair + side : NONE;
  }
  const mask = unlikeMaskOf(order);
  for (let side = 1; side >= 0; side--) {
    const from = start + side * size;
    const record = cells[pair + side] as number;
    if (record < top || ((cells[record + mask] as number) & 1 << order) === 0) continue;
    if (from >= range.end || from + size <= range.start) continue;
    const found = highestUnlike(table, record, from, order, cleared, range);
    if (found !== NONE) return found;
  }
  return NONE;
}

/** Joins a free block with its buddy as long as that is free, cleared or not; returns the order of the joined block. */
function joinUp(table: BlockTable, block: number): number {
  let whole = block;
  if (table.isCleared(block)) table.freeCleared -= table.size(block);
  while (table.isFree(whole ^ 1)) {
    if (table.isCleared(whole ^ 1)) table.freeCleared -= table.size(whole);
    whole = table.join(whole & ~1);
  }
  table.setFree(whole, false);
  refresh(table, whole);
  return table.order(whole);
}
