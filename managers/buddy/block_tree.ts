/** Orders that fit into one word of a mask. */
const WORD = 32;
const FREE = 1;
const SPLIT = 2;
const CLEARED = 4;
const FIRST_ROWS = 64;
// Looked up, because ** is a call.
const POWERS = Float64Array.from({ length: 64 }, (_, order) => 2 ** order);

/**
 * The blocks of a space of chunks: roots of falling size, each halved again and again where it had to be. A block that is
 * neither free nor split is allocated. Every block knows which orders are free below it, cleared and not, so that a free
 * block is found by walking down. Rows of a table in place of objects; the halves of a block are neighbours in it.
 */
export class BlockTree {
  /** Chunks that are free, and how many of those are cleared. */
  free = 0;
  freeCleared = 0;
  /** In the order of their addresses. */
  readonly roots: number[] = [];
  #start = new Float64Array(FIRST_ROWS);
  #order = new Uint8Array(FIRST_ROWS);
  #state = new Uint8Array(FIRST_ROWS);
  #parent = new Int32Array(FIRST_ROWS);
  #left = new Int32Array(FIRST_ROWS);
  /** Words for the orders that there are. */
  readonly #words: number;
  /** Of each row the words of the orders that are free and dirty below it, then of those that are free and cleared. */
  #masks: Int32Array;
  #rows = 0;
  #gone: number[] = [];

  constructor(chunks: number) {
    this.#words = floorLog2(chunks) < WORD ? 1 : 2;
    this.#masks = new Int32Array(2 * this.#words * FIRST_ROWS);
    for (let start = 0; start < chunks;) {
      const order = floorLog2(chunks - start);
      const row = this.#pair();
      this.#become(row, -1, start, order, FREE);
      this.#count(row, 1);
      this.#setMask(row, order, FREE);
      this.roots.push(row);
      start += powerOfTwo(order);
    }
  }

  /** In chunks. */
  start(row: number): number {
    return this.#start[row] as number;
  }

  order(row: number): number {
    return this.#order[row] as number;
  }

  /** In chunks. */
  size(row: number): number {
    return powerOfTwo(this.order(row));
  }

  isFree(row: number): boolean {
    return ((this.#state[row] as number) & FREE) !== 0;
  }

  isSplit(row: number): boolean {
    return ((this.#state[row] as number) & SPLIT) !== 0;
  }

  isAllocated(row: number): boolean {
    return ((this.#state[row] as number) & (FREE | SPLIT)) === 0;
  }

  isCleared(row: number): boolean {
    return ((this.#state[row] as number) & CLEARED) !== 0;
  }

  left(row: number): number {
    return this.#left[row] as number;
  }

  right(row: number): number {
    return this.left(row) + 1;
  }

  /** Of an allocated block: whether it is cleared. */
  setCleared(row: number, cleared: boolean): void {
    this.#state[row] = cleared ? CLEARED : 0;
  }

  /** A free block becomes allocated, and stays as cleared as it was. */
  take(row: number): void {
    this.#count(row, -1);
    this.#state[row] = (this.#state[row] as number) & ~FREE;
    this.#noteGone(row);
  }

  /** An allocated block becomes free, by itself. */
  put(row: number): void {
    this.#state[row] = (this.#state[row] as number) | FREE;
    this.#count(row, 1);
    this.#setMask(row, this.order(row), this.#state[row] as number);
    this.#update(this.#parent[row] as number);
  }

  /** Halves a free block; both halves are as cleared as it was. */
  split(row: number): void {
    const state = this.#state[row] as number;
    const left = this.#pair();
    const order = this.order(row) - 1;
    this.#become(left, row, this.start(row), order, state);
    this.#become(left + 1, row, this.start(row) + powerOfTwo(order), order, state);
    this.#left[row] = left;
    this.#state[row] = SPLIT;
    this.#setMask(left, order, state);
    this.#setMask(left + 1, order, state);
    this.#update(row);
  }

  /** The other half of a block's parent; -1 for a root. */
  buddy(row: number): number {
    return this.#parent[row] === -1 ? -1 : row ^ 1;
  }

  /** Makes one allocated block of two that are allocated; returns it. */
  join(row: number, cleared: boolean): number {
    const parent = this.#parent[row] as number;
    this.#gone.push(row & ~1);
    this.#state[parent] = cleared ? CLEARED : 0;
    this.#noteGone(parent);
    return parent;
  }

  /** The smallest order from `order` on that is free; -1 if there is none. */
  smallestFree(order: number, cleared: boolean): number {
    for (let word = order >> 5; word < this.#words; word++) {
      let mask = 0;
      for (const root of this.roots) mask |= this.#word(root, cleared, word);
      if (word === order >> 5) mask &= -1 << (order & 31);
      if (mask !== 0) return word * WORD + 31 - Math.clz32(mask & -mask);
    }
    return -1;
  }

  /** The free block of an order at the highest address below a limit; -1 if there is none. */
  highest(order: number, cleared: boolean, below: number = Infinity): number {
    for (let at = this.roots.length - 1; at >= 0; at--) {
      const found = this.#highestIn(this.roots[at] as number, order >> 5, 1 << (order & 31), cleared, below);
      if (found >= 0) return found;
    }
    return -1;
  }

  /** The free block of at least an order at the highest address; -1 if there is none. */
  highestOfAtLeast(order: number, cleared: boolean): number {
    let best = -1;
    for (let size = this.smallestFree(order, cleared); size >= 0; size = this.smallestFree(size + 1, cleared)) {
      const found = this.highest(size, cleared);
      if (best < 0 || this.start(found) > this.start(best)) best = found;
    }
    return best;
  }

  /** Whether a block, or a part of it, is free and at least of an order. */
  hasFree(row: number, order: number, cleared: boolean): boolean {
    for (let word = order >> 5; word < this.#words; word++) {
      const mask = this.#word(row, cleared, word) & (word === order >> 5 ? -1 << (order & 31) : -1);
      if (mask !== 0) return true;
    }
    return false;
  }

  #highestIn(row: number, word: number, bit: number, cleared: boolean, below: number): number {
    if (this.start(row) >= below || (this.#word(row, cleared, word) & bit) === 0) return -1;
    if (this.isFree(row)) return row;
    const found = this.#highestIn(this.right(row), word, bit, cleared, below);
    return found >= 0 ? found : this.#highestIn(this.left(row), word, bit, cleared, below);
  }

  #word(row: number, cleared: boolean, word: number): number {
    return this.#masks[this.#words * (2 * row + (cleared ? 1 : 0)) + word] as number;
  }

  #count(row: number, sign: 1 | -1): void {
    this.free += sign * this.size(row);
    if (this.isCleared(row)) this.freeCleared += sign * this.size(row);
  }

  #noteGone(row: number): void {
    this.#wipeMasks(row);
    this.#update(this.#parent[row] as number);
  }

  // A few stores take less than a call of fill().
  #wipeMasks(row: number): void {
    const words = 2 * this.#words;
    for (let at = words * row; at < words * (row + 1); at++) this.#masks[at] = 0;
  }

  #setMask(row: number, order: number, state: number): void {
    this.#wipeMasks(row);
    const kind = (state & CLEARED) !== 0 ? 1 : 0;
    this.#masks[this.#words * (2 * row + kind) + (order >> 5)] = 1 << (order & 31);
  }

  /** Makes a split block and those above it know what is free below, as far as that has changed. */
  #update(from: number): void {
    const masks = this.#masks;
    const words = 2 * this.#words;
    for (let row = from; row !== -1; row = this.#parent[row] as number) {
      const left = words * this.left(row);
      let changed = false;
      for (let word = 0; word < words; word++) {
        const mask = (masks[left + word] as number) | (masks[left + words + word] as number);
        if (masks[words * row + word] === mask) continue;
        masks[words * row + word] = mask;
        changed = true;
      }
      if (!changed) return;
    }
  }

  #become(row: number, parent: number, start: number, order: number, state: number): void {
    this.#parent[row] = parent;
    this.#start[row] = start;
    this.#order[row] = order;
    this.#state[row] = state;
  }

  /** Two rows side by side, the first of them even. */
  #pair(): number {
    const free = this.#gone.pop();
    if (free !== undefined) return free;
    if (this.#rows === this.#start.length) this.#enlarge();
    this.#rows += 2;
    return this.#rows - 2;
  }

  #enlarge(): void {
    const rows = 2 * this.#rows;
    this.#start = enlarge(this.#start, rows);
    this.#order = enlarge(this.#order, rows);
    this.#state = enlarge(this.#state, rows);
    this.#parent = enlarge(this.#parent, rows);
    this.#left = enlarge(this.#left, rows);
    this.#masks = enlarge(this.#masks, 2 * this.#words * rows);
  }
}

/** The chunks in a block of an order. */
export function powerOfTwo(order: number): number {
  return POWERS[order] as number;
}

/** The largest order of which a block fits into so many chunks. */
export function floorLog2(chunks: number): number {
  const high = Math.floor(chunks / 2 ** WORD);
  return high > 0 ? 63 - Math.clz32(high) : 31 - Math.clz32(chunks);
}

function enlarge<Column extends Int32Array | Uint8Array | Float64Array>(column: Column, length: number): Column {
  const larger = new (column.constructor as new (length: number) => Column)(length);
  larger.set(column);
  return larger;
}
