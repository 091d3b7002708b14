import { type Bits, enlarge, lowestOf, type Numbers, numbersOf } from "./columns.ts";

const BITS = 4;

/** The most entries of a node. */
export const FANOUT: number = 1 << BITS;

/** The node above the root, which is its only entry. That entry has the same number. */
export const STEM = 0;

/** The node that holds an entry. */
export function nodeOf(entry: number): number {
  return entry >> BITS;
}

/** The first entry of a node; the others follow it. */
export function firstOf(node: number): number {
  return node << BITS;
}

/**
 * The nodes of a B+ tree, with the entries of a node side by side in typed arrays, so that a search through a node
 * reads few cache lines. An entry of a leaf stands for a hole, identified by its row; an entry of an inner node stands
 * for a node of the level below. The key of a node is that of its first entry; its value in each column is the largest
 * of its entries.
 */
export class TreeNodes {
  /** Number of entries, by node. */
  counts: Uint8Array = new Uint8Array();
  /** The level, by node; leaves have level 0. */
  levels: Uint8Array = new Uint8Array();
  /** The entry that stands for a node, by node. */
  entries: Int32Array = new Int32Array();
  /** The entry that stands for a row, by row. */
  rowEntries: Int32Array = new Int32Array();
  /** The row or node that an entry stands for, by entry. */
  ids: Int32Array = new Int32Array();
  /** The keys, by entry. */
  keys: Numbers;
  /** The values in each column, by entry. */
  columns: Numbers[];
  #used = 0;
  #unused: number[] = [];

  /** Below every value. */
  readonly lowest: number;

  /** Makes a tree whose only leaf is empty. Keys, and values in the columns, need at most so many bits. */
  constructor(columnCount: number, keyBits: Bits, valueBits: Bits) {
    this.keys = numbersOf(keyBits);
    this.columns = Array.from({ length: columnCount }, () => numbersOf(valueBits));
    this.lowest = lowestOf(valueBits);
    this.add(firstOf(this.take(1)), this.take(0));
  }

  /** The topmost node below the stem. */
  get root(): number {
    return this.ids[STEM] as number;
  }

  /** Allocates a node without entries. */
  take(level: number): number {
    const node = this.#unused.pop() ?? this.#used++;
    if (node === this.counts.length) this.#grow();
    this.levels[node] = level;
    this.counts[node] = 0;
    for (const values of this.columns) values.fill(this.lowest, firstOf(node), firstOf(node) + FANOUT);
    return node;
  }

  /** Frees a node for which no entry stands any more. */
  free(node: number): void {
    this.#unused.push(node);
  }

  /** Inserts an entry without values before another one, or after the last, of a node that is not full. */
  add(entry: number, id: number): void {
    const { ids, keys, columns } = this;
    const node = nodeOf(entry);
    const end = firstOf(node) + (this.counts[node] as number)++;
    const homes = this.#homes(node);
    for (let to = end; to > entry; to--) {
      homes[ids[to] = ids[to - 1] as number] = to;
      keys[to] = keys[to - 1] as number;
    }
    for (let i = 0; i < columns.length; i++) {
      const values = columns[i] as Numbers;
      for (let to = end; to > entry; to--) values[to] = values[to - 1] as number;
      values[entry] = this.lowest;
    }
    this.name(entry, id);
  }

  /** Removes an entry, whose values were removed before. */
  drop(entry: number): void {
    const { ids, keys, columns } = this;
    const node = nodeOf(entry);
    const last = firstOf(node) + --(this.counts[node] as number);
    const homes = this.#homes(node);
    for (let to = entry; to < last; to++) {
      homes[ids[to] = ids[to + 1] as number] = to;
      keys[to] = keys[to + 1] as number;
    }
    for (let i = 0; i < columns.length; i++) {
      const values = columns[i] as Numbers;
      for (let to = entry; to < last; to++) values[to] = values[to + 1] as number;
      values[last] = this.lowest;
    }
    if (entry < last && entry === firstOf(node)) this.setKey(entry, keys[entry] as number);
  }

  /** Sets the row or node that an entry stands for. */
  name(entry: number, id: number): void {
    this.ids[entry] = id;
    if (this.levels[nodeOf(entry)] === 0 && id >= this.rowEntries.length) {
      this.rowEntries = enlarge(this.rowEntries, Math.max(4, 2 * id));
    }
    this.#homes(nodeOf(entry))[id] = entry;
  }

  /** Changes the key of an entry, and of the entries above whose first entry it is. */
  setKey(entry: number, key: number): void {
    let at = entry;
    this.keys[at] = key;
    while (at !== STEM && at === firstOf(nodeOf(at))) {
      at = this.entries[nodeOf(at)] as number;
      this.keys[at] = key;
    }
  }

  /** Changes a value of an entry, and of the entries above as far as their maximum changes. */
  setValue(entry: number, column: number, value: number): void {
    const values = this.columns[column] as Numbers;
    let at = entry;
    let now = value;
    for (;;) {
      const before = values[at] as number;
      values[at] = now;
      if (at === STEM) return;
      const above = this.entries[nodeOf(at)] as number;
      const largest = values[above] as number;
      if (now < largest) {
        if (before < largest) return;
        now = largestOf(values, firstOf(nodeOf(at)), this.lowest);
      }
      if (now === largest) return;
      at = above;
    }
  }

  /** Moves the entries from one to the last of its node to the end of another node on the same level. */
  moveTail(entry: number, to: number): void {
    const { counts, ids, keys, columns } = this;
    const node = nodeOf(entry);
    const end = firstOf(node) + (counts[node] as number);
    for (let from = entry; from < end; from++) {
      const behind = firstOf(to) + (counts[to] as number)++;
      this.name(behind, ids[from] as number);
      keys[behind] = keys[from] as number;
      for (const values of columns) {
        values[behind] = values[from] as number;
        values[from] = this.lowest;
      }
    }
    counts[node] = entry - firstOf(node);
  }

  /** Recomputes the key and values of a node's entry. */
  summarise(node: number): void {
    const entry = this.entries[node] as number;
    this.setKey(entry, this.keys[firstOf(node)] as number);
    for (const [column, values] of this.columns.entries()) {
      this.setValue(entry, column, largestOf(values, firstOf(node), this.lowest));
    }
  }

  #homes(node: number): Int32Array {
    return this.levels[node] === 0 ? this.rowEntries : this.entries;
  }

  #grow(): void {
    const capacity = Math.max(4, 2 * this.counts.length);
    this.counts = enlarge(this.counts, capacity);
    this.levels = enlarge(this.levels, capacity);
    this.entries = enlarge(this.entries, capacity);
    this.ids = enlarge(this.ids, capacity * FANOUT);
    this.keys = enlarge(this.keys, capacity * FANOUT);
    this.columns = this.columns.map((values) => enlarge(values, capacity * FANOUT));
  }
}

/** The largest of the values of a node, from its first entry on; those of entries not in use are the lowest. */
function largestOf(values: Numbers, first: number, lowest: number): number {
  let largest = lowest;
  if (values instanceof Int32Array) {
    // Without a branch, whose outcome no processor could predict.
    for (let entry = first; entry < first + FANOUT; entry++) {
      const more = (values[entry] as number) - largest | 0;
      largest = largest + (more & ~(more >> 31)) | 0;
    }
    return largest;
  }
  for (let entry = first; entry < first + FANOUT; entry++) {
    if ((values[entry] as number) > largest) largest = values[entry] as number;
  }
  return largest;
}
