import { takePart } from "./block_changes.ts";
import type { BlockList } from "./block_list.ts";
import { type BlockTable, SPACE } from "./block_table.ts";
import { floorLog2, powerOfTwo, roundDown } from "./orders.ts";

/**
 * The end of the free range that begins at `start`, at most `end` or the end of the space.
 *
 * Two free buddies with the same cleared state are always joined, so without cleared memory a split block cannot be
 * wholly free. The kernel then skips a split block that lies wholly in the range, but has taken the blocks before it.
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

/** Takes the free range of `size` chunks at `offset` from the start of a block; the blocks at its ends in part. */
export function takeStretch(table: BlockTable, block: number, offset: number, size: number, taken: BlockList): void {
  for (let at = offset; at < offset + size;) {
    const part = partAt(table, block, at);
    let order = Math.min(table.order(part), floorLog2(offset + size - at));
    while (roundDown(at, powerOfTwo(order)) !== at) order--;
    taken.append(takePart(table, part, order, at - roundDown(at, table.size(part))));
    at += powerOfTwo(order);
  }
}

/** Keeps a range of a taken block; the rest becomes free. */
export function keepStretch(table: BlockTable, block: number, offset: number, size: number, kept: BlockList): void {
  const cleared = table.isCleared(block);
  table.count(table.order(block), cleared, 1);
  table.setFree(block, cleared);
  takeStretch(table, block, offset, size, kept);
}

/** The undivided block that holds a chunk, counted from the start of `block`. */
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
