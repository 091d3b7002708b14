import { type BlockTable, CLEARED, DIRTY, NEXT_WORD, NONE, PARENT } from "./block_table.ts";

/** The smallest order from `order` on of which a block is free; -1 if there is none. */
export function smallestFree(table: BlockTable, order: number, cleared: boolean): number {
  let from = -1 << order;
  for (let word = order >> 5; maskOf(word, cleared) < table.maskEnd; word++) {
    const mask = (table.cells[table.top + maskOf(word, cleared)] as number) & from;
    if (mask !== 0) return 32 * word + 31 - Math.clz32(mask & -mask);
    from = -1;
  }
  return -1;
}

/** The free block of an order at the highest address. */
export function highest(table: BlockTable, order: number, cleared: boolean): number {
  return lastIn(table, table.top, maskOf(order >> 5, cleared), 1 << order);
}

/** The free block of at least an order at the highest address. */
export function highestOfAtLeast(table: BlockTable, order: number, cleared: boolean): number {
  const found = lastIn(table, table.top, maskOf(order >> 5, cleared), -1 << order);
  if (order >= 32 || table.maskEnd === DIRTY + NEXT_WORD) return found;
  const larger = lastIn(table, table.top, maskOf(1, cleared), -1);
  return larger === NONE || (found !== NONE && table.start(found) > table.start(larger)) ? found : larger;
}

/** The free block at the next lower address that has the order of a free one and is as cleared. */
export function nextLower(table: BlockTable, block: number): number {
  const { cells } = table;
  const order = table.order(block);
  const mask = maskOf(order >> 5, table.isCleared(block));
  for (let at = block; at !== NONE; at = cells[(at & ~1) + PARENT] as number) {
    if ((at & 1) === 0) continue;
    const record = cells[at - 1] as number;
    if (record < 0 || ((cells[record + mask] as number) & 1 << order) === 0) continue;
    return record < table.top ? at - 1 : lastIn(table, record, mask, 1 << order);
  }
  return NONE;
}

/** Whether a block of at least an order is free in what a cell that is not negative holds. */
export function hasFree(table: BlockTable, record: number, order: number, cleared: boolean): boolean {
  const mask = record + maskOf(order >> 5, cleared);
  if (((table.cells[mask] as number) & -1 << order) !== 0) return true;
  return order < 32 && table.maskEnd > DIRTY + NEXT_WORD && table.cells[mask + NEXT_WORD] !== 0;
}

function maskOf(word: number, cleared: boolean): number {
  return NEXT_WORD * word + (cleared ? CLEARED : DIRTY);
}

/** The free block at the highest address in a pair that has one of some bits in a mask. */
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
