import { enlarge, Rows } from "../base/row_allocator.ts";

const INITIAL = 64;

// The cells of a row, adjacent so that a buffer needs one cache line only.
const RESOURCE = 0;
const PINS = 1;
const CELLS_LOG2 = 1;

/** The part of a buffer that the table uses. */
interface Rowed {
  readonly row: number;
  settledFor: unknown;
}

/** The state of buffers that submissions and LRU walks read most often, one row of numbers per buffer. */
export class BufferTable<Buffer extends Rowed> {
  #cells: Int32Array = new Int32Array(INITIAL << CELLS_LOG2);
  #object: (Buffer | null)[] = [];
  #rows: Rows = new Rows(INITIAL, (capacity) => this.#cells = enlarge(this.#cells, capacity << CELLS_LOG2));

  /** Allocates the row of a new buffer, without a resource and not pinned. */
  allocate(buffer: Buffer): number {
    const row = this.#rows.take();
    this.#object[row] = buffer;
    this.#cells[row << CELLS_LOG2 | RESOURCE] = -1;
    this.#cells[row << CELLS_LOG2 | PINS] = 0;
    return row;
  }

  release(row: number): void {
    this.#object[row] = null;
    this.#rows.give(row);
  }

  /** All buffers that have not been freed: live ones, dying ones and ghost objects. */
  *all(): Generator<Buffer> {
    for (const buffer of this.#object) if (buffer !== null) yield buffer;
  }

  /** The buffer's row in the resource table; -1 without a resource. */
  resource(row: number): number {
    return this.#cells[row << CELLS_LOG2 | RESOURCE] as number;
  }

  /** Sets the buffer's resource, -1 for none, and clears `settledFor`, which held for the old one. */
  setResource(buffer: Buffer, resource: number): void {
    buffer.settledFor = null;
    this.#cells[buffer.row << CELLS_LOG2 | RESOURCE] = resource;
  }

  pins(row: number): number {
    return this.#cells[row << CELLS_LOG2 | PINS] as number;
  }

  setPins(row: number, pins: number): void {
    this.#cells[row << CELLS_LOG2 | PINS] = pins;
  }
}
