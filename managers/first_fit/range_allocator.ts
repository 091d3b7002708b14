import { TtmError } from "@ttm/core";
import { checkWord, show } from "@ttm/core/arguments";
import { RangeScan } from "./range_scan.ts";
import { findHole, sortKeyOf } from "./hole_search.ts";
import { HoleQuery } from "./hole_query.ts";
import { UNGUARDED } from "./alignment_classes.ts";
import { HoleIndexes } from "./hole_indexes.ts";
import { NONE } from "./hole_tree.ts";
import { FIRST_CLASS, HoleTable } from "./hole_table.ts";
import { checkInsert, checkInsertNames, checkOptions, checkReserve, HOLE_SORT_KEYS } from "./range_requests.ts";
import type {
  HoleSortKey,
  InsertRequest,
  RangeAllocatorOptions,
  RangeHole,
  RangeNode,
  ReserveRequest,
  SearchOrder,
} from "./range_requests.ts";
import { HEAD, SpanNode, SpanRing } from "./span_ring.ts";
import { STEM } from "./tree_nodes.ts";

/**
 * Allocates ranges of [start, start + size) at the same addresses as `drm_mm` of Linux 6.12
 * (`drivers/gpu/drm/drm_mm.c`, without its ONCE mode). Everything is synchronous and deterministic.
 *
 * The holes are kept in B+ trees that also store the largest room in each subtree (augmented search trees: Cormen et
 * al., *Introduction to Algorithms*, chapters "B-Trees" and "Augmenting Data Structures"), not only for plain requests,
 * as `drm_mm` does, but for each alignment and colour in use. So the first hole that fits is found by descending, O(log
 * n) however fragmented the space is. The README says when a search may take longer.
 *
 * @example Best fit, and from the top down
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RangeAllocator } from "@ttm/first-fit";
 *
 * const pages = new RangeAllocator({ size: 100, orders: ["best", "highest"] });
 * const low = pages.insert({ size: 10, alignment: 16 });
 * const high = pages.insert({ size: 10, alignment: 16, order: "highest" });
 * assertEquals([low?.start, high?.start], [0, 80]);
 * assertEquals(pages.insert({ size: 71 }), null); // 70 pages lie between them
 * if (low !== null) pages.remove(low);
 * assertEquals(pages.largestHole, 80);
 * ```
 */
export class RangeAllocator {
  /** First unit of the space. */
  readonly start: number;
  /** Units in the space. */
  readonly size: number;
  #orders: readonly SearchOrder[];
  #defaultOrder: SearchOrder;
  #guarded: boolean;
  #free: number;
  #nodeCount = 0;
  #changes = 0;
  #ring: SpanRing = new SpanRing();
  #holes: HoleTable = new HoleTable(this.#ring);
  #indexes: HoleIndexes = new HoleIndexes(this.#ring, this.#holes);
  #fit: HoleQuery = new HoleQuery();

  /**
   * Makes an allocator whose whole space is one hole.
   *
   * @throws {TtmError} `EINVAL` if an option is of the wrong type or out of range, or `orders` is empty.
   */
  constructor(options: RangeAllocatorOptions) {
    checkOptions(options);
    this.start = options.start ?? 0;
    this.size = options.size;
    this.#orders = [...options.orders];
    this.#defaultOrder = this.#orders[0] as SearchOrder;
    this.#guarded = options.guardColors ?? false;
    this.#free = this.size;
    this.#indexes.open(HEAD, this.start, this.start + this.size);
  }

  /** Free units, in all holes together. */
  get free(): number {
    return this.#free;
  }

  /** Units in the largest hole; 0 if there is none. O(1), or O(n log n) for the first search after a long pause. */
  get largestHole(): number {
    const tree = this.#indexes.by(sortKeyOf(this.#defaultOrder));
    return Math.max(0, tree.maxima(FIRST_CLASS)[STEM] as number);
  }

  /** Number of holes. */
  get holeCount(): number {
    return this.#holes.count;
  }

  /** Number of allocated nodes. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /** Entries of trees that the last `insert` or `reserve` visited: a measure of cost that, unlike time, is exact. */
  get lastVisits(): number {
    return this.#fit.visits;
  }

  /**
   * Allocates a node in the first hole of the requested order that fits. The node lies at the low end of the usable
   * part of that hole, for `"highest"` at the high end.
   *
   * @returns The node; or null if no hole fits, and then nothing has changed.
   * @throws {TtmError} `EINVAL` if a member is unknown, of the wrong type or out of range, or the order is none of the
   * allocator's.
   */
  insert(request: InsertRequest): RangeNode | null {
    checkInsertNames(request);
    return this.insertKnown(request);
  }

  /** @internal As {@linkcode insert}, for a request whose member names were checked. */
  insertKnown(request: InsertRequest): RangeNode | null {
    checkInsert(request, this.#orders);
    const order = request.order ?? this.#defaultOrder;
    const color = request.color ?? 0;
    const fit = this.#prepare(request.size, color, request.lo ?? 0, request.hi ?? Infinity);
    fit.alignment = request.alignment || 1;
    fit.high = order === "highest";
    if (fit.size === 0) return null;
    const row = findHole(fit, order, this.#holes, this.#indexes);
    return row === NONE ? null : this.#occupy(row, fit.address, color);
  }

  /**
   * Allocates the range [start, start + size).
   *
   * @returns The node; or null if any unit of the range is allocated, outside the space or too close to another colour,
   * and then nothing has changed.
   * @throws {TtmError} `EINVAL` if a member is of the wrong type or out of range.
   */
  reserve(request: ReserveRequest): RangeNode | null {
    checkReserve(request);
    const { start, size, color = 0 } = request;
    const fit = this.#prepare(size, color, start, start + size);
    if (size === 0) return null;
    const row = findHole(fit, "lowest", this.#holes, this.#indexes);
    return row === NONE ? null : this.#occupy(row, start, color);
  }

  /**
   * Frees a node. Its range and the adjacent holes become one new hole.
   *
   * @throws {TtmError} `EINVAL` if the node was not allocated by this allocator, or is already freed; then nothing has
   * changed.
   */
  remove(node: RangeNode): void {
    if (!(node instanceof SpanNode) || this.#ring.node(node.row) !== node) {
      const found = node instanceof SpanNode ? `[${node.start}, ${node.start + node.size})` : show(node);
      throw new TtmError("EINVAL", `Cannot remove a node: ${found} is not, or no longer, allocated by this allocator`);
    }
    this.#changes++;
    const { row, start, size } = node;
    const holes = this.#holes;
    const before = this.#ring.previous(row);
    const from = holes.has(before) ? holes.start(before) : start;
    const to = holes.has(row) ? holes.end(row) : start + size;
    const widens = from < start;
    const follows = to > start + size;
    if (widens && follows) this.#indexes.close(row);
    this.#ring.unlink(row);
    if (widens) this.#indexes.change(before, before, from, to);
    else if (follows) this.#indexes.change(row, before, from, to);
    else this.#indexes.open(before, from, to);
    this.#nodeCount--;
    this.#free += size;
  }

  /**
   * Begins a search for nodes whose removal makes a hole for a request, whatever its order and colour.
   *
   * @throws {TtmError} `EINVAL` if a member is of the wrong type or out of range, the size is 0, or the allocator
   * guards colours.
   */
  scan(request: InsertRequest): RangeScan {
    checkInsertNames(request);
    checkInsert(request, this.#orders);
    if (request.size === 0 || this.#guarded) {
      const why = this.#guarded ? "an allocator with guarded colours has no scan" : "size must not be 0";
      throw new TtmError("EINVAL", `Cannot scan: ${why}`);
    }
    const { size, lo = 0, hi = Infinity } = request;
    const changes = this.#changes;
    const wanted = { size, alignment: request.alignment || 1, lo, hi };
    return new RangeScan(this.#ring, this.#holes, wanted, () => this.#changes === changes);
  }

  /** The nodes by address. Do not insert or remove during the iteration. */
  *nodes(): Generator<RangeNode> {
    for (let row = this.#ring.next(HEAD); row !== HEAD; row = this.#ring.next(row)) {
      yield this.#ring.node(row) as RangeNode;
    }
  }

  /**
   * A list of the holes: by address, in the order in which `"best"` tries them (`"size"`), or the one made last first
   * (`"recency"`). O(n log n), for dumps.
   *
   * @throws {TtmError} `EINVAL` if `by` is none of these words.
   */
  holes(by: HoleSortKey = "address"): RangeHole[] {
    checkWord("list the holes", "by", by, HOLE_SORT_KEYS);
    const rows = this.#indexes.sorted(by);
    if (by === "recency") rows.reverse();
    return rows.map((row) => ({ start: this.#holes.start(row), size: this.#holes.size(row) }));
  }

  #prepare(size: number, color: number, lo: number, hi: number): HoleQuery {
    const fit = this.#fit;
    fit.size = size;
    fit.alignment = 1;
    fit.color = this.#guarded ? color : UNGUARDED;
    fit.lo = lo;
    fit.hi = hi;
    fit.limited = lo > this.start || hi < this.start + this.size;
    fit.high = false;
    fit.column = FIRST_CLASS;
    fit.exact = true;
    fit.visits = 0;
    return fit;
  }

  // The part before the node becomes a new hole first, then the part after it: drm_mm's order.
  #occupy(row: number, address: number, color: number): RangeNode {
    this.#changes++;
    const start = this.#holes.start(row);
    const end = this.#holes.end(row);
    const node = this.#ring.link(row, address, this.#fit.size, color);
    const behind = address + node.size;
    if (address > start) {
      this.#indexes.change(row, row, start, address);
      if (behind < end) this.#indexes.open(node.row, behind, end);
    } else if (behind < end) this.#indexes.change(row, node.row, behind, end);
    else this.#indexes.close(row);
    this.#nodeCount++;
    this.#free -= node.size;
    return node;
  }
}
