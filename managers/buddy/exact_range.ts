import { takePart } from "./block_changes.ts";
import type { BlockList } from "./block_list.ts";
import type { BlockTable } from "./block_table.ts";
import { floorLog2, powerOfTwo, roundDown } from "./orders.ts";

/**
 * The chunk at which that ends which is free from `start` on; `end`, or the end of the space, if it is free until there.
 *
 * Without cleared memory, halves that are both free would have been joined: the kernel then looks for nothing in a block
 * that is split, if that lies wholly in the range. What it has passed, it has taken.
 */
export function freeUntil(table: BlockTable, start: number, end: number): number {
  const limit = Math.min(end, table.chunks);
  let cleared = table.freeCleared;
  let at = start;
  while (at < limit) {
    const block = blockAt(table, at);
    if (table.isTaken(block)) return at;
    const size = table.size(block);
    const isFirstHalf = roundDown(at, 2 * size) === at;
    if (cleared === 0 && isFirstHalf && at + 2 * size <= limit) return at;
    const next = Math.min(roundDown(at, size) + size, limit);
    if (table.isCleared(block)) cleared -= next - at;
    at = next;
  }
  return limit;
}

/** Takes a range that is free, blocks at its ends in part. */
export function takeRange(table: BlockTable, start: number, end: number, taken: BlockList): void {
  for (let at = start; at < end;) {
    const block = blockAt(table, at);
    let order = Math.min(table.order(block), floorLog2(end - at));
    while (roundDown(at, powerOfTwo(order)) !== at) order--;
    taken.append(takePart(table, block, order, at - roundDown(at, table.size(block))));
    at += powerOfTwo(order);
  }
}

/** The block with a chunk that is not split. */
function blockAt(table: BlockTable, chunk: number): number {
  const { cells, top } = table;
  let left = chunk;
  for (let pair = top;;) {
    const size = table.size(pair);
    const block = left < size ? pair : pair + 1;
    if (left >= size) left -= size;
    const record = cells[block] as number;
    if (record < top) return block;
    pair = record;
  }
}
