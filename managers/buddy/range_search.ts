import { type BlockTable, NONE } from "./block_table.ts";
import { takePart } from "./block_changes.ts";
import { hasFree } from "./free_masks.ts";
import { powerOfTwo, roundDown, roundUp } from "./orders.ts";

/** A half-open range of chunks. */
export interface Chunks {
  readonly start: number;
  readonly end: number;
}

/** Which free blocks a search accepts: {@linkcode dirty} ones, {@linkcode cleared} ones or both, from an order on. */
interface Sought extends Chunks {
  readonly order: number;
  readonly dirty: boolean;
  readonly cleared: boolean;
}

/**
 * Takes the free block of an order at the lowest address in a range, split off from a larger block if necessary: one of
 * the wanted cleared state if there is any, else one of the other.
 *
 * @returns {@linkcode NONE} if there is none.
 */
export function takeLowest(table: BlockTable, range: Chunks, order: number, cleared: boolean): number {
  const size = powerOfTwo(order);
  const start = roundUp(range.start, size);
  const end = roundDown(range.end, size);
  if (start >= end) return NONE;
  let block = lowestIn(table, table.top, 0, { start, end, order, dirty: !cleared, cleared });
  if (block === NONE && (cleared || table.freeCleared > 0)) {
    block = lowestIn(table, table.top, 0, { start, end, order, dirty: true, cleared: true });
  }
  return block === NONE ? NONE : takePart(table, block, order, Math.max(start - table.start(block), 0));
}

/** The matching block at the lowest address in a pair; all blocks and the range are aligned to the order. */
function lowestIn(table: BlockTable, pair: number, start: number, sought: Sought): number {
  const { cells } = table;
  const { order, dirty, cleared } = sought;
  const size = table.size(pair);
  for (let side = 0; side < 2; side++) {
    const from = start + side * size;
    const record = cells[pair + side] as number;
    if (record < 0 || from >= sought.end || from + size <= sought.start) continue;
    const isPossible = (dirty && hasFree(table, record, order, false)) ||
      (cleared && hasFree(table, record, order, true));
    if (!isPossible) continue;
    if (record < table.top) return pair + side;
    // The kernel treats every split block as not cleared, so it finds cleared memory only in whole root blocks.
    if (!dirty && from + size <= table.chunks) continue;
    const found = lowestIn(table, record, from, sought);
    if (found !== NONE) return found;
  }
  return NONE;
}
