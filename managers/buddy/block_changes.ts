import { BlockTable, NONE, SPACE } from "./block_table.ts";
import { refresh, setFreeRecords, strideFor } from "./free_masks.ts";
import { floorLog2, powerOfTwo } from "./orders.ts";

/** A table of a space that is free and not known to be cleared. */
export function makeSpace(chunks: number): BlockTable {
  const orders = floorLog2(chunks) + 1;
  const table = new BlockTable(chunks, strideFor(orders));
  setFreeRecords(table, orders);
  let left = chunks;
  let block = SPACE;
  for (let order = orders - 1; left > 0; order--) {
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

/**
 * Takes a part of a free block: the block of order `order` that holds the chunk at `offset` from the block's start. The
 * rest of the block stays free.
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
  refresh(table, part);
  return part;
}

/** Frees a taken block and joins it with its buddy as long as that is free and has the same cleared state. */
function putBack(table: BlockTable, block: number, cleared: boolean): void {
  let whole = block;
  table.count(table.order(block), cleared, 1);
  while (table.isFree(whole ^ 1) && table.isCleared(whole ^ 1) === cleared) whole = table.join(whole & ~1);
  table.setFree(whole, cleared);
  refresh(table, whole);
}

/** Frees the blocks of a list; with `cleared` null each keeps the cleared state that it had when it was taken. */
export function putListBack(table: BlockTable, first: number, cleared: boolean | null): void {
  let block = first;
  while (block !== NONE) {
    const next = table.next(block);
    putBack(table, block, cleared ?? table.isCleared(block));
    block = next;
  }
}
