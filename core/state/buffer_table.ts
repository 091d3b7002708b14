import { Rows } from "../base/row_allocator.ts";

/** All buffers of a device that have not been freed: live ones, dying ones and ghost objects. */
export class BufferTable<Buffer> {
  #object: (Buffer | null)[] = [];
  #rows: Rows = new Rows(Infinity, () => {});

  /** Allocates the row of a new buffer. */
  allocate(buffer: Buffer): number {
    const row = this.#rows.take();
    this.#object[row] = buffer;
    return row;
  }

  release(row: number): void {
    this.#object[row] = null;
    this.#rows.give(row);
  }

  *all(): Generator<Buffer> {
    for (const buffer of this.#object) if (buffer !== null) yield buffer;
  }
}
