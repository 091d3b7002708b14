/** Hands out row numbers of a table of columns, the most recently returned first. */
export class Rows {
  #free: number[] = [];
  #used = 0;
  #capacity: number;
  #grow: (capacity: number) => void;

  /** `grow` must enlarge every column to the given capacity, keeping what is in them. */
  constructor(capacity: number, grow: (capacity: number) => void) {
    this.#capacity = capacity;
    this.#grow = grow;
  }

  /** A row that nobody uses; its cells hold what the last user left. */
  take(): number {
    const row = this.#free.pop();
    if (row !== undefined) return row;
    if (this.#used === this.#capacity) {
      this.#capacity *= 2;
      this.#grow(this.#capacity);
    }
    return this.#used++;
  }

  /** Takes a row back. */
  give(row: number): void {
    this.#free.push(row);
  }
}

/** A larger copy of a column. */
export function enlarge<Column extends Int32Array | Int8Array | Float64Array>(
  column: Column,
  capacity: number,
): Column {
  const larger = new (column.constructor as new (length: number) => Column)(capacity);
  larger.set(column);
  return larger;
}
