import type { BlockTable } from "./block_table.ts";

// Masks of a record, with one bit for each order: whether a dirty block of it is free below, a cleared one, and two
// buddies that are both free but only one of them cleared. Orders from 32 on have masks of their own.
const DIRTY = 4;
const CLEARED = 5;
const UNLIKE = 6;
const NEXT_WORD = 4;
const ORDERS_OF_A_WORD = 32;
const NARROW = 8;

/** Cells in a record whose masks cover `orders` orders. */
export function strideFor(orders: number): number {
  return orders <= ORDERS_OF_A_WORD ? NARROW : 2 * NARROW;
}

/** The index in a record of the mask that has the bit of an order. */
export function maskOf(order: number, cleared: boolean): number {
  return (cleared ? CLEARED : DIRTY) + NEXT_WORD * (order >> 5);
}

/** The index in a record of the mask that has the bit of an order, for free buddies with unlike cleared state. */
export function unlikeMaskOf(order: number): number {
  return UNLIKE + NEXT_WORD * (order >> 5);
}

/** Whether there are orders in masks after the mask of this order. */
export function hasLarger({ stride }: BlockTable, order: number): boolean {
  return stride > NARROW && order < ORDERS_OF_A_WORD;
}

/** Whether a block of at least this order is free in a record. */
export function hasFree(table: BlockTable, record: number, order: number, cleared: boolean): boolean {
  const mask = record + maskOf(order, cleared);
  if (((table.cells[mask] as number) & -1 << order) !== 0) return true;
  return hasLarger(table, order) && table.cells[mask + NEXT_WORD] !== 0;
}

/** Sets the masks of the records that free blocks share: one bit, for their order. */
export function setFreeRecords(table: BlockTable, orders: number): void {
  for (let order = 0; order < orders; order++) {
    for (const cleared of [false, true]) {
      table.cells[table.freeRecord(order, cleared) + maskOf(order, cleared)] = 1 << order;
    }
  }
}

/** Updates the masks above a block, up to the first that does not change. */
export function refresh(table: BlockTable, block: number): void {
  refreshWord(table, block, 0);
  if (table.stride === NARROW) return;
  let at = block;
  while (at >= table.top && table.order(at) < ORDERS_OF_A_WORD) at = table.parent(at);
  if (at >= table.top) refreshWord(table, at, NEXT_WORD);
}

function refreshWord(table: BlockTable, block: number, word: number): void {
  const { cells, top } = table;
  const record = cells[block] as number;
  let dirty = record < 0 ? 0 : cells[record + DIRTY + word] as number;
  let cleared = record < 0 ? 0 : cells[record + CLEARED + word] as number;
  let unlike = record < 0 ? 0 : cells[record + UNLIKE + word] as number;
  let isHalfFree = record < top;
  for (let at = block; at >= top; at = table.parent(at)) {
    const other = cells[at ^ 1] as number;
    if (other >= 0) {
      dirty |= cells[other + DIRTY + word] as number;
      cleared |= cells[other + CLEARED + word] as number;
      unlike |= cells[other + UNLIKE + word] as number;
      if (isHalfFree && other < top) unlike = dirty & cleared;
    }
    isHalfFree = false;
    const masks = (at & ~1) + word;
    const isKnown = cells[masks + DIRTY] === dirty && cells[masks + CLEARED] === cleared &&
      cells[masks + UNLIKE] === unlike;
    if (isKnown) return;
    cells[masks + DIRTY] = dirty;
    cells[masks + CLEARED] = cleared;
    cells[masks + UNLIKE] = unlike;
  }
}
