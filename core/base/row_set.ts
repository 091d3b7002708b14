import { enlarge } from "./row_allocator.ts";

const INITIAL = 64;

/**
 * A set of rows, or of other small whole numbers. A `Set` keeps removed keys in its chains until it is rebuilt, so that
 * one with many keys, of which the same few come and go, looks through thousands of them.
 */
export class RowSet {
  #has: Uint8Array = new Uint8Array(INITIAL);
  #size = 0;

  /** Number of rows in it. */
  get size(): number {
    return this.#size;
  }

  /** Whether a row is in it. */
  has(row: number): boolean {
    return this.#has[row] === 1;
  }

  /** Adds a row that is not in it. */
  add(row: number): void {
    if (row >= this.#has.length) this.#has = enlarge(this.#has, 2 * row);
    this.#has[row] = 1;
    this.#size++;
  }

  /** Removes a row; false if it is not in it. */
  delete(row: number): boolean {
    if (!this.has(row)) return false;
    this.#has[row] = 0;
    this.#size--;
    return true;
  }
}
