import type { BufferObject } from "./buffer_object.ts";
import type { ManagerNode } from "./manager.ts";
import type { PreparedPlace } from "./placement.ts";
import { enlarge, Rows } from "./rows.ts";

const INITIAL = 64;

/**
 * The resources of a device: what a buffer occupies in a memory type (`ttm_resource`), one row each. A buffer that
 * is being moved has two. Rows are linked into circular lists; the heads of the lists and the marks of walks are
 * rows without a buffer.
 */
export class ResourceTable {
  #next: Int32Array = new Int32Array(INITIAL);
  #previous: Int32Array = new Int32Array(INITIAL);
  #start: Float64Array = new Float64Array(INITIAL);
  #pages: Float64Array = new Float64Array(INITIAL);
  #caching: Int8Array = new Int8Array(INITIAL);
  #place: (PreparedPlace | null)[] = [];
  #node: (ManagerNode | null)[] = [];
  #buffer: (BufferObject | null)[] = [];
  #rows: Rows = new Rows(INITIAL, (capacity) => {
    this.#next = enlarge(this.#next, capacity);
    this.#previous = enlarge(this.#previous, capacity);
    this.#start = enlarge(this.#start, capacity);
    this.#pages = enlarge(this.#pages, capacity);
    this.#caching = enlarge(this.#caching, capacity);
  });

  /** A row that is no resource: the head of a list, or a walk's mark. Linked to itself. */
  allocateMark(): number {
    const row = this.#rows.take();
    this.#next[row] = row;
    this.#previous[row] = row;
    this.#buffer[row] = null;
    this.#place[row] = null;
    this.#node[row] = null;
    return row;
  }

  /** A row for a resource of `buffer` in `place`; `node` is null in SYSTEM. Linked to itself. */
  allocate(buffer: BufferObject, place: PreparedPlace, node: ManagerNode | null, caching: number): number {
    const row = this.allocateMark();
    this.#start[row] = node === null ? 0 : node.start;
    this.#pages[row] = buffer.pages;
    this.#caching[row] = caching;
    this.#place[row] = place;
    this.#node[row] = node;
    this.#buffer[row] = buffer;
    return row;
  }

  /** Gives an unlinked row back. */
  release(row: number): void {
    this.#buffer[row] = null;
    this.#place[row] = null;
    this.#node[row] = null;
    this.#rows.give(row);
  }

  next(row: number): number {
    return this.#next[row] as number;
  }

  /** The next row that is a resource and no mark; `row` is not the last of its list. */
  nextResource(row: number): number {
    let next = this.next(row);
    while (this.#buffer[next] === null) next = this.next(next);
    return next;
  }

  /** The resource before; `row` is not the first of its list. */
  previousResource(row: number): number {
    let previous = this.#previous[row] as number;
    while (this.#buffer[previous] === null) previous = this.#previous[previous] as number;
    return previous;
  }

  isLinked(row: number): boolean {
    return this.#next[row] !== row;
  }

  /** Links a row in front of another; in front of a head means at the tail of its list. */
  linkBefore(row: number, successor: number): void {
    const before = this.#previous[successor] as number;
    this.#next[before] = row;
    this.#previous[row] = before;
    this.#next[row] = successor;
    this.#previous[successor] = row;
  }

  /** Moves a run of rows, from `first` to `last`, in front of another row that is not among them. */
  linkStretchBefore(first: number, last: number, successor: number): void {
    const outsideBefore = this.#previous[first] as number;
    const outsideAfter = this.#next[last] as number;
    if (outsideAfter === successor) return;
    this.#next[outsideBefore] = outsideAfter;
    this.#previous[outsideAfter] = outsideBefore;
    const before = this.#previous[successor] as number;
    this.#next[before] = first;
    this.#previous[first] = before;
    this.#next[last] = successor;
    this.#previous[successor] = last;
  }

  unlink(row: number): void {
    const before = this.#previous[row] as number;
    const after = this.#next[row] as number;
    this.#next[before] = after;
    this.#previous[after] = before;
    this.#next[row] = row;
    this.#previous[row] = row;
  }

  /** First page; 0 in SYSTEM. */
  start(row: number): number {
    return this.#start[row] as number;
  }

  pages(row: number): number {
    return this.#pages[row] as number;
  }

  /** The one caching bit that was selected. */
  caching(row: number): number {
    return this.#caching[row] as number;
  }

  /** The place that the resource was made for. */
  place(row: number): PreparedPlace {
    return this.#place[row] as PreparedPlace;
  }

  node(row: number): ManagerNode | null {
    return this.#node[row] as ManagerNode | null;
  }

  /** The owner; null for heads and marks. */
  buffer(row: number): BufferObject | null {
    return this.#buffer[row] as BufferObject | null;
  }

  setBuffer(row: number, buffer: BufferObject): void {
    this.#buffer[row] = buffer;
  }
}
