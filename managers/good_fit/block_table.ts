/** No block. In the ring of blocks it stands before the first and after the last one, as if it were handed out. */
export const NONE = 0;

const USED = -1;

// The cells of a row. They lie side by side, so that a block is one cache line or two.
const START = 0;
const SIZE = 1;
const PREVIOUS = 2;
const NEXT = 3;
const BIN = 4;
const EARLIER = 5;
const LATER = 6;
const CELLS_LOG2 = 3;

/**
 * The space as a ring of *blocks* in the order of their addresses. A block is what was handed out, or a hole; no two
 * holes are neighbours. One row of numbers a block.
 */
export class BlockTable {
  #cells: Int32Array = new Int32Array(8 << CELLS_LOG2);
  #rows = 1;
  #unused: number = NONE;

  /** Makes an empty ring. */
  constructor() {
    this.#cells[BIN] = USED;
  }

  /** First unit of a block. */
  start(row: number): number {
    return this.#cells[row << CELLS_LOG2 | START] as number;
  }

  /** Units of a block. */
  size(row: number): number {
    return this.#cells[row << CELLS_LOG2 | SIZE] as number;
  }

  /** First unit after a block. */
  end(row: number): number {
    return this.start(row) + this.size(row);
  }

  /** The block before; {@linkcode NONE} before the first. */
  previous(row: number): number {
    return this.#cells[row << CELLS_LOG2 | PREVIOUS] as number;
  }

  /** The block after; {@linkcode NONE} after the last. */
  next(row: number): number {
    return this.#cells[row << CELLS_LOG2 | NEXT] as number;
  }

  /** Whether a block is a hole, which then stands in a bin. */
  isHole(row: number): boolean {
    return this.bin(row) !== USED;
  }

  /** The bin that a hole stands in. */
  bin(row: number): number {
    return this.#cells[row << CELLS_LOG2 | BIN] as number;
  }

  /** The hole that came into the same bin after this one; {@linkcode NONE} for the last to come. */
  later(row: number): number {
    return this.#cells[row << CELLS_LOG2 | LATER] as number;
  }

  /** The hole that came into the same bin before this one; {@linkcode NONE} for the first to come. */
  earlier(row: number): number {
    return this.#cells[row << CELLS_LOG2 | EARLIER] as number;
  }

  /** Makes a block that is handed out, after the block `previous`. */
  create(previous: number, start: number, size: number): number {
    const row = this.#take();
    const cells = this.#cells;
    const next = cells[previous << CELLS_LOG2 | NEXT] as number;
    const at = row << CELLS_LOG2;
    cells[at | START] = start;
    cells[at | SIZE] = size;
    cells[at | PREVIOUS] = previous;
    cells[at | NEXT] = next;
    cells[at | BIN] = USED;
    cells[previous << CELLS_LOG2 | NEXT] = row;
    cells[next << CELLS_LOG2 | PREVIOUS] = row;
    return row;
  }

  /** Makes a block end earlier or later. */
  resize(row: number, size: number): void {
    this.#cells[row << CELLS_LOG2 | SIZE] = size;
  }

  /** Makes the block after this one a part of it. Neither is a hole. */
  absorbNext(row: number): void {
    const cells = this.#cells;
    const at = row << CELLS_LOG2;
    const gone = cells[at | NEXT] as number;
    const next = cells[gone << CELLS_LOG2 | NEXT] as number;
    cells[at | SIZE] = this.size(row) + this.size(gone);
    cells[at | NEXT] = next;
    cells[next << CELLS_LOG2 | PREVIOUS] = row;
    cells[gone << CELLS_LOG2 | NEXT] = this.#unused;
    this.#unused = gone;
  }

  /** Makes a block a hole, the latest of a bin, and `earlier` the one before it there. */
  enterBin(row: number, bin: number, earlier: number): void {
    const cells = this.#cells;
    const at = row << CELLS_LOG2;
    cells[at | BIN] = bin;
    cells[at | EARLIER] = earlier;
    cells[at | LATER] = NONE;
    if (earlier !== NONE) cells[earlier << CELLS_LOG2 | LATER] = row;
  }

  /** Makes a hole a block that is handed out. */
  leaveBin(row: number): void {
    const cells = this.#cells;
    const at = row << CELLS_LOG2;
    const earlier = cells[at | EARLIER] as number;
    const later = cells[at | LATER] as number;
    cells[at | BIN] = USED;
    if (earlier !== NONE) cells[earlier << CELLS_LOG2 | LATER] = later;
    if (later !== NONE) cells[later << CELLS_LOG2 | EARLIER] = earlier;
  }

  // Rows that have been absorbed are strung together by their cells for the block after.
  #take(): number {
    const row = this.#unused;
    if (row !== NONE) {
      this.#unused = this.next(row);
      return row;
    }
    if (this.#rows << CELLS_LOG2 === this.#cells.length) {
      const larger = new Int32Array(2 * this.#cells.length);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    return this.#rows++;
  }
}
