/**
 * The few places where a recorded kernel does what its users would call a bug, or where ours decides otherwise on purpose.
 * Here stands, by name, what a replay does about each, so that the rest of the recording can be compared all the same.
 *
 * - `ZERO_ON_ALLOC`: bit 4 of a table says whether its pages must be zeroed. Ours always are, so there is no such bit.
 * - `TABLE_OF_FAILED_HOP`: before the kernel's driver can ask for a stop the buffer is given a table for where it is to go
 *   in the end. If the stop has no room the buffer keeps that, in memory without host pages, and can be populated there,
 *   which is of no use to anybody. Ours is as it was before; the driver of a replay leaves such a table.
 * - `SWAP_OUTLIVES_PURGE`: purging a swapped-out buffer leaves its contents in the swap storage, and populating it later
 *   brings the old contents back. A purge means that the contents are gone: ours drops them and reads zero. The tables of a
 *   replay bring them back.
 * - `CACHING_OF_THE_TABLE`: the kernel's driver chooses the caching of pages when it makes their table, and places say
 *   nothing about it. Ours belongs to the place, as in older kernels: a driver that wants other pages says so in its
 *   places, and those of a replay allow just what the recorded driver has chosen.
 * - `LONE_MEMBER_STAYS`: the only member of a bulk move in its list stays where it is when it is unpinned, on the list of the
 *   pinned and out of reach of eviction, or when its priority changes, in the list of the old one, until its bulk is
 *   moved; those who join follow it. Ours goes to the list where it belongs.
 * - `PINNED_IS_EVICTED`: evicting the first buffer of a memory type takes a pinned one if that was not unreserved since
 *   it was pinned. Ours never evicts what is pinned; the replay takes the pins off for that moment.
 * - `EVICTS_FOR_WHAT_NEVER_FITS`: a buffer larger than its place evicts everybody there before it is refused. Ours refuses
 *   it at once; the managers of a replay say that everything might fit.
 * - `VICTIM_FAILURE_ENDS_ALL`, in `victim_failures.ts`: if a victim cannot leave for another reason than want of room, the
 *   validate that it had to leave for fails as well. Ours passes the victim over, so that one broken buffer does not keep
 *   everybody else from memory.
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

/** ZERO_ON_ALLOC: what can be compared of recorded table bits. */
export function comparableTable(bits: number): number {
  return bits & ~ZERO_ON_ALLOC;
}

/** Table bits of a buffer of ours. */
export function tableBits({ tt }: BufferView): number {
  if (tt === null) return 0;
  const isSwapped = tt.swapped || (tt instanceof KernelTable && tt.outlivesPurge);
  return TABLE_EXISTS | (tt.populated ? POPULATED : 0) | (isSwapped ? SWAPPED : 0) | (tt.external ? EXTERNAL : 0);
}

/** A page is one word here, the first one that the recording wrote. */
const codec = {
  encode: (words: Uint32Array) => new Uint8Array(words.slice().buffer),
  decode: (bytes: Uint8Array) => new Uint32Array(bytes.slice().buffer),
};

/** SWAP_OUTLIVES_PURGE: a table that keeps what was swapped out over a purge. */
export class KernelTable extends TranslationTable<Uint32Array> {
  #beforePopulate: () => void;
  #swappedOut: Uint32Array | null = null;
  #kept: Uint32Array | null = null;

  /** `beforePopulate` may throw when there are to be no pages. */
  constructor(pages: number, external: boolean, caching: Caching, beforePopulate: () => void) {
    super(pages, (pages) => new Uint32Array(pages), { codec, external });
    this.setCaching(cachingMask([caching]));
    this.#beforePopulate = beforePopulate;
  }

  /** Whether there is something in the swap storage that a purge should have dropped. */
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

  override unpopulate(): void {
    if (!this.populated && this.swapped) this.#kept = this.#swappedOut;
    super.unpopulate();
  }
}

/** LONE_MEMBER_STAYS: a bulk move that leaves it there, as the kernel's does. */
export class KernelBulkMove extends BulkMove {
  override joinRelisted(row: number): void {
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
