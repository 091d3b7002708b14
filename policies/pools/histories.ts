import { LinkedLists, nodeOf } from "@ttm/core/lists";
import { Numbers } from "./numbers.ts";

const INITIAL = 64;

/** When buffers were used, also of those that have been evicted: as many of these as fit into a given number of pages. */
export class Histories {
  /** The last use, by row; the unit is the caller's. */
  lastUse: Float64Array = new Float64Array(INITIAL);
  /** The mean interval between uses, by row; 0 if there was only one use. */
  interval: Float64Array = new Float64Array(INITIAL);
  readonly #rows: Numbers = new Numbers();
  readonly #free: number[] = [];
  readonly #ids: number[] = [];
  #pages: Int32Array = new Int32Array(INITIAL);
  /** Those of evicted buffers, the one that was evicted first at the front. */
  readonly #links: LinkedLists = new LinkedLists();
  readonly #absent: number = this.#links.takeMark();
  #absentPages = 0;
  /** Entries of the buffer of each row: two while it is moved within its memory type. */
  readonly #entries: number[] = [];

  /** The row of a buffer of which an entry has come; -1 if it is not known. */
  find(id: number): number {
    const row = this.#rows.get(id);
    if (row < 0) return -1;
    if ((this.#entries[row] as number)++ > 0) return row;
    this.#links.unlink(nodeOf(row));
    this.#absentPages -= this.#pages[row] as number;
    return row;
  }

  /** The row of a new buffer of which an entry has come. */
  make(id: number, pages: number): number {
    const row = this.#free.pop() ?? this.#ids.length;
    if (row === this.lastUse.length) this.#grow();
    this.#rows.set(id, row);
    this.#ids[row] = id;
    this.#pages[row] = pages;
    this.#entries[row] = 1;
    this.interval[row] = 0;
    return row;
  }

  /** An entry was evicted: its buffer is remembered until later ones take up `room` pages. */
  leave(row: number, room: number): void {
    if (--(this.#entries[row] as number) > 0) return;
    this.#links.admit(nodeOf(row));
    this.#links.moveBefore(nodeOf(row), this.#absent);
    this.#absentPages += this.#pages[row] as number;
    while (this.#absentPages > room) {
      const oldest = this.#links.next(this.#absent) >> 1;
      this.#absentPages -= this.#pages[oldest] as number;
      this.#links.unlink(nodeOf(oldest));
      this.#drop(oldest);
    }
  }

  /** An entry has gone for good, and with the last one its buffer. */
  forget(row: number): void {
    if (--(this.#entries[row] as number) === 0) this.#drop(row);
  }

  #drop(row: number): void {
    this.#rows.delete(this.#ids[row] as number);
    this.#free.push(row);
  }

  #grow(): void {
    const { lastUse, interval } = this;
    const length = 2 * lastUse.length;
    this.lastUse = new Float64Array(length);
    this.lastUse.set(lastUse);
    this.interval = new Float64Array(length);
    this.interval.set(interval);
    const pages = this.#pages;
    this.#pages = new Int32Array(length);
    this.#pages.set(pages);
  }
}
