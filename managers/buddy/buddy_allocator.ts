import { TtmError } from "@ttm/core";
import { checkBoolean, checkInteger, checkObject, show } from "@ttm/core/arguments";
import { BlockTree, floorLog2, powerOfTwo } from "./block_tree.ts";
import { type Chunks, lowestInRange, takeRange } from "./range_search.ts";

/** The space to hand out, in units of the caller's: pages, bytes. */
export interface BuddyOptions {
  /** From 1 chunk; whatever is beyond the last whole chunk is left out. */
  readonly size: number;
  /** The smallest block, a power of two. @default {1} */
  readonly chunk?: number;
}

/** What is wanted. All sizes and addresses are multiples of the chunk. */
export interface BuddyRequest {
  /** From 1 chunk. */
  readonly size: number;
  /** The smallest block that will do, a power of two: blocks are aligned to it. @default {the chunk} */
  readonly minBlock?: number;
  /** The lowest address. @default {0} */
  readonly start?: number;
  /** The end of the highest. @default {the size of the space} */
  readonly end?: number;
  /** Keep to start and end. If they are just the size apart, they are kept to anyhow. @default {whether one is given} */
  readonly ranged?: boolean;
  /** Take the highest addresses. @default {false} */
  readonly topDown?: boolean;
  /** The blocks must be adjacent. @default {false} */
  readonly contiguous?: boolean;
  /** Prefer memory that has been cleared, instead of such that has not. @default {false} */
  readonly cleared?: boolean;
  /** Give the excess of rounding the size up back. @default {true} */
  readonly trim?: boolean;
}

/** One block that was handed out. */
export interface BuddyBlock {
  /** Its address. */
  readonly start: number;
  /** A power of two of chunks, in units. */
  readonly size: number;
  /** Whether it was known to be cleared when it was handed out. */
  readonly cleared: boolean;
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

/** Blocks that were handed out together. */
export class BuddyAllocation {
  /** @internal None after it was freed. */
  rows: readonly number[];
  /** @internal Of the allocator that has handed them out. */
  readonly describe: (rows: readonly number[]) => BuddyBlock[];

  /** @internal */
  constructor(rows: readonly number[], describe: (rows: readonly number[]) => BuddyBlock[]) {
    this.rows = rows;
    this.describe = describe;
  }

  /** The blocks, in the order in which they were found; none after it was freed. */
  get blocks(): BuddyBlock[] {
    return this.describe(this.rows);
  }
}

const NO_ROWS: readonly number[] = [];

/** A checked request, in chunks. */
interface Wanted extends Chunks {
  readonly size: number;
  readonly minOrder: number;
  readonly ranged: boolean;
  readonly topDown: boolean;
  readonly contiguous: boolean;
  readonly cleared: boolean;
  readonly trim: boolean;
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
  #tree: BlockTree;
  #chunks: number;
  #maxOrder: number;
  // One function for all allocations, by which the allocator also recognises its own.
  #describe: (rows: readonly number[]) => BuddyBlock[] = (rows) => rows.map((row) => this.#blockAt(row));

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
    this.#chunks = Math.floor(options.size / this.chunk);
    this.size = this.#chunks * this.chunk;
    this.#maxOrder = floorLog2(this.#chunks);
    this.#tree = new BlockTree(this.#chunks);
  }

  /** Units that are free. */
  get free(): number {
    return this.#tree.free * this.chunk;
  }

  /** Units that are free and known to be cleared. */
  get freeCleared(): number {
    return this.#tree.freeCleared * this.chunk;
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
    const wanted = this.#check(request);
    const rows = wanted.start + wanted.size === wanted.end ? this.#takeExactly(wanted) : this.#takeBlocks(wanted);
    // The copy has just the length needed; an array that was pushed to holds room for more.
    return rows === null ? null : new BuddyAllocation(rows.slice(), this.#describe);
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
    const rows = allocation.rows;
    allocation.rows = NO_ROWS;
    for (const row of rows) {
      this.#tree.setCleared(row, cleared);
      this.#putBack(row, false);
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
    const [row, ...others] = allocation.rows;
    if (row === undefined || others.length > 0) {
      throw new TtmError("EINVAL", `Cannot ${what}: there are ${allocation.rows.length} of them`);
    }
    const block = this.#blockAt(row);
    checkMultiple(what, "size", size, this.chunk, block.size, this.chunk);
    const from = start ?? block.start;
    checkMultiple(what, "start", from, block.start, block.start + block.size - size, this.chunk);
    if (size < block.size) allocation.rows = this.#trim(row, size / this.chunk, from / this.chunk);
  }

  /** The free blocks, by size from the smallest, dirty ones before cleared ones. */
  freeBlocks(): FreeBlocks[] {
    const all: FreeBlocks[] = [];
    for (const cleared of [false, true]) {
      for (let order = 0; order <= this.#maxOrder; order++) {
        const starts: number[] = [];
        for (let below = Infinity;;) {
          const row = this.#tree.highest(order, cleared, below);
          if (row < 0) break;
          below = this.#tree.start(row);
          starts.unshift(below * this.chunk);
        }
        if (starts.length > 0) all.push({ size: powerOfTwo(order) * this.chunk, cleared, starts });
      }
    }
    return all.sort((a, b) => a.size - b.size || Number(a.cleared) - Number(b.cleared));
  }

  #check(request: BuddyRequest): Wanted {
    const what = "allocate blocks";
    checkObject(what, "the request", request);
    const { size, minBlock = this.chunk, start = 0, end = this.size, ranged } = request;
    const { topDown = false, contiguous = false, cleared = false, trim = true } = request;
    checkBoolean(what, "topDown", topDown);
    checkBoolean(what, "contiguous", contiguous);
    checkBoolean(what, "cleared", cleared);
    checkBoolean(what, "trim", trim);
    if (ranged !== undefined) checkBoolean(what, "ranged", ranged);
    checkPowerOfTwo(what, "minBlock", minBlock);
    if (minBlock < this.chunk) throw new TtmError("EINVAL", `Cannot ${what}: minBlock must be ${this.chunk} at least`);
    checkMultiple(what, "end", end, 0, this.size, this.chunk);
    checkMultiple(what, "start", start, 0, this.size, this.chunk);
    checkMultiple(what, "size", size, this.chunk, this.size - start, this.chunk);
    return {
      topDown,
      contiguous,
      cleared,
      trim,
      size: size / this.chunk,
      start: start / this.chunk,
      end: end / this.chunk,
      minOrder: floorLog2(minBlock / this.chunk),
      ranged: ranged ?? (request.start !== undefined || request.end !== undefined),
    };
  }

  #takeExactly(wanted: Wanted): number[] | null {
    const { start, end, minOrder } = wanted;
    if (start % powerOfTwo(minOrder) !== 0 || end % powerOfTwo(minOrder) !== 0) {
      throw new TtmError("EINVAL", `Cannot allocate blocks: [${start}, ${end}) is not aligned to its smallest block`);
    }
    const { rows, complete } = takeRange(this.#tree, this.#tree.roots, wanted);
    return complete ? rows : this.#giveUp(rows);
  }

  #takeBlocks(wanted: Wanted): number[] | null {
    const { contiguous, ranged } = wanted;
    const size = contiguous ? 2 ** ceilLog2(wanted.size) : roundUp(wanted.size, powerOfTwo(wanted.minOrder));
    if (size > this.#chunks || floorLog2(size) > this.#maxOrder) {
      if (contiguous && !ranged) return this.#tryHarder(wanted);
      throw new TtmError("EINVAL", `Cannot allocate blocks: ${size * this.chunk} do not fit into ${this.size}`);
    }
    const minOrder = contiguous ? floorLog2(size) : wanted.minOrder;
    const rows: number[] = [];
    let order = Infinity;
    for (let left = size; left > 0; left -= powerOfTwo(order)) {
      const row = this.#findAtMost(wanted, Math.min(order, floorLog2(left)), minOrder);
      if (row < 0) {
        this.#giveUp(rows);
        return contiguous && !ranged ? this.#tryHarder(wanted) : null;
      }
      order = this.#tree.order(row);
      this.#tree.take(row);
      rows.push(row);
    }
    const last = rows.at(-1) as number;
    if (wanted.trim && size > wanted.size) {
      rows.splice(-1, 1, ...this.#trim(last, this.#tree.size(last) - size + wanted.size));
    }
    return rows;
  }

  /** A free block of an order, or the largest one below it that there is. */
  #findAtMost(wanted: Wanted, order: number, minOrder: number): number {
    for (let size = order; size >= minOrder; size--) {
      const row = this.#find(wanted, size);
      if (row >= 0) return row;
    }
    if (this.#tree.freeCleared === 0 || !this.#joinUnlike(wanted, minOrder)) return -1;
    return this.#find(wanted, minOrder);
  }

  /** A free block of just an order, halved from a larger one if need be. */
  #find(wanted: Wanted, order: number): number {
    const tree = this.#tree;
    const { ranged, topDown, cleared } = wanted;
    if (ranged) return lowestInRange(tree, wanted, order, cleared);
    let row = topDown ? tree.highestOfAtLeast(order, cleared) : this.#highestOfSmallest(order, cleared);
    if (row < 0) row = this.#highestOfSmallest(order, !cleared);
    while (row >= 0 && tree.order(row) > order) {
      tree.split(row);
      row = tree.right(row);
    }
    return row;
  }

  #highestOfSmallest(order: number, cleared: boolean): number {
    const size = this.#tree.smallestFree(order, cleared);
    return size < 0 ? -1 : this.#tree.highest(size, cleared);
  }

  /**
   * Joins free halves of which one is cleared and the other is not, until there is a block of an order. The result counts as
   * not cleared (`__force_merge`).
   */
  #joinUnlike({ start, end }: Chunks, minOrder: number): boolean {
    const tree = this.#tree;
    for (const cleared of [true, false]) {
      for (let order = minOrder - 1; order >= 0; order--) {
        for (let row = tree.highest(order, cleared); row >= 0;) {
          const below = tree.start(row);
          const buddy = tree.buddy(row);
          if (below >= start && below + tree.size(row) <= end && buddy >= 0 && tree.isFree(buddy)) {
            tree.take(row);
            if (this.#putBack(row, true) >= minOrder) return true;
          }
          row = tree.highest(order, cleared, below);
        }
      }
    }
    return false;
  }

  /** Frees an allocated block and joins it upwards; returns the order of what it has become. */
  #putBack(row: number, joinsUnlike: boolean): number {
    const tree = this.#tree;
    let joined = row;
    for (let buddy = tree.buddy(joined); buddy >= 0 && tree.isFree(buddy); buddy = tree.buddy(joined)) {
      const cleared = tree.isCleared(joined);
      if (!joinsUnlike && cleared !== tree.isCleared(buddy)) break;
      tree.take(buddy);
      joined = tree.join(joined, cleared && !joinsUnlike);
    }
    tree.put(joined);
    return tree.order(joined);
  }

  /** Gives blocks back as cleared as they were. */
  #giveUp(rows: readonly number[]): null {
    for (const row of rows) this.#putBack(row, false);
    return null;
  }

  #trim(row: number, size: number, start: number = this.#tree.start(row)): number[] {
    this.#tree.put(row);
    return takeRange(this.#tree, [row], { start, end: start + size }).rows;
  }

  /**
   * Adjacent blocks around a free one of at least half the size: from its start on, or ending where those end
   * (`__alloc_contig_try_harder`).
   */
  #tryHarder({ size, minOrder }: Wanted): number[] | null {
    const tree = this.#tree;
    const order = floorLog2(size);
    if (order === 0) return null;
    for (const cleared of [true, false]) {
      for (let row = tree.highest(order, cleared); row >= 0;) {
        const at = tree.start(row);
        const rows = this.#takeAround(at, size, powerOfTwo(minOrder));
        if (rows !== null) return rows;
        row = tree.highest(order, cleared, at);
      }
    }
    return null;
  }

  #takeAround(at: number, size: number, minBlock: number): number[] | null {
    const tree = this.#tree;
    const first = roundDown(at, minBlock);
    const right = takeRange(tree, tree.roots, { start: first, end: first + size });
    if (right.complete) return right.rows;
    const filled = right.rows.reduce((sum, row) => sum + tree.size(row), 0);
    this.#giveUp(right.rows);
    const start = roundDown(first + filled - size, minBlock);
    if (start < 0) return null;
    const left = takeRange(tree, tree.roots, { start, end: start + size });
    return left.complete ? left.rows : this.#giveUp(left.rows);
  }

  #blockAt(row: number): BuddyBlock {
    return {
      start: this.#tree.start(row) * this.chunk,
      size: this.#tree.size(row) * this.chunk,
      cleared: this.#tree.isCleared(row),
    };
  }

  #mustBeLive(what: string, allocation: BuddyAllocation): void {
    const isOurs = allocation instanceof BuddyAllocation && allocation.describe === this.#describe;
    if (isOurs && allocation.rows.length > 0) return;
    throw new TtmError("EINVAL", `Cannot ${what}: ${show(allocation)} is not handed out by this allocator`);
  }
}

function ceilLog2(chunks: number): number {
  const order = floorLog2(chunks);
  return powerOfTwo(order) === chunks ? order : order + 1;
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

function roundDown(value: number, to: number): number {
  return Math.floor(value / to) * to;
}

function checkPowerOfTwo(what: string, name: string, value: unknown): number {
  const number = checkInteger(what, name, value, 1, 2 ** 52);
  if (powerOfTwo(floorLog2(number)) === number) return number;
  throw new TtmError("EINVAL", `Cannot ${what}: ${name} must be a power of two, not ${number}`);
}

function checkMultiple(what: string, name: string, value: unknown, min: number, max: number, of: number): void {
  if (checkInteger(what, name, value, min, max) % of === 0) return;
  throw new TtmError("EINVAL", `Cannot ${what}: ${name} must be a multiple of ${of}, not ${show(value)}`);
}
