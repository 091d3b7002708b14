import { enlarge, Rows } from "../base/row_allocator.ts";

const INITIAL = 64;

// The cells of a row. They lie side by side, so that a buffer is a part of one cache line.
const RESOURCE = 0;
const PINS = 1;
const CELLS_LOG2 = 1;

/** What the table has to know of its buffers. */
interface Rowed {
  readonly row: number;
  settledFor: unknown;
}

/** The state of buffers that submissions and walks look at most, one row of numbers a buffer. */
export class BufferTable<Buffer extends Rowed> {
  #cells: Int32Array = new Int32Array(INITIAL << CELLS_LOG2);
  #object: (Buffer | null)[] = [];
  #rows: Rows = new Rows(INITIAL, (capacity) => this.#cells = enlarge(this.#cells, capacity << CELLS_LOG2));

  /** A row for a new buffer: no resource, no pins. */
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

  /** Every buffer that has not been freed: live ones, dying ones and ghosts. */
  *all(): Generator<Buffer> {
    for (const buffer of this.#object) if (buffer !== null) yield buffer;
  }

  /** The buffer's row in the resource table; -1 without a place. */
  resource(row: number): number {
    return this.#cells[row << CELLS_LOG2 | RESOURCE] as number;
  }

  /** Gives the buffer another place, or with -1 none; no placement is known to suit that. */
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
