import { takePart } from "./block_changes.ts";
import type { BlockList } from "./block_list.ts";
import { type BlockTable, SPACE } from "./block_table.ts";
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
    const block = partAt(table, SPACE, at);
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

/** Takes a stretch that is free, so many chunks behind the start of a block; blocks at its ends in part. */
export function takeStretch(table: BlockTable, block: number, offset: number, size: number, taken: BlockList): void {
  for (let at = offset; at < offset + size;) {
    const part = partAt(table, block, at);
    let order = Math.min(table.order(part), floorLog2(offset + size - at));
    while (roundDown(at, powerOfTwo(order)) !== at) order--;
    taken.append(takePart(table, part, order, at - roundDown(at, table.size(part))));
    at += powerOfTwo(order);
  }
}

/** Keeps a stretch of a taken block; the rest becomes free. */
export function keepStretch(table: BlockTable, block: number, offset: number, size: number, kept: BlockList): void {
  const cleared = table.isCleared(block);
  table.count(table.order(block), cleared, 1);
  table.setFree(block, cleared);
  takeStretch(table, block, offset, size, kept);
}

/** The part of a block that has a chunk, counted from the block's start, and is not split. */
function partAt(table: BlockTable, block: number, chunk: number): number {
  const { cells, top } = table;
  let left = chunk;
  let part = block;
  for (let pair = cells[part] as number; pair >= top; pair = cells[part] as number) {
    const size = table.size(pair);
    part = left < size ? pair : pair + 1;
    if (left >= size) left -= size;
  }
  return part;
}
