import { floorLog2, powerOfTwo } from "./orders.ts";

/** No block. */
export const NONE = 0;
/** The block of which all others are parts. It is larger than the space, so that nobody gets it. */
export const SPACE = 0;
// Cells of a pair behind those of its halves: the block that was split, the order of the halves, what is free in them.
const PARENT = 2;
const ORDER = 3;
const MASKS = 4;
const FIRST_PAIRS = 32;
const TAKEN_CLEARED = 2;

/**
 * The blocks of a space of chunks. A space is half of something larger, and each block is halved again and again where it
 * has to be; what lies beyond the end of the space is taken for good. Both halves of a block are one record, a pair, and a
 * block is the index of its own cell in it. That cell holds the pair below, if the block is split. If it is free, it holds
 * a record that all free blocks of its order share, so that whatever is not taken can be asked what is free in it. If it
 * is taken, it holds the next block of the list in which its owner has it, and is negative.
 */
export class BlockTable {
  cells: Int32Array;
  /** Chunks of the space. */
  readonly chunks: number;
  /** Chunks that are free, and how many of those are cleared. */
  free = 0;
  freeCleared = 0;
  /** The first pair, over all others. Records before it are those of free blocks. */
  readonly top: number;
  /** Cells of a record, a power of two; the first four are not masks. */
  readonly stride: number;
  #used: number;
  /** Pairs that are not in use, linked by their first cells. */
  #spare: number = NONE;

  constructor(chunks: number, stride: number) {
    this.chunks = chunks;
    this.stride = stride;
    this.top = this.#used = this.freeRecord(floorLog2(chunks) + 1, false);
    this.cells = new Int32Array(this.top + FIRST_PAIRS * stride);
  }

  /** What the cell of a free block holds. */
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

  /** Of a block that is not split. */
  isCleared(block: number): boolean {
    const record = this.cells[block] as number;
    return (record < 0 ? ~record & TAKEN_CLEARED : record & this.stride) !== 0;
  }

  order(block: number): number {
    return this.cells[(block & ~1) + ORDER] as number;
  }

  /** In chunks. */
  size(block: number): number {
    return powerOfTwo(this.order(block));
  }

  /** In chunks; it is found by climbing. */
  start(block: number): number {
    let start = 0;
    for (let at = block; at !== NONE; at = this.parent(at)) if ((at & 1) !== 0) start += this.size(at);
    return start;
  }

  /** The block that a block is half of; {@linkcode SPACE} at last. */
  parent(block: number): number {
    return this.cells[(block & ~1) + PARENT] as number;
  }

  /** The next block of a list of taken ones. */
  next(block: number): number {
    return ~(this.cells[block] as number) & ~TAKEN_CLEARED;
  }

  setNext(block: number, next: number): void {
    this.cells[block] = ~(~(this.cells[block] as number) & TAKEN_CLEARED | next);
  }

  setTaken(block: number, cleared: boolean): void {
    this.cells[block] = cleared ? ~TAKEN_CLEARED : ~NONE;
  }

  setFree(block: number, cleared: boolean): void {
    this.cells[block] = this.freeRecord(this.order(block), cleared);
  }

  /** Splits a block; what its halves are is to be said. */
  split(block: number, order: number): number {
    const pair = this.#newPair();
    const { cells } = this;
    cells[block] = pair;
    cells[pair + PARENT] = block;
    cells[pair + ORDER] = order;
    // Whoever says what is free in it compares with what was said before.
    for (let mask = pair + MASKS; mask < pair + this.stride; mask++) cells[mask] = 0;
    return pair;
  }

  /** Takes a pair back; returns the block that it was made of, which is to be said what it is. */
  join(pair: number): number {
    const block = this.cells[pair + PARENT] as number;
    this.cells[pair] = this.#spare;
    this.#spare = pair;
    return block;
  }

  /** Counts a block that becomes free, or no longer is. */
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
