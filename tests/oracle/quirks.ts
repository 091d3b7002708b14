/**
 * The few places where a recorded kernel does what its users would call a bug. Ours does the right thing; here stands,
 * by name, what a replay does about each, so that the rest of the recording can be compared all the same.
 *
 * - `ZERO_ON_ALLOC`: bit 4 of a table says whether its pages must be zeroed. Ours always are, so there is no such bit.
 * - `TABLE_OF_FAILED_MOVE`: a buffer that could not be moved out of memory without host pages is left with an empty
 *   table. Ours is as it was before; its table is not compared until it has moved.
 * - `SWAP_OUTLIVES_PURGE`: purging a swapped-out buffer leaves its contents in the swap storage, and populating it later
 *   brings the old contents back. A purge means that the contents are gone: ours drops them and reads zero.
 * - `LONE_MEMBER_STAYS_PINNED`: the only member of a bulk move in its list stays on the list of the pinned when it is
 *   unpinned, out of reach of eviction, until its bulk is moved; those who join follow it. Ours returns to its list.
 * - `PINNED_IS_EVICTED`: evicting the first buffer of a memory type takes a pinned one if that was not unreserved since
 *   it was pinned. Ours never evicts what is pinned; the replay takes the pins off for that moment.
 * - `EVICTS_FOR_WHAT_NEVER_FITS`: a buffer larger than its place evicts everybody there before it is refused. Ours refuses
 *   it at once; the managers of a replay say that everything might fit.
 *
 * @module
 */
import {
  type BoDevice,
  type BufferObject,
  type BufferView,
  BulkMove,
  type MemTypeManager,
  type WaitOptions,
} from "@ttm/core";

/** Of a buffer's row. */
export const TABLE_COLUMN = 7;
const TABLE_EXISTS = 1;
const POPULATED = 2;
const SWAPPED = 8;

/** ZERO_ON_ALLOC: what can be compared of recorded table bits. */
export function comparableTable(bits: number): number {
  return bits & (TABLE_EXISTS | POPULATED | SWAPPED);
}

/** Table bits of a buffer of ours. */
export function tableBits({ tt }: BufferView): number {
  if (tt === null) return 0;
  return TABLE_EXISTS | (tt.populated ? POPULATED : 0) | (tt.swapped ? SWAPPED : 0);
}

/** TABLE_OF_FAILED_MOVE: buffers whose last attempted move failed. */
export class FailedMoves {
  #buffers = new Set<number>();

  /** Looks at the moves of an operation, as traces write them. */
  note(events: readonly (readonly unknown[])[]): void {
    for (const [buffer, , , , , , ret] of events) {
      if (typeof buffer !== "number") continue;
      if (ret === 0) this.#buffers.delete(buffer);
      else this.#buffers.add(buffer);
    }
  }

  /** A row of a buffer without its table, if that cannot be compared. */
  comparable(row: readonly number[]): readonly number[] {
    return this.#buffers.has(row[0] ?? -1) ? row.with(TABLE_COLUMN, 0) : row;
  }
}

/** SWAP_OUTLIVES_PURGE: buffers whose recorded table says swapped although they were purged since. */
export class PurgedWhileSwapped {
  #buffers = new Set<number>();

  /** Looks at the recorded bits before and after a purge, or any other operation. */
  note(id: number, bits: number, purged: boolean): void {
    if ((bits & SWAPPED) === 0) this.#buffers.delete(id);
    else if (purged) this.#buffers.add(id);
  }

  comparable(id: number, bits: number): number {
    return this.#buffers.has(id) ? bits & ~SWAPPED : bits;
  }
}

/** LONE_MEMBER_STAYS_PINNED: a bulk move that leaves it there, as the kernel's does. */
export class KernelBulkMove extends BulkMove {
  override joinUnpinned(row: number): void {
    this.join(row);
  }
}

/** EVICTS_FOR_WHAT_NEVER_FITS: a manager that does not know what fits, as the kernel's do not. */
export function unknowing(manager: MemTypeManager): MemTypeManager {
  return Object.assign(manager, { canFit: () => true });
}

/** PINNED_IS_EVICTED: evicts the first buffer of a memory type without its pins. */
export async function evictFirstPinnedOrNot(
  device: BoDevice,
  memoryType: string,
  options: WaitOptions = {},
): Promise<boolean> {
  const first = device.lru(memoryType).flat()[0] as BufferObject | undefined;
  if (first === undefined || first.pins === 0) return await device.evictFirst(memoryType, options);
  const { pins, bulkMove } = first;
  first.tryReserve();
  first.setBulkMove(null);
  for (let pin = 0; pin < pins; pin++) first.unpin();
  first.unlock();
  try {
    return await device.evictFirst(memoryType, options);
  } finally {
    first.tryReserve();
    for (let pin = 0; pin < pins; pin++) first.pin();
    first.setBulkMove(bulkMove);
    // A place that a pinned buffer is given stands among the pinned.
    if (first.memoryType === memoryType) first.unlock();
    else first.unreserve();
  }
}
