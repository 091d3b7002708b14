import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import { binOf } from "./bins.ts";
import { BlockNode } from "./block_node.ts";
import { BlockTable, NONE } from "./block_table.ts";
import { checkNamesOf, checkOptions, checkRequest } from "./good_fit_requests.ts";
import type { GoodFitNode, GoodFitOptions, GoodFitRange, GoodFitRequest } from "./good_fit_requests.ts";
import { HoleIndex } from "./hole_index.ts";
import { HoleQuery, NOWHERE } from "./hole_query.ts";

/** Number of holes of the size's own bin to try before the index by address is searched. */
const MAX_TRIES = 8;

/**
 * Allocates ranges of [start, start + size) in constant time, from a hole that is nearly the smallest that fits.
 * Everything is synchronous and, except for the values of handles, deterministic.
 *
 * A plain request takes a hole of the first bin in which every hole is large enough; if there is none, it tries the
 * holes of the bin of its own size, where some may fit. Requests with an alignment, a range or `topDown` that the bins
 * do not answer use an index by address, O(log n), which is made when it is first needed and kept from then on. A
 * request is refused only if no hole fits.
 *
 * There are two interfaces. `take` and `give` identify a range by its *handle*, a number, and allocate no memory for
 * it. `insert` and `remove` identify it by a node, an object, and always refuse nodes that they did not allocate.
 *
 * How reliably a wrong handle is refused: a handle has 31 bits. The lower ones are the number of the block, as many as
 * it takes to write `size`, but at most 26; the others count how often that block has been freed. So a stale handle is
 * refused until its block has been freed so many times that the count wraps around, 1024 in a space of 2^20 units, 256
 * in one of 2^22, and 32 from 2^25 on; then it identifies the current range of the block. Each allocator starts the
 * count at a different number, so that a handle of another allocator is accepted only if the counts are equal by chance,
 * one time in 1024, 256 or 32.
 *
 * @example By handle
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { GoodFitAllocator } from "@ttm/good-fit";
 *
 * const pages = new GoodFitAllocator({ size: 100 });
 * const handle = pages.take(10);
 * assertEquals([pages.startOf(handle), pages.sizeOf(handle)], [0, 10]);
 * assertEquals(pages.take(91), 0); // there is no room
 * pages.give(handle);
 * assertThrows(() => pages.give(handle), Error, "not, or no longer, a handle of this allocator");
 * ```
 *
 * @example Aligned, limited, and from the top down
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { GoodFitAllocator } from "@ttm/good-fit";
 *
 * const pages = new GoodFitAllocator({ size: 100 });
 * const low = pages.insert({ size: 10, alignment: 16, lo: 20, hi: 50 });
 * const high = pages.insert({ size: 10, topDown: true });
 * assertEquals([low?.start, high?.start], [32, 90]);
 * assertEquals(pages.insert({ size: 49 }), null); // 48 pages lie between them
 * if (low !== null) pages.remove(low);
 * assertEquals(pages.largestHole, 90);
 * ```
 */
export class GoodFitAllocator {
  /** First unit of the space. */
  readonly start: number;
  /** Units in the space. */
  readonly size: number;
  #free: number;
  #nodeCount = 0;
  #visits = 0;
  #blocks: BlockTable;
  /** The index of holes by address; null until it is needed. */
  #index: HoleIndex | null = null;
  #query: HoleQuery = new HoleQuery();

  /**
   * Makes an allocator whose whole space is one hole.
   *
   * @throws {TtmError} `EINVAL` if an option is of the wrong type or out of range.
   */
  constructor(options: GoodFitOptions) {
    checkOptions(options);
    this.start = options.start ?? 0;
    this.size = options.size;
    this.#free = this.size;
    this.#blocks = new BlockTable(this.start, this.size);
  }

  /** Free units, in all holes together. */
  get free(): number {
    return this.#free;
  }

  /** Units in the largest hole; 0 if there is none. O(holes within 1/32 of that size). */
  get largestHole(): number {
    let largest = 0;
    for (let row = this.#blocks.bins.highest; row !== NONE; row = this.#blocks.earlier(row)) {
      largest = Math.max(largest, this.#blocks.size(row));
    }
    return largest;
  }

  /** Number of holes. */
  get holeCount(): number {
    return this.#blocks.holeCount;
  }

  /** Number of allocated ranges, by handle or as nodes. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /**
   * Holes and rows of the index that the last `take` or `insert` visited: a measure of cost that, unlike time, is
   * exact.
   */
  get lastVisits(): number {
    return this.#visits;
  }

  /**
   * Allocates a range: this many units anywhere, or as a request says.
   *
   * @returns Its handle, from 1 to 2^31 - 1; or 0 if no hole fits, and then nothing has changed.
   * @throws {TtmError} `EINVAL` if the size, or a member of the request, is of the wrong type or out of range; `ENOMEM`
   * if there are 2^26 blocks already.
   */
  take(request: number | GoodFitRequest): number {
    if (typeof request === "number") return this.takeKnown(request, 1, 0, Infinity, false);
    return this.#serve("take a range", request);
  }

  /** @internal As {@linkcode take}, with the members of a request. */
  takeKnown(size: number, alignment: number, lo: number, hi: number, topDown: boolean): number {
    const isPlain = alignment === 1 && lo === 0 && hi === Infinity && topDown === false;
    return (isPlain ? this.#takePlain(size) : NONE) || this.#search(size, alignment, lo, hi, topDown);
  }

  /**
   * Frees a range. It and the adjacent holes become one hole.
   *
   * @throws {TtmError} `EINVAL` if the handle is not that of an allocated range; then nothing has changed. See
   * {@linkcode GoodFitAllocator} for how reliably stale and foreign handles are recognised.
   */
  give(handle: number): void {
    const blocks = this.#blocks;
    const row = this.#rowOf("give a range back", handle);
    this.#nodeCount--;
    this.#free += blocks.size(row);
    blocks.takeBack(row);
  }

  /** First unit of the range with this handle. @throws {TtmError} `EINVAL` as {@linkcode GoodFitAllocator.give}. */
  startOf(handle: number): number {
    return this.#blocks.start(this.#rowOf("tell the start", handle));
  }

  /** Units of the range with this handle. @throws {TtmError} `EINVAL` as {@linkcode GoodFitAllocator.give}. */
  sizeOf(handle: number): number {
    return this.#blocks.size(this.#rowOf("tell the size", handle));
  }

  /**
   * Allocates a node: as {@linkcode GoodFitAllocator.take}, with an object that stores the range.
   *
   * @returns The node; or null if no hole fits, and then nothing has changed.
   * @throws {TtmError} `EINVAL` if a member is of the wrong type or out of range; `ENOMEM` if there are 2^26 blocks
   * already.
   */
  insert(request: GoodFitRequest): GoodFitNode | null {
    const handle = this.#serve("insert a node", request);
    return handle === NONE ? null : new BlockNode(this, handle, this.startOf(handle), request.size);
  }

  /**
   * Frees a node. Its range and the adjacent holes become one hole.
   *
   * @throws {TtmError} `EINVAL` if the node was not allocated by this allocator, or is already freed; then nothing has
   * changed. Nodes are always recognised.
   */
  remove(node: GoodFitNode): void {
    const handle = BlockNode.giveUpHandle(this, node);
    if (handle === NONE) {
      const found = node instanceof BlockNode ? `[${node.start}, ${node.start + node.size})` : show(node);
      throw new TtmError("EINVAL", `Cannot remove a node: ${found} is not, or no longer, allocated by this allocator`);
    }
    this.give(handle);
  }

  /** The allocated ranges, by address: copies, not the nodes. Do not allocate or free during the iteration. */
  *nodes(): Generator<GoodFitRange> {
    yield* this.#ranges(false);
  }

  /** The holes by address. */
  holes(): GoodFitRange[] {
    return [...this.#ranges(true)];
  }

  *#ranges(holes: boolean): Generator<GoodFitRange> {
    const blocks = this.#blocks;
    for (let row = blocks.next(NONE); row !== NONE; row = blocks.next(row)) {
      if (blocks.isHole(row) === holes) yield { start: blocks.start(row), size: blocks.size(row) };
    }
  }

  #rowOf(what: string, handle: number): number {
    const row = typeof handle === "number" ? this.#blocks.rowOf(handle) : NONE;
    if (row !== NONE) return row;
    throw new TtmError("EINVAL", `Cannot ${what}: ${show(handle)} is not, or no longer, a handle of this allocator`);
  }

  #serve(what: string, request: GoodFitRequest): number {
    checkNamesOf(what, request);
    const { size, alignment = 1, lo = 0, hi = Infinity, topDown = false } = request;
    checkRequest(what, size, alignment, lo, hi, topDown);
    return this.takeKnown(size, alignment, lo, hi, topDown);
  }

  // The fast path of nearly all requests. NONE if the request needs a search.
  #takePlain(size: number): number {
    const hole = size > 0 && (size | 0) === size ? this.#blocks.bins.surelyFits(size) : NONE;
    if (hole === NONE) return NONE;
    this.#visits = 1;
    return this.#handOut(hole, 0, size);
  }

  #search(size: number, alignment: number, lo: number, hi: number, topDown: boolean): number {
    checkRequest("take a range", size, alignment, lo, hi, topDown);
    const query = this.#query;
    query.set(size, alignment, Math.max(lo, this.start), Math.min(hi, this.start + this.size), topDown);
    this.#visits = 0;
    if (query.size === 0 || query.size > this.#free || query.size > query.hi - query.lo) return NONE;
    const hole = this.#find();
    if (hole === NONE) return NONE;
    return this.#handOut(hole, query.place(this.#blocks, hole) - this.#blocks.start(hole), query.size);
  }

  #find(): number {
    const { size, alignment, lo, hi, topDown } = this.#query;
    if (topDown || hi - lo < this.size) return this.#findByAddress();
    const hole = this.#blocks.bins.surelyFits(size);
    if (hole === NONE) return this.#findInOwnBin();
    if (this.#fits(hole)) return hole;
    const padded = size + alignment - 1;
    const roomy = padded <= this.#free ? this.#blocks.bins.surelyFits(padded) : NONE;
    return roomy === NONE ? this.#findByAddress() : roomy;
  }

  // All higher bins are empty, so a hole that fits can only be in this one.
  #findInOwnBin(): number {
    let hole = this.#blocks.bins.head(binOf(this.#query.size));
    for (let tries = 0; hole !== NONE; tries++) {
      if (tries === MAX_TRIES) return this.#findByAddress();
      if (this.#fits(hole)) return hole;
      hole = this.#blocks.earlier(hole);
    }
    return NONE;
  }

  // All these holes have enough room for the alignment, so only the ones that contain `lo` or `hi` can fail.
  #findByAddress(): number {
    const { size, alignment, lo, hi, topDown } = this.#query;
    const index = this.#index ??= this.#blocks.watcher = new HoleIndex(this.#blocks, this.start, this.size);
    const tree = index.treeFor(alignment);
    const visits = index.visits;
    let hole = index.nearest(tree, topDown ? hi - 1 : lo, size, 1);
    if (hole === NONE && !topDown) hole = index.nearest(tree, lo, size, 0);
    while (hole !== NONE && !this.#fits(hole)) {
      const start = this.#blocks.start(hole);
      const isLast = topDown ? start <= lo : start >= hi - 1;
      hole = isLast ? NONE : index.nearest(tree, topDown ? start - 1 : start + 1, size, topDown ? 1 : 0);
    }
    this.#visits += index.visits - visits;
    return hole;
  }

  #fits(hole: number): boolean {
    this.#visits++;
    return this.#query.place(this.#blocks, hole) !== NOWHERE;
  }

  #handOut(hole: number, before: number, size: number): number {
    const handle = this.#blocks.handOut(hole, before, size);
    this.#nodeCount++;
    this.#free -= size;
    return handle;
  }
}
