import { TtmError } from "@ttm/core";
import { binOf, Bins, NONE } from "./bins.ts";

export { NONE };

// Marks an allocated block, in place of a bin.
const USED = -1;

// The cells of a row are adjacent, so that a block takes one cache line or two.
const START = 0;
const SIZE = 1;
const PREVIOUS = 2;
const NEXT = 3;
const BIN = 4;
const EARLIER = 5;
const LATER = 6;
const HANDLE = 7;
const CELLS_LOG2 = 3;

// The lower bits of a handle are the row, the others a generation that increases each time the row is freed. A row that
// is not allocated stores the generation alone. The sign bit stays 0.
const MAX_ROW_BITS = 26;
const HANDLE_BITS = 0x7fffffff;

// Each table starts with another generation, so that it refuses the handles of other tables.
let tables = 0;

/** Is notified of changes to the set of holes. */
interface HoleWatcher {
  /** A block has become a hole. */
  open(row: number): void;
  /** A block is no longer a hole; its size and its neighbours are still the same. */
  close(row: number): void;
}

/**
 * The space as a ring of *blocks* in the order of their addresses, one row of numbers each. A block is an allocated
 * range, or a hole, which is then in a bin; two holes are never adjacent. Row {@linkcode NONE} is before the first and
 * after the last block, and counts as allocated.
 */
export class BlockTable {
  /** Holes by size. */
  readonly bins: Bins = new Bins();
  /** Notified of changes to the holes; null until an index by address is needed. */
  watcher: HoleWatcher | null = null;
  #cells: Int32Array = new Int32Array(8 << CELLS_LOG2);
  #rows = 1;
  #unused: number = NONE;
  #holeCount = 0;
  #rowMask: number;
  #firstGeneration: number;

  /** Makes a ring of one hole. */
  constructor(start: number, size: number) {
    this.#rowMask = 2 ** Math.min(MAX_ROW_BITS, 32 - Math.clz32(size)) - 1;
    this.#firstGeneration = Math.imul(++tables, 0x9e3779b1) & HANDLE_BITS & ~this.#rowMask;
    const row = this.#take();
    const cells = this.#cells;
    cells[BIN] = USED;
    cells[PREVIOUS] = row;
    cells[NEXT] = row;
    cells[row << CELLS_LOG2 | START] = start;
    cells[row << CELLS_LOG2 | SIZE] = size;
    this.#open(row);
  }

  /** Number of holes. */
  get holeCount(): number {
    return this.#holeCount;
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

  /** The next block; {@linkcode NONE} after the last. */
  next(row: number): number {
    return this.#cells[row << CELLS_LOG2 | NEXT] as number;
  }

  /** Whether a block is a hole. */
  isHole(row: number): boolean {
    return this.#cells[row << CELLS_LOG2 | BIN] !== USED;
  }

  /** The hole that was added to the same bin before this one; {@linkcode NONE} for the oldest. */
  earlier(row: number): number {
    return this.#cells[row << CELLS_LOG2 | EARLIER] as number;
  }

  /** The block with this handle; {@linkcode NONE} if it was freed, or no block ever had the handle. */
  rowOf(handle: number): number {
    const row = handle & this.#rowMask;
    return this.#cells[row << CELLS_LOG2 | HANDLE] === handle ? row : NONE;
  }

  /** Allocates `size` units of a hole, `before` units after its start; the rest at either end stays a hole. */
  handOut(hole: number, before: number, size: number): number {
    // At most two blocks are added; growing first means that nothing has changed if it throws for lack of memory.
    if (this.#rows + 2 > this.#cells.length >> CELLS_LOG2) this.#grow();
    this.#close(hole);
    let row = hole;
    if (before > 0) {
      row = this.#split(hole, before);
      this.#open(hole);
    }
    if (size < this.size(row)) this.#open(this.#split(row, size));
    const at = row << CELLS_LOG2;
    return this.#cells[at | HANDLE] = (this.#cells[at | HANDLE] as number) | row;
  }

  /** Frees a block: it and the adjacent holes become one hole. */
  takeBack(row: number): void {
    const cells = this.#cells;
    const at = row << CELLS_LOG2;
    cells[at | HANDLE] = ((cells[at | HANDLE] as number) | this.#rowMask) + 1 & HANDLE_BITS;
    const next = cells[at | NEXT] as number;
    if (this.isHole(next)) {
      this.#close(next);
      this.#absorbNext(row);
    }
    let hole = row;
    const previous = cells[at | PREVIOUS] as number;
    if (this.isHole(previous)) {
      hole = previous;
      this.#close(hole);
      this.#absorbNext(hole);
    }
    this.#open(hole);
  }

  #split(row: number, size: number): number {
    const made = this.#take();
    const cells = this.#cells;
    const at = row << CELLS_LOG2;
    const to = made << CELLS_LOG2;
    const next = cells[at | NEXT] as number;
    cells[to | START] = (cells[at | START] as number) + size;
    cells[to | SIZE] = (cells[at | SIZE] as number) - size;
    cells[to | PREVIOUS] = row;
    cells[to | NEXT] = next;
    cells[to | BIN] = USED;
    cells[at | SIZE] = size;
    cells[at | NEXT] = made;
    cells[next << CELLS_LOG2 | PREVIOUS] = made;
    return made;
  }

  #absorbNext(row: number): void {
    const cells = this.#cells;
    const at = row << CELLS_LOG2;
    const gone = cells[at | NEXT] as number;
    const from = gone << CELLS_LOG2;
    const next = cells[from | NEXT] as number;
    cells[at | SIZE] = (cells[at | SIZE] as number) + (cells[from | SIZE] as number);
    cells[at | NEXT] = next;
    cells[next << CELLS_LOG2 | PREVIOUS] = row;
    cells[from | NEXT] = this.#unused;
    this.#unused = gone;
  }

  #open(row: number): void {
    const cells = this.#cells;
    const at = row << CELLS_LOG2;
    const bin = binOf(cells[at | SIZE] as number);
    const earlier = this.bins.push(bin, row);
    cells[at | BIN] = bin;
    cells[at | EARLIER] = earlier;
    if (earlier !== NONE) cells[earlier << CELLS_LOG2 | LATER] = row;
    this.#holeCount++;
    this.watcher?.open(row);
  }

  #close(hole: number): void {
    const cells = this.#cells;
    const at = hole << CELLS_LOG2;
    const bin = cells[at | BIN] as number;
    const earlier = cells[at | EARLIER] as number;
    cells[at | BIN] = USED;
    // The head of a bin has no later hole, so its LATER cell is not maintained.
    if (!this.bins.pop(bin, hole, earlier)) {
      const later = cells[at | LATER] as number;
      cells[later << CELLS_LOG2 | EARLIER] = earlier;
      if (earlier !== NONE) cells[earlier << CELLS_LOG2 | LATER] = later;
    }
    this.#holeCount--;
    this.watcher?.close(hole);
  }

  #take(): number {
    let row = this.#unused;
    if (row !== NONE) this.#unused = this.next(row);
    else {
      row = this.#rows++;
      this.#cells[row << CELLS_LOG2 | HANDLE] = this.#firstGeneration;
    }
    return row;
  }

  #grow(): void {
    const rows = this.#cells.length >> CELLS_LOG2;
    if (rows === 1 << MAX_ROW_BITS) {
      throw new TtmError("ENOMEM", `Cannot allocate a block: there are already ${rows} blocks`);
    }
    const larger = new Int32Array(2 * this.#cells.length);
    larger.set(this.#cells);
    this.#cells = larger;
  }
}
