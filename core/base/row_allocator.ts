/** Allocates row numbers of a table, the most recently freed first. */
export class Rows {
  #free: number[] = [];
  #used = 0;
  #capacity: number;
  #grow: (capacity: number) => void;

  /** `grow` must enlarge the table to the given capacity, keeping what is in it. */
  constructor(capacity: number, grow: (capacity: number) => void) {
    this.#capacity = capacity;
    this.#grow = grow;
  }

  /** Allocates a row; its cells keep their old values. */
  take(): number {
    const row = this.#free.pop();
    if (row !== undefined) return row;
    if (this.#used === this.#capacity) {
      this.#capacity *= 2;
      this.#grow(this.#capacity);
    }
    return this.#used++;
  }

  /** Frees a row. */
  give(row: number): void {
    this.#free.push(row);
  }
}

/** A larger copy of the cells of a table. */
export function enlarge<Cells extends Int32Array | Uint8Array | Float64Array>(cells: Cells, length: number): Cells {
  const larger = new (cells.constructor as new (length: number) => Cells)(length);
  larger.set(cells);
  return larger;
}
