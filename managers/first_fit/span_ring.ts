import { TtmError } from "@ttm/core";
import { UNGUARDED } from "./alignment_classes.ts";
import { type Bits, enlarge, type Numbers, numbersIn } from "./columns.ts";

/**
 * The row before the first range and after the last one: it has no range, but maybe a hole. Its start is the end of the
 * space, and its end the start of the space. Row 0 stays unused.
 */
export const HEAD = 1;

/** No row. */
export const NONE = 0;

// A row has 32 bytes, so that it takes one cache line or two: four cells, then its start and its end.
const NEXT = 0;
const PREVIOUS = 1;
const HANDLE = 2;
const STAMP = 3;
const CELLS_LOG2 = 3;

// The lower bits of a handle are the row, the others a generation that increases each time the row is freed. A row that
// is not allocated stores the generation alone. The sign bit stays 0.
const MAX_ROW_BITS = 26;
const HANDLE_BITS = 0x7fffffff;

// Each ring starts with another generation, so that it refuses the handles of other rings.
let rings = 0;

/**
 * The space as a ring of *spans* in the order of their addresses. A span is an allocated range and the hole that follows
 * it, if there is one; so a hole is identified by the row of the range before it, as in drm_mm, and needs no list of its
 * own.
 */
export class SpanRing {
  /** Bits of a difference of addresses. */
  readonly bits: Bits;
  #capacity = 8;
  #rows: number = HEAD + 1;
  /** Unused rows, linked by their first cells. */
  #unused: number = NONE;
  #cells: Int32Array = new Int32Array(this.#capacity << CELLS_LOG2);
  /** The same memory in numbers of so many bits. */
  #numbers: Numbers;
  /** Half of the numbers in a row, as a power of two. */
  #halfLog2: number;
  /** The colours by row; empty until there is one other than 0. */
  #colors: Float64Array = new Float64Array();
  #rowMask: number;
  #firstGeneration: number;

  /** Makes a ring without ranges, for the space [`start`, `end`). */
  constructor(start: number, end: number) {
    // Rows count from 2, and a space has at most a range for each unit.
    const size = end - start;
    const rowBits = size < 1 << MAX_ROW_BITS ? 32 - Math.clz32(size + 1) : MAX_ROW_BITS;
    this.#rowMask = 2 ** Math.min(MAX_ROW_BITS, rowBits) - 1;
    this.#firstGeneration = Math.imul(++rings, 0x9e3779b1) & HANDLE_BITS & ~this.#rowMask;
    this.bits = end < 2 ** 30 ? 32 : 64;
    this.#numbers = numbersIn(this.#cells.buffer, this.bits);
    this.#halfLog2 = this.bits === 32 ? CELLS_LOG2 - 1 : CELLS_LOG2 - 2;
    this.#join(HEAD, HEAD);
    this.#setBounds(HEAD, end, start);
  }

  /** The next row; {@linkcode HEAD} after the last. */
  next(row: number): number {
    return this.#cells[row << CELLS_LOG2 | NEXT] as number;
  }

  /** The previous row; the last one for {@linkcode HEAD}. */
  previous(row: number): number {
    return this.#cells[row << CELLS_LOG2 | PREVIOUS] as number;
  }

  /** First unit of a range. */
  start(row: number): number {
    return this.#numbers[(row << 1 | 1) << this.#halfLog2] as number;
  }

  /** First unit after a range. */
  end(row: number): number {
    return this.#numbers[((row << 1 | 1) << this.#halfLog2) + 1] as number;
  }

  /** Units of a range. */
  size(row: number): number {
    return this.end(row) - this.start(row);
  }

  /** The colour of a range. */
  color(row: number): number {
    return this.#colors[row] ?? 0;
  }

  /** When the hole after a range was made: the later, the larger. */
  stamp(row: number): number {
    return this.#cells[row << CELLS_LOG2 | STAMP] as number;
  }

  /** Sets when the hole after a range was made. */
  setStamp(row: number, stamp: number): void {
    this.#cells[row << CELLS_LOG2 | STAMP] = stamp;
  }

  /** The handle of a range. */
  handle(row: number): number {
    return this.#cells[row << CELLS_LOG2 | HANDLE] as number;
  }

  /** The row with this handle; {@linkcode NONE} if it was freed, or no row ever had the handle. */
  rowOf(handle: number): number {
    const row = handle & this.#rowMask;
    return this.#cells[row << CELLS_LOG2 | HANDLE] === handle && handle > 0 ? row : NONE;
  }

  /** Units to keep free between the row's range and one of this colour. */
  guard(row: number, color: number): number {
    return color === UNGUARDED || row === HEAD || this.color(row) === color ? 0 : 1;
  }

  /** Adds a new range after the row `before`, where its address belongs; returns its row. */
  link(before: number, start: number, size: number, color: number): number {
    const row = this.#take();
    this.#join(row, this.next(before));
    this.#join(before, row);
    this.#setBounds(row, start, start + size);
    if (color !== 0 || this.#colors.length > 0) this.#setColor(row, color);
    return row;
  }

  /** Removes a row with its range. */
  unlink(row: number): void {
    const cells = this.#cells;
    const at = row << CELLS_LOG2;
    this.#join(cells[at | PREVIOUS] as number, cells[at | NEXT] as number);
    cells[at | HANDLE] = ((cells[at | HANDLE] as number) | this.#rowMask) + 1 & HANDLE_BITS;
    cells[at | NEXT] = this.#unused;
    this.#unused = row;
  }

  #join(row: number, next: number): void {
    this.#cells[row << CELLS_LOG2 | NEXT] = next;
    this.#cells[next << CELLS_LOG2 | PREVIOUS] = row;
  }

  #setBounds(row: number, start: number, end: number): void {
    const at = (row << 1 | 1) << this.#halfLog2;
    this.#numbers[at] = start;
    this.#numbers[at + 1] = end;
  }

  #setColor(row: number, color: number): void {
    if (row >= this.#colors.length) this.#colors = enlarge(this.#colors, this.#capacity);
    this.#colors[row] = color;
  }

  #take(): number {
    let row = this.#unused;
    let generation = this.#firstGeneration;
    if (row !== NONE) {
      this.#unused = this.next(row);
      generation = this.handle(row);
    } else {
      if (this.#rows === this.#capacity) this.#grow();
      row = this.#rows++;
    }
    this.#cells[row << CELLS_LOG2 | HANDLE] = generation | row;
    return row;
  }

  #grow(): void {
    if (this.#capacity === 1 << MAX_ROW_BITS) {
      throw new TtmError("ENOMEM", `Cannot allocate a range: there are already ${this.#capacity - HEAD - 1} ranges`);
    }
    this.#capacity *= 2;
    this.#cells = enlarge(this.#cells, this.#capacity << CELLS_LOG2);
    this.#numbers = numbersIn(this.#cells.buffer, this.bits);
  }
}
