import { AlignmentClasses, ANY_REQUEST } from "./alignment_classes.ts";
import type { SpanRing } from "./span_ring.ts";

/** The column of the size: the room for requests without alignment or guard. */
export const SIZE = 0;

/** The column of minus the start: the largest value in a subtree gives the lowest start. */
export const MINUS_START = 1;

/** The column of the end. */
export const END = 2;

// From here on the room for each other alignment class: the largest request of its kind that the hole can hold.
const FIRST_CLASS = 3;

/** Rounds an address up to a multiple of `alignment`. */
export function alignUp(address: number, alignment: number): number {
  return Math.ceil(address / alignment) * alignment;
}

/** Rounds an address down to a multiple of `alignment`. */
export function alignDown(address: number, alignment: number): number {
  return Math.floor(address / alignment) * alignment;
}

/**
 * What the trees store of a hole, which is the space between the range of its row and the next range. Nothing is kept
 * here but the kinds of request.
 */
export class HoleTable {
  #ring: SpanRing;
  #classes: AlignmentClasses = new AlignmentClasses();

  /** Makes the table of the holes of a ring. */
  constructor(ring: SpanRing) {
    this.#ring = ring;
  }

  /** Number of columns of {@linkcode HoleTable.value}. It grows with each new kind of request. */
  get columnCount(): number {
    return FIRST_CLASS - 1 + this.#classes.count;
  }

  /** The value of the row's hole in a column. */
  value(row: number, column: number): number {
    if (column === SIZE) return this.size(row);
    if (column < FIRST_CLASS) return column === END ? this.end(row) : 0 - this.start(row);
    const color = this.#classes.color(classOf(column));
    const usable = alignUp(this.usableStart(row, color), this.#classes.alignment(classOf(column)));
    return Math.max(0, this.usableEnd(row, color) - usable);
  }

  /** First unit of the row's hole. */
  start(row: number): number {
    return this.#ring.end(row);
  }

  /** First unit after the row's hole. */
  end(row: number): number {
    return this.#ring.start(this.#ring.next(row));
  }

  /** Units in the row's hole; 0 if it has none. */
  size(row: number): number {
    return this.end(row) - this.start(row);
  }

  /** First unit of the row's hole that a range of this colour may use. */
  usableStart(row: number, color: number): number {
    return this.start(row) + this.#ring.guard(row, color);
  }

  /** First unit from which on a range of this colour may not use the row's hole. */
  usableEnd(row: number, color: number): number {
    return this.end(row) - this.#ring.guard(this.#ring.next(row), color);
  }

  /** The column to search by for a kind of request, among the existing ones. */
  boundFor(alignment: number, color: number): number {
    return columnOf(this.#classes.boundFor(alignment, color));
  }

  /** The column to search by for a kind of request. It may be a new one, which earlier trees lack. */
  columnFor(alignment: number, color: number): number {
    return columnOf(this.#classes.for(alignment, color));
  }

  /** Whether a column holds the exact room for a kind of request; else the room may be less. */
  isExact(column: number, alignment: number, color: number): boolean {
    return this.#classes.isExact(classOf(column), alignment, color);
  }
}

function columnOf(fitClass: number): number {
  return fitClass === ANY_REQUEST ? SIZE : FIRST_CLASS - 1 + fitClass;
}

function classOf(column: number): number {
  return column === SIZE ? ANY_REQUEST : column + 1 - FIRST_CLASS;
}
