import { floorLog2, powerOfTwo } from "./orders.ts";

/** No block. */
export const NONE = 0;
/** The block of which all others are parts. It is larger than the space, so that it is never allocated. */
export const SPACE = 0;
// Cells of a pair after those of its halves: the block that was split, the order of the halves, the masks of free
// orders.
const PARENT = 2;
const ORDER = 3;
const MASKS = 4;
const FIRST_PAIRS = 32;
// Flags of a taken block, in bits that are 0 in the index of every block.
const TAKEN_CLEARED = 2;
const TAKEN_FIRST = 4;
const TAKEN_FLAGS = TAKEN_CLEARED | TAKEN_FIRST;

/**
 * The blocks of a space of chunks. The space is half of a larger block, and blocks are halved again and again as
 * needed; blocks beyond the end of the space are marked as taken for good. Both halves of a block share one record, a
 * pair, and a block is identified by the index of its cell in the pair. The cell of a split block holds the index of
 * the pair below. The cell of a free block holds a record that all free blocks of its order share, so that the masks of
 * a split block and of a free one are read in the same way. The cell of a taken block is negative and holds the next
 * block of its owner's list, and whether it is the first of that list.
 */
export class BlockTable {
  cells: Int32Array;
  /** Chunks of the space. */
  readonly chunks: number;
  /** Chunks that are free, and how many of those are cleared. */
  free = 0;
  freeCleared = 0;
  /** The root pair. Records before it are those of free blocks. */
  readonly top: number;
  /** Cells of a record, a power of two; the first four are not masks. */
  readonly stride: number;
  #used: number;
  /** Unused pairs, linked by their first cells. */
  #spare: number = NONE;

  constructor(chunks: number, stride: number) {
    this.chunks = chunks;
    this.stride = stride;
    this.top = this.#used = this.freeRecord(floorLog2(chunks) + 1, false);
    this.cells = new Int32Array(this.top + FIRST_PAIRS * stride);
  }

  /** The record that all free blocks of an order and a cleared state share. */
  freeRecord(order: number, cleared: boolean): number {
    return (2 * order + (cleared ? 1 : 0)) * this.stride;
  }

  isFree(block: number): boolean {
    const record = this.cells[block] as number;
    return record >= 0 && record < this.top;
  }

  isTaken(block: number): boolean {
    return (this.cells[block] as number) < 0;
  }

  /** Only for a block that is not split. */
  isCleared(block: number): boolean {
    const record = this.cells[block] as number;
    return (record < 0 ? ~record & TAKEN_CLEARED : record & this.stride) !== 0;
  }

  order(block: number): number {
    return this.cells[(block & ~1) + ORDER] as number;
  }

  /** Size of a block, in chunks. */
  size(block: number): number {
    return powerOfTwo(this.order(block));
  }

  /** Address of a block, in chunks; found by climbing to the root, O(log n). */
  start(block: number): number {
    let start = 0;
    for (let at = block; at !== NONE; at = this.parent(at)) if ((at & 1) !== 0) start += this.size(at);
    return start;
  }

  /** The block that a block is half of; {@linkcode SPACE} for the root. */
  parent(block: number): number {
    return this.cells[(block & ~1) + PARENT] as number;
  }

  /** The next block after a taken one in its list. */
  next(block: number): number {
    return ~(this.cells[block] as number) & ~TAKEN_FLAGS;
  }

  setNext(block: number, next: number): void {
    this.cells[block] = ~(~(this.cells[block] as number) & TAKEN_FLAGS | next);
  }

  /** Marks a taken block as the first of a list. */
  setFirst(block: number): void {
    this.cells[block] = ~(~(this.cells[block] as number) | TAKEN_FIRST);
  }

  /** Whether a number is that of a block that is the first of a list. */
  isFirst(block: number): boolean {
    const cell = block >= this.top && block < this.#used && (block & this.stride - 1) < PARENT ? this.cells[block] : 0;
    return cell !== undefined && cell < 0 && (~cell & TAKEN_FIRST) !== 0;
  }

  /** The first blocks of all lists. */
  *firsts(): Generator<number> {
    for (let pair = this.top; pair < this.#used; pair += this.stride) {
      if (this.isFirst(pair)) yield pair;
      if (this.isFirst(pair + 1)) yield pair + 1;
    }
  }

  setTaken(block: number, cleared: boolean): void {
    this.cells[block] = cleared ? ~TAKEN_CLEARED : ~NONE;
  }

  setFree(block: number, cleared: boolean): void {
    this.cells[block] = this.freeRecord(this.order(block), cleared);
  }

  /** Splits a block and returns the new pair; the caller sets the state of both halves. */
  split(block: number, order: number): number {
    const pair = this.#newPair();
    const { cells } = this;
    cells[block] = pair;
    cells[pair + PARENT] = block;
    cells[pair + ORDER] = order;
    // refresh() compares new masks with these.
    for (let mask = pair + MASKS; mask < pair + this.stride; mask++) cells[mask] = 0;
    return pair;
  }

  /** Frees a pair; returns the block that it was split from, whose state the caller sets. */
  join(pair: number): number {
    const block = this.cells[pair + PARENT] as number;
    this.cells[pair] = this.#spare;
    this.cells[pair + 1] = NONE;
    this.#spare = pair;
    return block;
  }

  /** Updates the free counts for a block that is freed (1) or taken (-1). */
  count(order: number, cleared: boolean, sign: 1 | -1): void {
    const size = sign * powerOfTwo(order);
    this.free += size;
    if (cleared) this.freeCleared += size;
  }

  #newPair(): number {
    const spare = this.#spare;
    if (spare !== NONE) {
      this.#spare = this.cells[spare] as number;
      return spare;
    }
    const pair = this.#used;
    this.#used += this.stride;
    if (this.#used > this.cells.length) this.#enlarge();
    return pair;
  }

  #enlarge(): void {
    const larger = new Int32Array(2 * this.cells.length);
    larger.set(this.cells);
    this.cells = larger;
  }
}
