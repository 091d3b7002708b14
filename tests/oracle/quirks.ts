/**
 * The known differences: where the recorded kernel has a bug, or where the core differs on purpose.
 * For each, by name, this file has what a replay does so that the rest of the recording can still be compared.
 *
 * - `ZERO_ON_ALLOC`: bit 4 of a table says whether its pages must be zeroed. The core always zeroes them, and has no
 *   such bit.
 * - `TABLE_OF_FAILED_HOP`: before the kernel's driver can ask for a hop the buffer gets a table for its final
 *   memory type. If the hop has no room the buffer keeps the table, in memory without host pages, and can be populated,
 *   to no use. In the core the buffer is unchanged; the driver of a replay leaves such a table.
 * - `TABLE_OF_FAILED_MOVE`, in `failed_moves.ts`: after a failed move a buffer in memory without host pages loses its
 *   table, whatever it had; any other keeps the table that it got for the move, with its pages. In the core a failed
 *   move changes nothing, so that a caller can try another place.
 * - `IMPORTED_KEEPS_RESERVATION`, in `imported_buffers.ts`: an imported buffer keeps its shared reservation when it dies,
 *   its ghost objects share it, and even a copy that has ended when it begins leaves one. Work that begins later, on
 *   other buffers, then keeps memory that nobody uses. In the core a dying buffer takes the pending fences along, as any
 *   other does, and its bytes return to the exporter under a reservation of its own.
 * - `SWAP_OUTLIVES_PURGE`: purging a swapped-out buffer leaves its contents in the swap storage, and populating it
 *   later restores the old contents. In the core a purge drops them, and the buffer reads as zero. The tables of a
 *   replay restore them.
 * - `CACHING_OF_THE_TABLE`: the kernel's driver chooses the caching of pages when it makes their table, and places have
 *   no caching. In the core the caching belongs to the place, as in older kernels; the places of a replay allow just
 *   the caching that the recorded driver has chosen.
 * - `LONE_MEMBER_STAYS`: the only member of a bulk move in its list stays where it is when it is unpinned, on the list
 *   of pinned buffers, where it cannot be evicted, or when its priority changes, in the list of the old one, until its
 *   bulk is moved; later members follow it. In the core it moves to its own list.
 * - `PINNED_IS_EVICTED`: evicting the first buffer of a memory type takes a pinned one if it was not unreserved since
 *   it was pinned. The core never evicts a pinned buffer; the replay unpins it for the call.
 * - `EVICTS_FOR_WHAT_NEVER_FITS`: a buffer larger than its place evicts all buffers there before it is refused. The
 *   core refuses it at once; the managers of a replay claim that everything might fit.
 * - `VICTIM_FAILURE_ENDS_ALL`, in `victim_failures.ts`: if a victim cannot be evicted for another reason than lack of
 *   room, the validate that needs its room fails as well. The core skips the victim, so that one broken buffer does not
 *   keep all others from memory.
 *
 * @module
 */
import {
  type BoDevice,
  type BufferObject,
  type BufferView,
  BulkMove,
  type Caching,
  type MemTypeManager,
  TranslationTable,
  type WaitOptions,
} from "@ttm/core";
import { cachingMask } from "../../core/base/caching.ts";

const TABLE_EXISTS = 1;
const POPULATED = 2;
const ZERO_ON_ALLOC = 4;
const SWAPPED = 8;
const EXTERNAL = 16;

/** ZERO_ON_ALLOC: the recorded table bits that can be compared. */
export function comparableTable(bits: number): number {
  return bits & ~ZERO_ON_ALLOC;
}

/** The table bits of a buffer of the core. */
export function tableBits({ tt }: BufferView): number {
  if (tt === null) return 0;
  const isSwapped = tt.swapped || (tt instanceof KernelTable && tt.outlivesPurge);
  return TABLE_EXISTS | (tt.populated ? POPULATED : 0) | (isSwapped ? SWAPPED : 0) | (tt.external ? EXTERNAL : 0);
}

/** In a replay the contents of a page are one word, the first one that the recording wrote. */
const codec = {
  encode: (words: Uint32Array) => new Uint8Array(words.slice().buffer),
  decode: (bytes: Uint8Array) => new Uint32Array(bytes.slice().buffer),
};

/** SWAP_OUTLIVES_PURGE: a table that keeps its swapped out contents over a purge. */
export class KernelTable extends TranslationTable<Uint32Array> {
  #beforePopulate: () => void;
  #swappedOut: Uint32Array | null = null;
  #kept: Uint32Array | null = null;
  #hadPages = false;

  /** `beforePopulate` may throw to make populating fail. */
  constructor(pages: number, external: boolean, caching: Caching, beforePopulate: () => void) {
    super(pages, (pages) => new Uint32Array(pages), { codec, external });
    this.setCaching(cachingMask([caching]));
    this.#beforePopulate = beforePopulate;
  }

  /** Whether the swap storage has contents that a purge should have dropped. */
  get outlivesPurge(): boolean {
    return this.#kept !== null;
  }

  override populate(zeroed?: boolean): Uint32Array {
    if (!this.populated) this.#beforePopulate();
    const words = super.populate(zeroed);
    if (this.#kept !== null) words.set(this.#kept);
    this.#kept = null;
    return words;
  }

  override encode(): Uint8Array | null {
    this.#swappedOut = this.contents?.slice() ?? null;
    return super.encode();
  }

  override restore(bytes: Uint8Array): void {
    this.#beforePopulate();
    super.restore(bytes);
  }

  /** Makes the pages again that the last {@linkcode unpopulate} freed; false if there were none. */
  regain(): boolean {
    if (this.#hadPages) super.populate();
    return this.#hadPages;
  }

  override unpopulate(): void {
    this.#hadPages = this.populated;
    if (!this.populated && this.swapped) this.#kept = this.#swappedOut;
    super.unpopulate();
  }
}

/** LONE_MEMBER_STAYS: a bulk move that leaves such a member in its list, as the kernel does. */
export class KernelBulkMove extends BulkMove {
  override joinRelisted(row: number): void {
    this.join(row);
  }
}

/** EVICTS_FOR_WHAT_NEVER_FITS: a manager without `canFit`, like the kernel's. */
export function unknowing(manager: MemTypeManager): MemTypeManager {
  return Object.assign(manager, { canFit: () => true });
}

/** PINNED_IS_EVICTED: evicts the first buffer of the `lists` of a memory type without its pins. */
export async function evictFirstPinnedOrNot(
  device: BoDevice,
  memoryType: string,
  lists: readonly (readonly BufferView[])[],
  options: WaitOptions = {},
): Promise<boolean> {
  const first = lists.flat()[0] as BufferObject | undefined;
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
    // The new resource of a pinned buffer is on the pinned list.
    if (first.memoryType === memoryType) first.unlock();
    else first.unreserve();
  }
}
