import { TtmError } from "@ttm/core";
import { checkBoolean, checkInteger, checkOptions, optionNames, show } from "@ttm/core/arguments";
import { makeSpace, putListBack } from "./block_changes.ts";
import { BlockSearch } from "./block_search.ts";
import { type BlockTable, NONE } from "./block_table.ts";
import { BuddyAllocation, type BuddyBlock, type FreeBlocks } from "./buddy_allocation.ts";
import type { BuddyOptions, BuddyRequest } from "./buddy_request.ts";
import { keepStretch } from "./exact_range.ts";
import { highest, nextLower } from "./free_search.ts";
import { powerOfTwo } from "./orders.ts";
import { BlockQuery, checkPowerOfTwo, toChunks } from "./block_query.ts";

const OPTIONS = optionNames<BuddyOptions>({ size: true, chunk: true });

/**
 * Allocates blocks whose sizes are powers of two, as Linux's `drm_buddy` does, at the same addresses: a request is
 * served by the largest blocks that fit into it, and a freed block is joined with its buddy. Memory that was cleared
 * when it was freed is kept apart, and used first for requests with `cleared`.
 *
 * There are two interfaces. `take` and `give` identify blocks that were allocated together by a *handle*, a number, and
 * allocate no memory for it: a handle of freed blocks is refused until the first of them begins another allocation.
 * `allocate` and `release` identify them by an object, and always refuse objects that they did not make.
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
  #query: BlockQuery = new BlockQuery();
  #search: BlockSearch;
  // One function for all allocations, by which the allocator also recognises its own.
  #describe: (first: number) => BuddyBlock[] = (first) => this.#blocksFrom(first);

  /**
   * Manages a space; all of it is free, and not known to be cleared.
   *
   * @throws {TtmError} `EINVAL` if the chunk is no power of two, or the space has none.
   */
  constructor(options: BuddyOptions) {
    const what = "create buddy allocator";
    checkOptions(what, options, OPTIONS);
    this.chunk = checkPowerOfTwo(what, "chunk", options.chunk ?? 1);
    checkInteger(what, "size", options.size, this.chunk, Number.MAX_SAFE_INTEGER);
    const chunks = Math.floor(options.size / this.chunk);
    this.size = chunks * this.chunk;
    this.#table = makeSpace(chunks);
    this.#search = new BlockSearch(this.#table, this.chunk);
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
   * Allocates blocks as {@linkcode BuddyAllocator.allocate} does.
   *
   * @returns Their handle, from 1 to 2^31 - 1; 0 if there is not enough free space.
   * @throws {TtmError} As {@linkcode BuddyAllocator.allocate}.
   */
  take(request: BuddyRequest): number {
    this.#query.set(request, this.size, this.chunk);
    return this.#search.run(this.#query) ? this.#first(this.#search.taken.first) : NONE;
  }

  /**
   * Frees blocks as {@linkcode BuddyAllocator.release} does.
   *
   * @param cleared Whether the caller has cleared them.
   * @throws {TtmError} `EINVAL` if the handle is not that of allocated blocks.
   */
  give(handle: number, cleared: boolean = false): void {
    const what = "free blocks";
    checkBoolean(what, "cleared", cleared);
    this.#mustBeFirst(what, handle);
    putListBack(this.#table, handle, cleared);
  }

  /** Address of the first block with this handle. @throws {TtmError} `EINVAL` as {@linkcode BuddyAllocator.give}. */
  startOf(handle: number): number {
    this.#mustBeFirst("tell the start", handle);
    return this.#table.start(handle) * this.chunk;
  }

  /**
   * The blocks with this handle, in the order in which they were found.
   *
   * @throws {TtmError} `EINVAL` as {@linkcode BuddyAllocator.give}.
   */
  blocksOf(handle: number): BuddyBlock[] {
    this.#mustBeFirst("list blocks", handle);
    return this.#blocksFrom(handle);
  }

  /** The handles of all allocated blocks. Do not allocate or free during the iteration. */
  handles(): Iterable<number> {
    return this.#table.firsts();
  }

  /**
   * Allocates blocks (`drm_buddy_alloc_blocks`). Without a range it takes the highest address among the smallest free
   * blocks that are large enough; in a range the lowest address; with `topDown` the highest address of all.
   *
   * @returns null if there is not enough free space; then larger blocks may have been split or joined, and nothing else
   * has changed.
   * @throws {TtmError} `EINVAL` if a size or address is no multiple of the chunk, `minBlock` is no power of two, the
   * range is not inside the space, or the rounded size is larger than the space.
   */
  allocate(request: BuddyRequest): BuddyAllocation | null {
    const handle = this.take(request);
    return handle === NONE ? null : new BuddyAllocation(handle, this.#describe);
  }

  /**
   * Frees blocks and joins each with its buddy as long as that is free and has the same cleared state
   * (`drm_buddy_free_list`).
   *
   * @param cleared Whether the caller has cleared them.
   * @throws {TtmError} `EINVAL` if the allocation is not one of this allocator, or already freed.
   */
  release(allocation: BuddyAllocation, cleared: boolean = false): void {
    this.#mustBeLive("free blocks", allocation);
    this.give(allocation.first, cleared);
    allocation.first = NONE;
  }

  /**
   * Frees all but a part of a single block (`drm_buddy_block_trim`).
   *
   * @param start Where the part that is kept begins; the block's start if left out.
   * @throws {TtmError} `EINVAL` if there is more than one block, or the part is empty, larger than the block, outside
   * it or no multiple of the chunk.
   */
  trim(allocation: BuddyAllocation, size: number, start?: number): void {
    this.#mustBeLive("trim block", allocation);
    allocation.first = this.keep(allocation.first, size, start);
  }

  /**
   * Frees all but a part of a single block, as {@linkcode BuddyAllocator.trim} does.
   *
   * @returns The handle of the part; the old one is no longer valid.
   * @throws {TtmError} `EINVAL` as {@linkcode BuddyAllocator.trim}.
   */
  keep(block: number, size: number, start?: number): number {
    const what = "trim block";
    this.#mustBeFirst(what, block);
    const table = this.#table;
    if (table.next(block) !== NONE) {
      throw new TtmError("EINVAL", `Cannot ${what}: it must be a single block, not ${this.#blocksFrom(block).length}`);
    }
    const whole = table.size(block) * this.chunk;
    const from = table.start(block) * this.chunk;
    const kept = toChunks(what, "size", size, this.chunk, whole, this.chunk);
    const first = toChunks(what, "start", start ?? from, from, from + whole - size, this.chunk);
    if (size === whole) return block;
    const { taken } = this.#search;
    taken.clear();
    keepStretch(table, block, first - table.start(block), kept, taken);
    return this.#first(taken.first);
  }

  /** The free blocks, by size from the smallest, dirty ones before cleared ones. */
  freeBlocks(): FreeBlocks[] {
    const all: FreeBlocks[] = [];
    for (let order = 0; powerOfTwo(order) <= this.#table.chunks; order++) {
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

  #blocksFrom(first: number): BuddyBlock[] {
    const table = this.#table;
    const blocks: BuddyBlock[] = [];
    for (let block = first; block !== NONE; block = table.next(block)) {
      const start = table.start(block) * this.chunk;
      blocks.push({ start, size: table.size(block) * this.chunk, cleared: table.isCleared(block) });
    }
    return blocks;
  }

  #first(block: number): number {
    this.#table.setFirst(block);
    return block;
  }

  #mustBeFirst(what: string, handle: number): void {
    if (this.#table.isFirst(handle)) return;
    throw new TtmError("EINVAL", `Cannot ${what}: ${show(handle)} is not, or no longer, a handle of this allocator`);
  }

  #mustBeLive(what: string, allocation: BuddyAllocation): void {
    const isOurs = allocation instanceof BuddyAllocation && allocation.describe === this.#describe;
    if (isOurs && allocation.first !== NONE) return;
    throw new TtmError("EINVAL", `Cannot ${what}: ${show(allocation)} is not allocated by this allocator`);
  }
}
