import { type BlockTable, NONE } from "./block_table.ts";
import { hasLarger, maskOf } from "./free_masks.ts";

/** The smallest order from `order` on of which a block is free; -1 if there is none. */
export function smallestFree(table: BlockTable, order: number, cleared: boolean): number {
  const mask = (table.cells[table.top + maskOf(order, cleared)] as number) & -1 << order;
  if (mask !== 0) return (order & ~31) + 31 - Math.clz32(mask & -mask);
  return hasLarger(table, order) ? smallestFree(table, 32, cleared) : -1;
}

/** The free block of an order at the highest address. */
export function highest(table: BlockTable, order: number, cleared: boolean): number {
  return lastIn(table, table.top, maskOf(order, cleared), 1 << order);
}

/** The free block of at least an order at the highest address. */
export function highestOfAtLeast(table: BlockTable, order: number, cleared: boolean): number {
  const found = lastIn(table, table.top, maskOf(order, cleared), -1 << order);
  if (!hasLarger(table, order)) return found;
  const larger = highestOfAtLeast(table, 32, cleared);
  return larger === NONE || (found !== NONE && table.start(found) > table.start(larger)) ? found : larger;
}

/** The free block at the next lower address with the same order and cleared state. */
export function nextLower(table: BlockTable, block: number): number {
  const { cells, top } = table;
  const order = table.order(block);
  const mask = maskOf(order, table.isCleared(block));
  for (let at = block; at >= top; at = table.parent(at)) {
    if ((at & 1) === 0) continue;
    const record = cells[at - 1] as number;
    if (record < 0 || ((cells[record + mask] as number) & 1 << order) === 0) continue;
    return record < top ? at - 1 : lastIn(table, record, mask, 1 << order);
  }
  return NONE;
}

/** The free block at the highest address in a pair whose mask has one of the bits. */
function lastIn({ cells, top }: BlockTable, from: number, mask: number, bits: number): number {
  if (((cells[from + mask] as number) & bits) === 0) return NONE;
  for (let pair = from;;) {
    let block = pair + 1;
    let record = cells[block] as number;
    if (record < 0 || ((cells[record + mask] as number) & bits) === 0) {
      block = pair;
      record = cells[block] as number;
    }
    if (record < top) return block;
    pair = record;
  }
}
