import type { BufferObject } from "./buffer_object.ts";
import { enlarge, Rows } from "./rows.ts";

const INITIAL = 64;

/**
 * The state of buffers that walks and submissions look at most, one row a buffer, one typed array a column, so that
 * a walk over thousands of buffers touches no objects.
 */
export class BufferTable {
  #resource: Int32Array = new Int32Array(INITIAL);
  #pins: Int32Array = new Int32Array(INITIAL);
  #priority: Int8Array = new Int8Array(INITIAL);
  #object: (BufferObject | null)[] = [];
  #rows: Rows = new Rows(INITIAL, (capacity) => {
    this.#resource = enlarge(this.#resource, capacity);
    this.#pins = enlarge(this.#pins, capacity);
    this.#priority = enlarge(this.#priority, capacity);
  });

  /** A row for a new buffer: no resource, no pins. */
  allocate(buffer: BufferObject, priority: number): number {
    const row = this.#rows.take();
    this.#object[row] = buffer;
    this.#resource[row] = -1;
    this.#pins[row] = 0;
    this.#priority[row] = priority;
    return row;
  }

  release(row: number): void {
    this.#object[row] = null;
    this.#rows.give(row);
  }

  /** Every buffer that has not been freed: live ones, dying ones and ghosts. */
  *all(): Generator<BufferObject> {
    for (const buffer of this.#object) if (buffer !== null) yield buffer;
  }

  /** The buffer's row in the resource table; -1 without a place. */
  resource(row: number): number {
    return this.#resource[row] as number;
  }

  setResource(row: number, resource: number): void {
    this.#resource[row] = resource;
  }

  pins(row: number): number {
    return this.#pins[row] as number;
  }

  setPins(row: number, pins: number): void {
    this.#pins[row] = pins;
  }

  priority(row: number): number {
    return this.#priority[row] as number;
  }
}
