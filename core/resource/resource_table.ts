import type { PreparedPlace } from "./prepared_placement.ts";
import { enlarge, Rows } from "../base/row_allocator.ts";

const INITIAL = 64;

// The objects of a row, adjacent in one array.
const PLACE = 0;
const BUFFER = 1;
const CELLS = 2;

/**
 * The resources of a device, one row each: what a buffer occupies in a memory type (`ttm_resource`). A buffer that is
 * being moved has two.
 */
export class ResourceTable<Owner extends { readonly pages: number }> {
  #start: Float64Array = new Float64Array(INITIAL);
  #handle: Int32Array = new Int32Array(INITIAL);
  #caching: Uint8Array = new Uint8Array(INITIAL);
  #objects: unknown[] = [];
  #rows: Rows = new Rows(INITIAL, (capacity) => {
    this.#start = enlarge(this.#start, capacity);
    this.#handle = enlarge(this.#handle, capacity);
    this.#caching = enlarge(this.#caching, capacity);
  });

  /** Allocates a row for a resource of `buffer` in `place`; handle and start are 0 in SYSTEM. */
  allocate(buffer: Owner, place: PreparedPlace, handle: number, start: number, caching: number): number {
    const row = this.#rows.take();
    this.#start[row] = start;
    this.#handle[row] = handle;
    this.#caching[row] = caching;
    const at = row * CELLS;
    const objects = this.#objects;
    objects[at + PLACE] = place;
    objects[at + BUFFER] = buffer;
    return row;
  }

  /** Frees the row of a resource that is on no list. */
  release(row: number): void {
    const at = row * CELLS;
    const objects = this.#objects;
    objects[at + PLACE] = null;
    objects[at + BUFFER] = null;
    this.#rows.give(row);
  }

  /** First page; 0 in SYSTEM. */
  start(row: number): number {
    return this.#start[row] as number;
  }

  /** Size in pages, which is that of its buffer. */
  pages(row: number): number {
    return this.buffer(row)?.pages ?? 0;
  }

  /** The selected caching attribute, as one bit. */
  caching(row: number): number {
    return this.#caching[row] as number;
  }

  /** The place that the resource was allocated for. */
  place(row: number): PreparedPlace {
    return this.#objects[row * CELLS + PLACE] as PreparedPlace;
  }

  /** The handle of its manager; 0 in SYSTEM. */
  handle(row: number): number {
    return this.#handle[row] as number;
  }

  /** The buffer that owns the resource; null for a row that is not in use. */
  buffer(row: number): Owner | null {
    return this.#objects[row * CELLS + BUFFER] as Owner | null;
  }

  setBuffer(row: number, buffer: Owner): void {
    this.#objects[row * CELLS + BUFFER] = buffer;
  }
}
