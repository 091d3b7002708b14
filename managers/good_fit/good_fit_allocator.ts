import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import { Bins } from "./bins.ts";
import { BlockNode } from "./block_node.ts";
import { BlockTable, NONE } from "./block_table.ts";
import { checkOptions, checkRequest } from "./good_fit_requests.ts";
import type { GoodFitNode, GoodFitOptions, GoodFitRange, GoodFitRequest } from "./good_fit_requests.ts";
import { HoleIndex } from "./hole_index.ts";
import { NOWHERE, Wanted } from "./wanted.ts";

/** Holes of the size's own bin that are tried, after which the index by address is asked. */
const MAX_TRIES = 8;

/**
 * Hands out ranges of [start, start + size) in constant time, from a hole that is nearly the smallest to do. Everything
 * is synchronous and deterministic.
 *
 * A plain request takes a hole of the first bin in which every hole is large enough; if there is none, one of the bin
 * of its own size, where some may be. Requests with an alignment, a range or from the top down that these do not answer
 * go to an index by address, O(log n), which is made when it is first needed and kept from then on. A request is refused
 * only if there is no room.
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
  #holeCount = 0;
  #nodeCount = 0;
  #visits = 0;
  #blocks: BlockTable = new BlockTable();
  #bins: Bins = new Bins(this.#blocks);
  #index: HoleIndex | null = null;
  #wanted: Wanted = new Wanted();

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
    this.#open(this.#blocks.create(NONE, this.start, this.size));
  }

  /** Units not handed out, in all holes together. */
  get free(): number {
    return this.#free;
  }

  /** Units in the largest hole; 0 if there is none. O(holes within 1/32 of that size). */
  get largestHole(): number {
    let largest = 0;
    for (let row = this.#bins.highest; row !== NONE; row = this.#blocks.earlier(row)) {
      largest = Math.max(largest, this.#blocks.size(row));
    }
    return largest;
  }

  /** How many holes there are. */
  get holeCount(): number {
    return this.#holeCount;
  }

  /** How many nodes are handed out. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /** Holes, and rows of the index, that the last `insert` looked at. For tests and curiosity: time is noisy, this is not. */
  get lastVisits(): number {
    return this.#visits;
  }

  /**
   * Takes room for a node.
   *
   * @returns The node, or null if there is no room, and then nothing has changed.
   * @throws {TtmError} `EINVAL` if a member is of the wrong type or out of range.
   */
  insert(request: GoodFitRequest): GoodFitNode | null {
    checkRequest(request);
    const wanted = this.#wanted;
    wanted.set(request, this.start, this.start + this.size);
    this.#visits = 0;
    if (wanted.size === 0 || wanted.size > this.#free || wanted.size > wanted.hi - wanted.lo) return null;
    const plain = wanted.isPlain ? this.#bins.surelyFits(wanted.size) : NONE;
    if (plain !== NONE) {
      // The way of nearly all requests, kept short.
      this.#visits = 1;
      return this.#occupy(plain, this.#blocks.start(plain));
    }
    const hole = this.#find();
    return hole === NONE ? null : this.#occupy(hole, wanted.place(this.#blocks, hole));
  }

  /**
   * Takes a node back. Its range and the holes beside it become one hole.
   *
   * @throws {TtmError} `EINVAL` if the node is not one that this allocator has handed out and not yet taken back; then
   * nothing has changed.
   */
  remove(node: GoodFitNode): void {
    const blocks = this.#blocks;
    let row = BlockNode.rowIn(blocks, node);
    if (row === NONE) {
      const found = node instanceof BlockNode ? `[${node.start}, ${node.start + node.size})` : show(node);
      throw new TtmError("EINVAL", `Cannot remove a node: ${found} is not in this allocator, or no longer`);
    }
    (node as BlockNode).forget();
    const next = blocks.next(row);
    if (blocks.isHole(next)) {
      this.#close(next);
      blocks.absorbNext(row);
    }
    const previous = blocks.previous(row);
    if (blocks.isHole(previous)) {
      this.#close(previous);
      blocks.absorbNext(previous);
      row = previous;
    }
    this.#open(row);
    this.#nodeCount--;
    this.#free += node.size;
  }

  /** What is handed out, by address: copies, not the nodes themselves. Do not insert or remove meanwhile. */
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

  #find(): number {
    const { size, alignment, lo, hi, topDown } = this.#wanted;
    if (topDown || hi - lo < this.size) return this.#findByAddress();
    const hole = this.#bins.surelyFits(size);
    if (hole === NONE) return this.#findInOwnBin();
    if (this.#fits(hole)) return hole;
    const padded = size + alignment - 1;
    const roomy = padded <= this.#free ? this.#bins.surelyFits(padded) : NONE;
    return roomy === NONE ? this.#findByAddress() : roomy;
  }

  // All higher bins are empty, so whatever fits is in this one.
  #findInOwnBin(): number {
    let hole = this.#bins.mayFit(this.#wanted.size);
    for (let tries = 0; hole !== NONE; tries++) {
      if (tries === MAX_TRIES) return this.#findByAddress();
      if (this.#fits(hole)) return hole;
      hole = this.#blocks.earlier(hole);
    }
    return NONE;
  }

  // Only holes with enough room for the alignment come up, and of those only the ones that `lo` and `hi` lie in can fail.
  #findByAddress(): number {
    const { size, alignment, lo, hi, topDown } = this.#wanted;
    const index = this.#index ??= new HoleIndex(this.#blocks, this.start, this.size);
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
    return this.#wanted.place(this.#blocks, hole) !== NOWHERE;
  }

  // The node gets the hole's own block if it lies at the low end, else one of its own.
  #occupy(hole: number, address: number): GoodFitNode {
    const blocks = this.#blocks;
    const { size } = this.#wanted;
    const start = blocks.start(hole);
    const end = blocks.end(hole);
    this.#close(hole);
    let row = hole;
    if (address > start) {
      blocks.resize(hole, address - start);
      row = blocks.create(hole, address, size);
      this.#open(hole);
    }
    if (address + size < end) {
      blocks.resize(row, size);
      this.#open(blocks.create(row, address + size, end - address - size));
    }
    this.#nodeCount++;
    this.#free -= size;
    return new BlockNode(blocks, row, address, size);
  }

  #open(row: number): void {
    this.#holeCount++;
    this.#bins.add(row);
    this.#index?.open(row);
  }

  #close(hole: number): void {
    this.#holeCount--;
    this.#bins.remove(hole);
    this.#index?.close(hole);
  }
}
