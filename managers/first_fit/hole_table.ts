import { enlarge } from "./columns.ts";
import { AlignmentClasses, ANY_REQUEST } from "./alignment_classes.ts";
import { HEAD, type SpanRing } from "./span_ring.ts";

/** When the hole was made: the later, the larger; 0 if the row has none. */
const STAMP = 0;

/** The column of minus the start: the largest value in a subtree gives the lowest start. */
export const MINUS_START = 1;

/** The column of the end. */
export const END = 2;

/** From here on the room for each alignment class: the largest request of its kind that the hole can hold. */
export const FIRST_CLASS = 3;

/** Rounds an address up to a multiple of `alignment`. */
export function alignUp(address: number, alignment: number): number {
  return Math.ceil(address / alignment) * alignment;
}

/** Rounds an address down to a multiple of `alignment`. */
export function alignDown(address: number, alignment: number): number {
  return Math.floor(address / alignment) * alignment;
}

/** The holes by row. Neighbouring holes are always merged, so a hole lies between two nodes. */
export class HoleTable {
  #ring: SpanRing;
  #classes: AlignmentClasses = new AlignmentClasses();
  #capacity = 0;
  #columnCount: number = FIRST_CLASS + 1;
  #count = 0;
  #clock = 0;
  /** All columns; those of a row are adjacent. */
  #values: Float64Array = new Float64Array();

  /** Makes a table without holes for the spans of a ring. */
  constructor(ring: SpanRing) {
    this.#ring = ring;
  }

  /** How many holes there are. */
  get count(): number {
    return this.#count;
  }

  /** Number of columns of {@linkcode HoleTable.value}. It grows with each new kind of request. */
  get columnCount(): number {
    return this.#columnCount;
  }

  /** The value of the row's hole in a column. */
  value(row: number, column: number): number {
    return this.#values[row * this.#columnCount + column] as number;
  }

  /** When the row's hole was made: the later, the larger; 0 if the row has none. */
  stamp(row: number): number {
    return this.value(row, STAMP);
  }

  /** Whether a hole follows the row's node. */
  has(row: number): boolean {
    return row < this.#capacity && this.stamp(row) !== 0;
  }

  /** First unit of the row's hole. */
  start(row: number): number {
    return 0 - this.value(row, MINUS_START);
  }

  /** First unit after the row's hole. */
  end(row: number): number {
    return this.value(row, END);
  }

  /** Units in the row's hole. */
  size(row: number): number {
    return this.value(row, FIRST_CLASS + ANY_REQUEST);
  }

  /** First unit of the row's hole that a node of this colour may use. */
  usableStart(row: number, color: number): number {
    return this.start(row) + this.#ring.guard(row, color);
  }

  /** First unit from which on a node of this colour may not use the row's hole. */
  usableEnd(row: number, color: number): number {
    return this.end(row) - this.#ring.guard(this.#ring.next(row), color);
  }

  /** Adds the hole between the row's node and the next one; both are already in the ring. */
  open(row: number, start: number, end: number): void {
    if (row >= this.#capacity) this.#grow();
    this.#count++;
    this.#fill(row, start, end, ++this.#clock);
  }

  /** Removes the hole after the row's node. */
  close(row: number): void {
    this.#count--;
    this.#values[row * this.#columnCount + STAMP] = 0;
  }

  /** Moves the hole of row `from` to row `to`, which has none, with new bounds. They may be the same row. */
  change(from: number, to: number, start: number, end: number): void {
    if (to >= this.#capacity) this.#grow();
    this.#values[from * this.#columnCount + STAMP] = 0;
    this.#fill(to, start, end, ++this.#clock);
  }

  /** The column to search by for a kind of request, among the existing ones. */
  boundFor(alignment: number, color: number): number {
    return FIRST_CLASS + this.#classes.boundFor(alignment, color);
  }

  /** The column to search by for a kind of request. It may be a new one, which earlier trees lack. */
  columnFor(alignment: number, color: number): number {
    const column = FIRST_CLASS + this.#classes.for(alignment, color);
    if (column === this.#columnCount) this.#addColumn();
    return column;
  }

  /** Whether a column holds the exact room for a kind of request; else the room may be less. */
  isExact(column: number, alignment: number, color: number): boolean {
    return this.#classes.isExact(column - FIRST_CLASS, alignment, color);
  }

  #fill(row: number, start: number, end: number, stamp: number): void {
    const values = this.#values;
    const first = row * this.#columnCount;
    values[first + STAMP] = stamp;
    values[first + MINUS_START] = 0 - start;
    values[first + END] = end;
    values[first + FIRST_CLASS + ANY_REQUEST] = end - start;
    for (let i = ANY_REQUEST + 1; i < this.#classes.count; i++) {
      const color = this.#classes.color(i);
      const usable = alignUp(this.usableStart(row, color), this.#classes.alignment(i));
      values[first + FIRST_CLASS + i] = this.usableEnd(row, color) - usable;
    }
  }

  #addColumn(): void {
    const old = this.#values;
    const oldCount = this.#columnCount++;
    this.#values = new Float64Array(this.#capacity * this.#columnCount);
    for (let first = HEAD * oldCount; first < old.length; first += oldCount) {
      const stamp = old[first + STAMP] as number;
      if (stamp === 0) continue;
      this.#fill(first / oldCount, 0 - (old[first + MINUS_START] as number), old[first + END] as number, stamp);
    }
  }

  #grow(): void {
    this.#capacity = this.#ring.capacity;
    this.#values = enlarge(this.#values, this.#capacity * this.#columnCount);
  }
}
