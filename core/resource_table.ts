import type { BufferObject } from "./buffer_object.ts";
import type { ManagerNode } from "./manager.ts";
import type { PreparedPlace } from "./placement.ts";
import { enlarge, Rows } from "./rows.ts";

const INITIAL = 64;

/**
 * The resources of a device: what a buffer occupies in a memory type (`ttm_resource`), one row each. A buffer that
 * is being moved has two.
 */
export class ResourceTable {
  #start: Float64Array = new Float64Array(INITIAL);
  #pages: Float64Array = new Float64Array(INITIAL);
  #caching: Int8Array = new Int8Array(INITIAL);
  #place: (PreparedPlace | null)[] = [];
  #node: (ManagerNode | null)[] = [];
  #buffer: (BufferObject | null)[] = [];
  #rows: Rows = new Rows(INITIAL, (capacity) => {
    this.#start = enlarge(this.#start, capacity);
    this.#pages = enlarge(this.#pages, capacity);
    this.#caching = enlarge(this.#caching, capacity);
  });

  /** A row for a resource of `buffer` in `place`; `node` is null in SYSTEM. */
  allocate(buffer: BufferObject, place: PreparedPlace, node: ManagerNode | null, caching: number): number {
    const row = this.#rows.take();
    this.#start[row] = node === null ? 0 : node.start;
    this.#pages[row] = buffer.pages;
    this.#caching[row] = caching;
    this.#place[row] = place;
    this.#node[row] = node;
    this.#buffer[row] = buffer;
    return row;
  }

  /** Gives a row back that is listed nowhere. */
  release(row: number): void {
    this.#buffer[row] = null;
    this.#place[row] = null;
    this.#node[row] = null;
    this.#rows.give(row);
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

  /** The owner; null for a row that is not in use. */
  buffer(row: number): BufferObject | null {
    return this.#buffer[row] as BufferObject | null;
  }

  setBuffer(row: number, buffer: BufferObject): void {
    this.#buffer[row] = buffer;
  }
}
