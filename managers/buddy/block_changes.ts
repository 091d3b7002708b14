import { BlockTable, CLEARED, DIRTY, NEXT_WORD, NONE, ORDER, PARENT, UNLIKE } from "./block_table.ts";
import { floorLog2, powerOfTwo } from "./orders.ts";

/** A table of a space that is free and not known to be cleared. */
export function makeSpace(chunks: number): BlockTable {
  const table = new BlockTable(chunks);
  let left = chunks;
  let block = NONE;
  for (let order = floorLog2(chunks); left > 0; order--) {
    const pair = table.split(block, order);
    table.setTaken(pair, false);
    table.setTaken(pair + 1, false);
    block = pair;
    if (left < powerOfTwo(order)) continue;
    table.setFree(pair, false);
    table.count(order, false, 1);
    refresh(table, pair);
    block = pair + 1;
    left -= powerOfTwo(order);
  }
  return table;
}

/** Makes a pair and those above it know what is free in them, as far as that has changed. */
export function refresh(table: BlockTable, pair: number): void {
  refreshWord(table, pair, 0);
  if (table.maskEnd === DIRTY + NEXT_WORD) return;
  let at = pair;
  while (at !== NONE && (table.cells[at + ORDER] as number) < 32) at = (table.cells[at + PARENT] as number) & ~1;
  refreshWord(table, at, NEXT_WORD);
}

function refreshWord({ cells, top }: BlockTable, from: number, word: number): void {
  for (let at = from; at !== NONE; at = (cells[at + PARENT] as number) & ~1) {
    const left = cells[at] as number;
    const right = cells[at + 1] as number;
    let dirty = 0;
    let cleared = 0;
    let unlike = 0;
    if (left >= 0) {
      dirty = cells[left + DIRTY + word] as number;
      cleared = cells[left + CLEARED + word] as number;
      unlike = cells[left + UNLIKE + word] as number;
    }
    if (right >= 0) {
      dirty |= cells[right + DIRTY + word] as number;
      cleared |= cells[right + CLEARED + word] as number;
      unlike |= cells[right + UNLIKE + word] as number;
    }
    if (left < top && right < top) unlike = dirty & cleared;
    const isKnown = cells[at + DIRTY + word] === dirty && cells[at + CLEARED + word] === cleared &&
      cells[at + UNLIKE + word] === unlike;
    if (isKnown) return;
    cells[at + DIRTY + word] = dirty;
    cells[at + CLEARED + word] = cleared;
    cells[at + UNLIKE + word] = unlike;
  }
}

/**
 * Takes a part of a free block, of an order: the one that holds the chunk so many behind the block's start. The rest of
 * the block stays free.
 */
export function takePart(table: BlockTable, block: number, order: number, offset: number): number {
  const cleared = table.isCleared(block);
  let part = block;
  let left = offset;
  for (let half = table.order(block) - 1; half >= order; half--) {
    const pair = table.split(part, half);
    const isRight = left >= powerOfTwo(half);
    table.setFree(isRight ? pair : pair + 1, cleared);
    part = isRight ? pair + 1 : pair;
    if (isRight) left -= powerOfTwo(half);
  }
  table.setTaken(part, cleared);
  table.count(order, cleared, -1);
  refresh(table, part & ~1);
  return part;
}

/** Frees a taken block and joins it upwards, with other halves that are free and as cleared; returns what has become. */
export function putBack(table: BlockTable, block: number, cleared: boolean): number {
  let whole = block;
  table.count(table.order(block), cleared, 1);
  while (table.isFree(whole ^ 1) && table.isCleared(whole ^ 1) === cleared) whole = table.join(whole & ~1);
  table.setFree(whole, cleared);
  refresh(table, whole & ~1);
  return whole;
}
