import { type Bits, enlarge, lowestOf, type Numbers, numbersIn } from "./columns.ts";

/** The end to search from: 0 from the first entry on, 1 from the last one back. */
export type Side = 0 | 1;

/** The most entries of a node. */
export const FANOUT: number = 13;

// A node is some lines of 16 cells, a cache line each. In the first line are three cells of its own, then one for each
// entry, which tells what it stands for; below these are the keys of the entries, then their values, column by column. A
// node is identified by its first cell, an entry by its cell in the first line.
const COUNT = 0;
const LEVEL = 1;
const ABOVE = 2;
const FIRST = 3;
const LINE = 16;
const KEY = LINE;
const VALUES = 2 * LINE;

// The entry above the root.
const STEM = FIRST;

/**
 * The nodes of a B+ tree in a typed array, so that a search or a change reads few cache lines. An entry of a leaf stands
 * for a hole, identified by its row; an entry of an inner node stands for a node of the level below. The key of a node
 * is that of its first entry; its value in each column is the largest of its entries. Values of entries not in use are
 * the lowest.
 */
export class TreeNodes {
  /** Entries that {@linkcode TreeNodes.first} has visited. */
  visits = 0;
  /** Below every value. */
  readonly lowest: number;
  #cells: Numbers;
  /** The entry that stands for a row, by row. */
  #rowEntries: Int32Array = new Int32Array();
  #columnCount: number;
  /** Cells of a node, a power of two. */
  #size: number;
  #used = 0;
  #unused: number[] = [];

  /** Makes a tree whose only leaf is empty. Its numbers need at most so many bits. */
  constructor(columnCount: number, bits: Bits) {
    this.#cells = numbersIn(new ArrayBuffer(), bits);
    this.#columnCount = columnCount;
    this.#size = LINE << 32 - Math.clz32(1 + columnCount);
    this.lowest = lowestOf(bits);
    this.add(this.firstOf(this.take(1)), this.take(0));
  }

  /** The topmost node below the stem. */
  get root(): number {
    return this.#cells[STEM] as number;
  }

  /** Makes a node the topmost. */
  setRoot(node: number): void {
    this.name(STEM, node);
  }

  /** The first entry of a node; the others follow it. */
  firstOf(node: number): number {
    return node + FIRST;
  }

  /** The node that holds an entry. */
  nodeOf(entry: number): number {
    return entry & -this.#size;
  }

  /** Number of entries of a node. */
  count(node: number): number {
    return this.#cells[node + COUNT] as number;
  }

  /** The level of a node; leaves have level 0. */
  level(node: number): number {
    return this.#cells[node + LEVEL] as number;
  }

  /** Whether a node is the root. */
  isRoot(node: number): boolean {
    return this.#cells[node + ABOVE] === STEM;
  }

  /** The row or node that an entry stands for. */
  id(entry: number): number {
    return this.#cells[entry] as number;
  }

  /** The entry that stands for a row. */
  entryOf(row: number): number {
    return this.#rowEntries[row] as number;
  }

  /** The key of an entry. */
  key(entry: number): number {
    return this.#cells[entry + KEY] as number;
  }

  /** The value of an entry in a column. */
  value(entry: number, column: number): number {
    return this.#cells[entry + VALUES + column * LINE] as number;
  }

  /** The largest value in a column. */
  largest(column: number): number {
    return this.value(STEM, column);
  }

  /** The entry that stands for a node. */
  above(node: number): number {
    return this.#cells[node + ABOVE] as number;
  }

  /** Allocates a node without entries. */
  take(level: number): number {
    const node = this.#unused.pop() ?? this.#used;
    if (node === this.#used) this.#used += this.#size;
    if (this.#used > this.#cells.length) this.#cells = enlarge(this.#cells, 2 * this.#used);
    this.#cells[node + LEVEL] = level;
    this.#cells[node + COUNT] = 0;
    this.#cells.fill(this.lowest, node + VALUES, node + this.#size);
    return node;
  }

  /** Frees a node for which no entry stands any more. */
  free(node: number): void {
    this.#unused.push(node);
  }

  /** Inserts an entry without values before another one, or after the last, of a node that is not full. */
  add(entry: number, id: number): void {
    const node = this.nodeOf(entry);
    const end = this.firstOf(node) + this.count(node);
    this.#cells[node + COUNT] = this.count(node) + 1;
    for (let to = end; to > entry; to--) this.#copy(to - 1, to);
    this.#empty(entry);
    this.name(entry, id);
  }

  /** Removes an entry, whose values were removed before. */
  drop(entry: number): void {
    const node = this.nodeOf(entry);
    const last = this.firstOf(node) + this.count(node) - 1;
    this.#cells[node + COUNT] = this.count(node) - 1;
    for (let to = entry; to < last; to++) this.#copy(to + 1, to);
    this.#empty(last);
    if (entry < last && entry === this.firstOf(node)) this.setKey(entry, this.key(entry));
  }

  /** Sets the row or node that an entry stands for. */
  name(entry: number, id: number): void {
    const isNew = this.level(this.nodeOf(entry)) === 0 && id >= this.#rowEntries.length;
    if (isNew) this.#rowEntries = enlarge(this.#rowEntries, Math.max(4, 2 * id));
    this.#place(id, entry);
  }

  /** Changes the key of an entry, and of the entries above whose first entry it is. */
  setKey(entry: number, key: number): void {
    const cells = this.#cells;
    let at = entry;
    cells[at + KEY] = key;
    while (at !== STEM && at === this.firstOf(this.nodeOf(at))) {
      at = this.above(this.nodeOf(at));
      cells[at + KEY] = key;
    }
  }

  /** Removes the values of an entry. */
  clear(entry: number): void {
    for (let column = 0; column < this.#columnCount; column++) this.setValue(entry, column, this.lowest);
  }

  /** Changes a value of an entry, and of the entries above as far as their maximum changes. */
  setValue(entry: number, column: number, value: number): void {
    const cells = this.#cells;
    const line = VALUES + column * LINE;
    let at = entry;
    let now = value;
    for (;;) {
      const before = cells[at + line] as number;
      cells[at + line] = now;
      if (at === STEM) return;
      const node = this.nodeOf(at);
      const above = this.above(node);
      const largest = cells[above + line] as number;
      if (now < largest) {
        if (before < largest) return;
        now = largestOf(cells, this.firstOf(node) + line);
      }
      if (now === largest) return;
      at = above;
    }
  }

  /** The first row, from one side, whose value in a column is at least `wanted`, which the largest must be. */
  first(column: number, wanted: number, side: Side): number {
    const cells = this.#cells;
    const line = VALUES + column * LINE;
    let id = this.root;
    for (let level = this.level(id); level >= 0; level--) {
      const first = this.firstOf(id) + line;
      const start = side === 0 ? first : first + this.count(id) - 1;
      let at = start;
      if (side === 0) { while ((cells[at] as number) < wanted) at++; }
      else while ((cells[at] as number) < wanted) at--;
      this.visits += 1 + Math.abs(at - start);
      id = cells[at - line] as number;
    }
    return id;
  }

  /** The entry before which an entry with this key belongs, or the one after the last of the leaf. */
  placeOf(key: number): number {
    const cells = this.#cells;
    let node = this.root;
    for (let level = this.level(node);; level--) {
      const first = this.firstOf(node);
      let at = first + this.count(node);
      while (at > first && (cells[at - 1 + KEY] as number) >= key) at--;
      if (level === 0) return at;
      node = cells[Math.max(first, at - 1)] as number;
    }
  }

  /** Moves the entries from one to the last of its node to the end of another node on the same level. */
  moveTail(entry: number, to: number): void {
    const node = this.nodeOf(entry);
    const end = this.firstOf(node) + this.count(node);
    let behind = this.firstOf(to) + this.count(to);
    this.#cells[node + COUNT] = entry - this.firstOf(node);
    this.#cells[to + COUNT] = this.count(to) + end - entry;
    for (let from = entry; from < end; from++) {
      this.#copy(from, behind++);
      this.#empty(from);
    }
  }

  /** Recomputes the key and values of a node's entry. */
  summarise(node: number): void {
    const entry = this.above(node);
    this.setKey(entry, this.key(this.firstOf(node)));
    for (let column = 0; column < this.#columnCount; column++) {
      const first = this.firstOf(node) + VALUES + column * LINE;
      this.setValue(entry, column, largestOf(this.#cells, first));
    }
  }

  // Copies an entry over another one of the same level.
  #copy(from: number, to: number): void {
    const cells = this.#cells;
    for (let line = KEY; line < VALUES + this.#columnCount * LINE; line += LINE) {
      cells[to + line] = cells[from + line] as number;
    }
    this.#place(cells[from] as number, to);
  }

  // Sets the values of an entry, but not the maxima above, to the lowest.
  #empty(entry: number): void {
    for (let column = 0; column < this.#columnCount; column++) {
      this.#cells[entry + VALUES + column * LINE] = this.lowest;
    }
  }

  // Notes what an entry stands for, on both sides.
  #place(id: number, entry: number): void {
    const cells = this.#cells;
    cells[entry] = id;
    if (cells[(entry & -this.#size) + LEVEL] === 0) this.#rowEntries[id] = entry;
    else cells[id + ABOVE] = entry;
  }
}

/** The largest of the values of a node in a column, from its first entry on. */
function largestOf(cells: Numbers, first: number): number {
  let largest = cells[first] as number;
  if (cells instanceof Int32Array) {
    // Without a branch, whose outcome no processor could predict.
    for (let at = first + 1; at < first + FANOUT; at++) {
      const more = (cells[at] as number) - largest | 0;
      largest = largest + (more & ~(more >> 31)) | 0;
    }
    return largest;
  }
  for (let at = first + 1; at < first + FANOUT; at++) {
    if ((cells[at] as number) > largest) largest = cells[at] as number;
  }
  return largest;
}
