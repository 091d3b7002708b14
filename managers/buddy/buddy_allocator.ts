import { TtmError } from "@ttm/core";
import { checkBoolean, checkInteger, checkObject, show } from "@ttm/core/arguments";
import { takeAdjacent } from "./adjacent_blocks.ts";
import { makeSpace, putBack, takePart } from "./block_changes.ts";
import { BlockList } from "./block_list.ts";
import { type BlockTable, NONE, SPACE } from "./block_table.ts";
import { BuddyAllocation, type BuddyBlock } from "./buddy_allocation.ts";
import type { BuddyRequest } from "./buddy_request.ts";
import { freeUntil, takeStretch } from "./exact_range.ts";
import { highest, highestOfAtLeast, nextLower, smallestFree } from "./free_search.ts";
import { ceilLog2, floorLog2, powerOfTwo, roundUp } from "./orders.ts";
import { takeLowest } from "./range_search.ts";
import { joinUnlike } from "./unlike_halves.ts";
import { checkPowerOfTwo, toChunks, Wanted } from "./wanted.ts";

/** The space to hand out, in units of the caller's: pages, bytes. */
export interface BuddyOptions {
  /** From 1 chunk; whatever is beyond the last whole chunk is left out. */
  readonly size: number;
  /** The smallest block, a power of two. @default {1} */
  readonly chunk?: number;
}

/** The free blocks of a size. */
export interface FreeBlocks {
  /** Size of each, in units. */
  readonly size: number;
  /** Whether they are known to be cleared. */
  readonly cleared: boolean;
  /** Ascending. */
  readonly starts: readonly number[];
}

/**
 * Hands out blocks whose sizes are powers of two, as Linux's `drm_buddy` does, with the same addresses: a request is
 * served by the largest blocks that fit into it, and what is freed is joined with its other half. Memory that was cleared
 * when it was freed is kept apart, and preferred by those who want it cleared.
 *
 * @example 13 chunks as blocks of 8, 4 and 1
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BuddyAllocator } from "@ttm/buddy";
 *
 * const space = new BuddyAllocator({ size: 64 });
 * const allocation = space.allocate({ size: 13 });
 * assertEquals(allocation?.blocks.map(({ start, size }) => [start, size]), [[56, 8], [52, 4], [51, 1]]);
 * if (allocation !== null) space.release(allocation);
 * assertEquals(space.freeBlocks(), [{ size: 64, cleared: false, starts: [0] }]);
 * ```
 */
export class BuddyAllocator {
  /** Size of the smallest block, in units. */
  readonly chunk: number;
  /** Size of the space, in units. */
  readonly size: number;
  #table: BlockTable;
  #maxOrder: number;
  #wanted: Wanted = new Wanted();
  #taken: BlockList;
  // One function for all allocations, by which the allocator also recognises its own.
  #describe: (first: number) => BuddyBlock[] = (first) => this.#blocksFrom(first);

  /**
   * Takes charge of a space; all of it is free, and not known to be cleared.
   *
   * @throws {TtmError} `EINVAL` if the chunk is no power of two, or the space has none.
   */
  constructor(options: BuddyOptions) {
    const what = "create buddy allocator";
    checkObject(what, "the options", options);
    this.chunk = checkPowerOfTwo(what, "chunk", options.chunk ?? 1);
    checkInteger(what, "size", options.size, this.chunk, Number.MAX_SAFE_INTEGER);
    const chunks = Math.floor(options.size / this.chunk);
    this.size = chunks * this.chunk;
    this.#maxOrder = floorLog2(chunks);
    this.#table = makeSpace(chunks);
    this.#taken = new BlockList(this.#table);
  }

  /** Units that are free. */
  get free(): number {
    return this.#table.free * this.chunk;
  }

  /** Units that are free and known to be cleared. */
  get freeCleared(): number {
    return this.#table.freeCleared * this.chunk;
  }

  /**
   * Finds blocks (`drm_buddy_alloc_blocks`). Without a range the highest address of the smallest free blocks that are
   * large enough; in a range the lowest; from the top down the highest of all.
   *
   * @returns null if there is no room; nothing has changed then, but that larger blocks may have been halved or joined.
   * @throws {TtmError} `EINVAL` if a size or address is no multiple of the chunk, `minBlock` no power of two, the range
   * not inside the space, or the rounded size larger than the space.
   */
  allocate(request: BuddyRequest): BuddyAllocation | null {
    const wanted = this.#wanted;
    wanted.set(request, this.size, this.chunk);
    this.#taken.clear();
    const isDone = wanted.start + wanted.size === wanted.end ? this.#takeExactly(wanted) : this.#takeBlocks(wanted);
    return isDone ? new BuddyAllocation(this.#taken.first, this.#describe) : null;
  }

  /**
   * Takes blocks back and joins them with their other halves that are free and as cleared (`drm_buddy_free_list`).
   *
   * @param cleared Whether the caller has cleared them.
   * @throws {TtmError} `EINVAL` if they are not handed out by this allocator.
   */
  release(allocation: BuddyAllocation, cleared: boolean = false): void {
    checkBoolean("free blocks", "cleared", cleared);
    this.#mustBeLive("free blocks", allocation);
    let block = allocation.first;
    allocation.first = NONE;
    while (block !== NONE) {
      const next = this.#table.next(block);
      putBack(this.#table, block, cleared);
      block = next;
    }
  }

  /**
   * Gives a part of a single block back (`drm_buddy_block_trim`).
   *
   * @param start Where the part begins that is kept; the block's start, if left out.
   * @throws {TtmError} `EINVAL` if there is more than one block, or the part is empty, larger than the block, outside it
   * or no multiple of the chunk.
   */
  trim(allocation: BuddyAllocation, size: number, start?: number): void {
    const what = "trim block";
    this.#mustBeLive(what, allocation);
    const table = this.#table;
    const block = allocation.first;
    if (table.next(block) !== NONE) {
      throw new TtmError("EINVAL", `Cannot ${what}: there are ${allocation.blocks.length} of them`);
    }
    const whole = table.size(block) * this.chunk;
    const from = table.start(block) * this.chunk;
    const kept = toChunks(what, "size", size, this.chunk, whole, this.chunk);
    const first = toChunks(what, "start", start ?? from, from, from + whole - size, this.chunk);
    if (size === whole) return;
    this.#taken.clear();
    this.#keep(block, first - table.start(block), kept);
    allocation.first = this.#taken.first;
  }

  /** The free blocks, by size from the smallest, dirty ones before cleared ones. */
  freeBlocks(): FreeBlocks[] {
    const all: FreeBlocks[] = [];
    for (let order = 0; order <= this.#maxOrder; order++) {
      for (const cleared of [false, true]) {
        const starts: number[] = [];
        for (let block = highest(this.#table, order, cleared); block !== NONE; block = nextLower(this.#table, block)) {
          starts.push(this.#table.start(block) * this.chunk);
        }
        if (starts.length > 0) all.push({ size: powerOfTwo(order) * this.chunk, cleared, starts: starts.reverse() });
      }
    }
    return all;
  }

  #takeExactly({ start, end, minOrder }: Wanted): boolean {
    if (roundUp(start, powerOfTwo(minOrder)) !== start || roundUp(end, powerOfTwo(minOrder)) !== end) {
      throw new TtmError("EINVAL", `Cannot allocate blocks: [${start}, ${end}) is not aligned to its smallest block`);
    }
    if (freeUntil(this.#table, start, end) < end) return false;
    takeStretch(this.#table, SPACE, start, end - start, this.#taken);
    return true;
  }

  #takeBlocks(wanted: Wanted): boolean {
    const { contiguous, ranged } = wanted;
    const size = contiguous ? powerOfTwo(ceilLog2(wanted.size)) : roundUp(wanted.size, powerOfTwo(wanted.minOrder));
    if (size > this.#table.chunks || floorLog2(size) > this.#maxOrder) {
      if (contiguous && !ranged) return takeAdjacent(this.#table, wanted.size, wanted.minOrder, this.#taken);
      throw new TtmError("EINVAL", `Cannot allocate blocks: ${size * this.chunk} do not fit into ${this.size}`);
    }
    const minOrder = contiguous ? floorLog2(size) : wanted.minOrder;
    // Without unlike halves to join for the smallest block, a search would take all that is free and give it back.
    if (!contiguous && size > this.#table.free && (minOrder === 0 || this.#table.freeCleared === 0)) return false;
    const excess = wanted.trim ? size - wanted.size : 0;
    let order = floorLog2(size);
    for (let left = size; left > 0; left -= powerOfTwo(order)) {
      const block = this.#takeAtMost(wanted, Math.min(order, floorLog2(left)), minOrder);
      if (block === NONE) {
        this.#giveUp();
        return contiguous && !ranged && takeAdjacent(this.#table, wanted.size, wanted.minOrder, this.#taken);
      }
      order = this.#table.order(block);
      if (excess === 0 || powerOfTwo(order) < left) this.#taken.append(block);
      else this.#keep(block, 0, left - excess);
    }
    return true;
  }

  /** Takes a free block of an order, or the largest one below it that there is. */
  #takeAtMost(wanted: Wanted, order: number, minOrder: number): number {
    for (let size = order; size >= minOrder; size--) {
      const block = this.#take(wanted, size);
      if (block !== NONE) return block;
    }
    if (this.#table.freeCleared === 0 || !joinUnlike(this.#table, wanted, minOrder)) return NONE;
    return this.#take(wanted, minOrder);
  }

  /** Takes a block of just an order, the upper end of a larger one if need be. */
  #take(wanted: Wanted, order: number): number {
    const table = this.#table;
    const { ranged, topDown, cleared } = wanted;
    if (ranged) return takeLowest(table, wanted, order, cleared);
    let block = topDown ? highestOfAtLeast(table, order, cleared) : this.#highestOfSmallest(order, cleared);
    if (block === NONE) block = this.#highestOfSmallest(order, !cleared);
    return block === NONE ? NONE : takePart(table, block, order, table.size(block) - 1);
  }

  #highestOfSmallest(order: number, cleared: boolean): number {
    const size = smallestFree(this.#table, order, cleared);
    return size < 0 ? NONE : highest(this.#table, size, cleared);
  }

  /** Gives back what has been taken so far, as cleared as it was. */
  #giveUp(): void {
    const table = this.#table;
    let block = this.#taken.first;
    while (block !== NONE) {
      const next = table.next(block);
      putBack(table, block, table.isCleared(block));
      block = next;
    }
    this.#taken.clear();
  }

  /** Appends a part of a taken block to what has been taken; the rest becomes free. */
  #keep(block: number, offset: number, size: number): void {
    const table = this.#table;
    const cleared = table.isCleared(block);
    table.count(table.order(block), cleared, 1);
    table.setFree(block, cleared);
    takeStretch(table, block, offset, size, this.#taken);
  }

  #blocksFrom(first: number): BuddyBlock[] {
    const table = this.#table;
    const blocks: BuddyBlock[] = [];
    for (let block = first; block !== NONE; block = table.next(block)) {
      const start = table.start(block) * this.chunk;
      blocks.push({ start, size: table.size(block) * this.chunk, cleared: table.isCleared(block) });
    }
    return blocks;
  }

  #mustBeLive(what: string, allocation: BuddyAllocation): void {
    const isOurs = allocation instanceof BuddyAllocation && allocation.describe === this.#describe;
    if (isOurs && allocation.first !== NONE) return;
    throw new TtmError("EINVAL", `Cannot ${what}: ${show(allocation)} is not handed out by this allocator`);
  }
}
