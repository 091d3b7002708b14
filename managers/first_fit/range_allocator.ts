import { TtmError } from "@ttm/core";
import { checkInteger, checkWord, show } from "@ttm/core/arguments";
import { RangeScan } from "./range_scan.ts";
import { findHole, sideOf, sortKeyOf } from "./hole_search.ts";
import { HoleQuery } from "./hole_query.ts";
import { UNGUARDED } from "./alignment_classes.ts";
import { HoleIndexes } from "./hole_indexes.ts";
import { HoleTable, SIZE } from "./hole_table.ts";
import { checkNamesOf, checkOptions, checkRequest, checkReserve, HOLE_SORT_KEYS } from "./range_requests.ts";
import type {
  HoleSortKey,
  InsertRequest,
  RangeAllocatorOptions,
  RangeHole,
  RangeNode,
  ReserveRequest,
  SearchOrder,
} from "./range_requests.ts";
import { SpanNode } from "./span_node.ts";
import { HEAD, NONE, SpanRing } from "./span_ring.ts";

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
  #visits = 0;
  #ring: SpanRing;
  #holes: HoleTable;
  #indexes: HoleIndexes;
  #query: HoleQuery = new HoleQuery();

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
    this.#ring = new SpanRing(this.start, this.start + this.size);
    this.#holes = new HoleTable(this.#ring);
    this.#indexes = new HoleIndexes(this.#ring, this.#holes);
    this.#indexes.open(HEAD, this.start, this.size);
  }

  /** Free units, in all holes together. */
  get free(): number {
    return this.#free;
  }

  /** Units in the largest hole; 0 if there is none. O(1), or O(n log n) for the first search after a long pause. */
  get largestHole(): number {
    return Math.max(0, this.#indexes.by(sortKeyOf(this.#defaultOrder)).largest);
  }

  /** Number of holes. */
  get holeCount(): number {
    return this.#indexes.count;
  }

  /** Number of allocated ranges, by handle or as nodes. */
  get nodeCount(): number {
    return this.#nodeCount;
  }

  /** Entries of trees that the last `take`, `insert` or `reserve` visited: a measure of cost that, unlike time, is exact. */
  get lastVisits(): number {
    return this.#visits;
  }

  /**
   * Allocates a range, this many units or as a request says, in the first hole of the requested order that fits. The
   * range lies at the low end of the usable part of that hole, for `"highest"` at the high end.
   *
   * @returns Its handle, from 1 to 2^31 - 1; or 0 if no hole fits, and then nothing has changed.
   * @throws {TtmError} `EINVAL` if a member is unknown, of the wrong type or out of range, or the order is none of the
   * allocator's; `ENOMEM` if there are 2^26 ranges already.
   */
  take(request: number | InsertRequest): number {
    if (typeof request === "number") return this.takeKnown(request, 1, 0, Infinity, this.#defaultOrder);
    return this.#serve("take a range", request);
  }

  /** @internal As {@linkcode take}, with the members of a request. */
  takeKnown(size: number, alignment: number, lo: number, hi: number, order: SearchOrder): number {
    // The request of most buffers, which needs no further check.
    const isPlain = (size | 0) === size && size > 0 && alignment === 1 && lo === 0 && hi === Infinity;
    if (isPlain && !this.#guarded) return this.#findPlain(size, order, 0);
    checkRequest("take a range", size, alignment, lo, hi);
    return this.#find(size, alignment, 0, lo, hi, order);
  }

  /**
   * Frees a range. It and the adjacent holes become one new hole.
   *
   * @throws {TtmError} `EINVAL` if the handle is not that of an allocated range; then nothing has changed. See
   * {@linkcode RangeAllocator} for how reliably stale and foreign handles are recognised.
   */
  give(handle: number): void {
    this.#vacate(this.#rowOf("give a range back", handle));
  }

  /** First unit of the range with this handle. @throws {TtmError} `EINVAL` as {@linkcode RangeAllocator.give}. */
  startOf(handle: number): number {
    return this.#ring.start(this.#rowOf("tell the start", handle));
  }

  /** Units of the range with this handle. @throws {TtmError} `EINVAL` as {@linkcode RangeAllocator.give}. */
  sizeOf(handle: number): number {
    return this.#ring.size(this.#rowOf("tell the size", handle));
  }

  /**
   * Allocates a node: as {@linkcode RangeAllocator.take}, with an object that stores the range.
   *
   * @returns The node; or null if no hole fits, and then nothing has changed.
   * @throws {TtmError} As {@linkcode RangeAllocator.take}.
   */
  insert(request: InsertRequest): RangeNode | null {
    return this.#nodeOf(this.#serve("insert a node", request));
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
    return this.#nodeOf(this.#find(size, 1, color, start, start + size, "lowest"));
  }

  /**
   * Frees a node. Its range and the adjacent holes become one new hole.
   *
   * @throws {TtmError} `EINVAL` if the node was not allocated by this allocator, or is already freed; then nothing has
   * changed. Nodes are always recognised.
   */
  remove(node: RangeNode): void {
    const handle = SpanNode.giveUpHandle(this, node);
    if (handle === NONE) {
      const found = node instanceof SpanNode ? `[${node.start}, ${node.start + node.size})` : show(node);
      throw new TtmError("EINVAL", `Cannot remove a node: ${found} is not, or no longer, allocated by this allocator`);
    }
    this.give(handle);
  }

  /**
   * Begins a search for ranges whose removal makes a hole for a request, whatever its order and colour.
   *
   * @throws {TtmError} `EINVAL` if a member is of the wrong type or out of range, the size is 0, or the allocator
   * guards colours.
   */
  scan(request: InsertRequest): RangeScan {
    this.#check("scan", request);
    if (request.size === 0 || this.#guarded) {
      const why = this.#guarded ? "an allocator with guarded colours has no scan" : "size must not be 0";
      throw new TtmError("EINVAL", `Cannot scan: ${why}`);
    }
    const { size, lo = 0, hi = Infinity } = request;
    const indexes = this.#indexes;
    const { changes } = indexes;
    const wanted = { size, alignment: request.alignment || 1, lo, hi };
    return new RangeScan(this.#ring, wanted, () => indexes.changes === changes);
  }

  /** The allocated ranges, by address: copies, not the nodes. Do not allocate or free during the iteration. */
  *nodes(): Generator<RangeNode> {
    const ring = this.#ring;
    for (let row = ring.next(HEAD); row !== HEAD; row = ring.next(row)) {
      yield { start: ring.start(row), size: ring.size(row), color: ring.color(row), handle: ring.handle(row) };
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

  #rowOf(what: string, handle: number): number {
    const row = typeof handle === "number" ? this.#ring.rowOf(handle) : NONE;
    if (row !== NONE) return row;
    throw new TtmError("EINVAL", `Cannot ${what}: ${show(handle)} is not, or no longer, a handle of this allocator`);
  }

  #nodeOf(handle: number): RangeNode | null {
    if (handle === NONE) return null;
    const row = this.#ring.rowOf(handle);
    return new SpanNode(this, handle, this.#ring.start(row), this.#ring.size(row), this.#ring.color(row));
  }

  #check(what: string, request: InsertRequest): void {
    checkNamesOf(what, request);
    const { size, alignment = 1, color = 0, lo = 0, hi = Infinity, order = this.#defaultOrder } = request;
    checkRequest(what, size, alignment, lo, hi);
    checkInteger(what, "color", color, 0, Number.MAX_SAFE_INTEGER);
    checkWord(what, "order", order, this.#orders);
  }

  #serve(what: string, request: InsertRequest): number {
    this.#check(what, request);
    const { size, alignment = 1, color = 0, lo = 0, hi = Infinity, order = this.#defaultOrder } = request;
    return this.#find(size, alignment, color, lo, hi, order);
  }

  #find(size: number, alignment: number, color: number, lo: number, hi: number, order: SearchOrder): number {
    const limited = lo > this.start || hi < this.start + this.size;
    if (!limited && alignment <= 1 && !this.#guarded) return this.#findPlain(size, order, color);
    const query = this.#query;
    query.size = size;
    query.alignment = alignment || 1;
    query.color = this.#guarded ? color : UNGUARDED;
    query.lo = lo;
    query.hi = hi;
    query.limited = limited;
    query.high = order === "highest";
    query.visits = 0;
    const row = size === 0 ? NONE : findHole(query, order, this.#holes, this.#indexes);
    this.#visits = query.visits;
    return row === NONE ? NONE : this.#occupy(row, query.address, size, color);
  }

  // Every hole of the size fits.
  #findPlain(size: number, order: SearchOrder, color: number): number {
    this.#visits = 0;
    if (size === 0 || size > this.#free) return NONE;
    const tree = this.#indexes.by(sortKeyOf(order));
    const row = tree.first(SIZE, size, sideOf(order));
    this.#visits = tree.nodes.visits;
    if (row === NONE) return NONE;
    const address = order === "highest" ? this.#holes.end(row) - size : this.#holes.start(row);
    return this.#occupy(row, address, size, color);
  }

  // The part before the range becomes a new hole first, then the part after it: drm_mm's order.
  #occupy(hole: number, address: number, size: number, color: number): number {
    const start = this.#holes.start(hole);
    const end = this.#holes.end(hole);
    const row = this.#ring.link(hole, address, size, color);
    if (address > start) {
      this.#indexes.change(hole, hole, start, address - start);
      if (address + size < end) this.#indexes.open(row, address + size, end - address - size);
    } else if (address + size < end) this.#indexes.change(hole, row, address + size, end - address - size);
    else this.#indexes.close(hole);
    this.#nodeCount++;
    this.#free -= size;
    return this.#ring.handle(row);
  }

  #vacate(row: number): void {
    const ring = this.#ring;
    const size = ring.size(row);
    const before = ring.previous(row);
    const start = ring.end(before);
    const end = ring.start(ring.next(row));
    const widens = start < ring.start(row);
    const follows = ring.end(row) < end;
    if (widens && follows) this.#indexes.close(row);
    ring.unlink(row);
    if (widens) this.#indexes.change(before, before, start, end - start);
    else if (follows) this.#indexes.change(row, before, start, end - start);
    else this.#indexes.open(before, start, end - start);
    this.#nodeCount--;
    this.#free += size;
  }
}
