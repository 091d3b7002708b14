import { enlarge } from "./columns.ts";

const BITS = 4;

/** Entries that a node has room for. */
export const FANOUT: number = 1 << BITS;

/** The node above the root, which is its only entry. Its number is that of its entry too. */
export const STEM = 0;

/** The node in which an entry stands. */
export function nodeOf(entry: number): number {
  return entry >> BITS;
}

/** The first entry of a node; the others follow it. */
export function firstOf(node: number): number {
  return node << BITS;
}

/**
 * The nodes of a B+ tree, their entries side by side in typed arrays, so that looking through a node reads few cache
 * lines. An entry of a leaf stands for a hole, by its row; an entry above for a node of the level below. It has a key,
 * for a node that of its first entry, and a value in each column, for a node the largest of its entries.
 */
export class TreeNodes {
  /** Entries in use, by node. */
  counts: Uint8Array = new Uint8Array();
  /** How far above the leaves, by node. */
  levels: Uint8Array = new Uint8Array();
  /** Which entry stands for it, by node. */
  entries: Int32Array = new Int32Array();
  /** Which entry stands for it, by row. */
  rowEntries: Int32Array = new Int32Array();
  /** The row or node that it stands for, by entry. */
  ids: Int32Array = new Int32Array();
  /** The keys, by entry. */
  keys: Float64Array = new Float64Array();
  /** The values in each column, by entry. */
  columns: Float64Array[];
  #used = 0;
  #unused: number[] = [];

  /** Makes a tree whose only leaf is empty. */
  constructor(columnCount: number) {
    this.columns = Array.from({ length: columnCount }, () => new Float64Array());
    this.add(firstOf(this.take(1)), this.take(0));
  }

  /** The topmost node below the stem. */
  get root(): number {
    return this.ids[STEM] as number;
  }

  /** A node without entries. */
  take(level: number): number {
    const node = this.#unused.pop() ?? this.#used++;
    if (node === this.counts.length) this.#grow();
    this.levels[node] = level;
    this.counts[node] = 0;
    return node;
  }

  /** Gives back a node for which no entry stands any more. */
  free(node: number): void {
    this.#unused.push(node);
  }

  /** Puts an entry without values before another one, or behind the last, of a node that has room. */
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
      const values = columns[i] as Float64Array;
      for (let to = end; to > entry; to--) values[to] = values[to - 1] as number;
      values[entry] = -Infinity;
    }
    this.name(entry, id);
  }

  /** Takes out an entry, which has no values any more. */
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
      const values = columns[i] as Float64Array;
      for (let to = entry; to < last; to++) values[to] = values[to + 1] as number;
    }
    if (entry < last && entry === firstOf(node)) this.setKey(entry, keys[entry] as number);
  }

  /** Says what an entry stands for. */
  name(entry: number, id: number): void {
    this.ids[entry] = id;
    if (this.levels[nodeOf(entry)] === 0 && id >= this.rowEntries.length) {
      this.rowEntries = enlarge(this.rowEntries, Math.max(4, 2 * id));
    }
    this.#homes(nodeOf(entry))[id] = entry;
  }

  /** Changes the key of an entry, and of those above that stand for what begins with it. */
  setKey(entry: number, key: number): void {
    let at = entry;
    this.keys[at] = key;
    while (at !== STEM && at === firstOf(nodeOf(at))) {
      at = this.entries[nodeOf(at)] as number;
      this.keys[at] = key;
    }
  }

  /** Changes a value of an entry, and of those above as far as it makes a difference. */
  setValue(entry: number, column: number, value: number): void {
    const values = this.columns[column] as Float64Array;
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
        now = this.#largest(nodeOf(at), values);
      }
      if (now === largest) return;
      at = above;
    }
  }

  /** Moves entries, from one to the last of its node, behind those of another node on the same level. */
  moveTail(entry: number, to: number): void {
    const { counts, ids, keys, columns } = this;
    const node = nodeOf(entry);
    const end = firstOf(node) + (counts[node] as number);
    for (let from = entry; from < end; from++) {
      const behind = firstOf(to) + (counts[to] as number)++;
      this.name(behind, ids[from] as number);
      keys[behind] = keys[from] as number;
      for (const values of columns) values[behind] = values[from] as number;
    }
    counts[node] = entry - firstOf(node);
  }

  /** Makes the entry for a node true. */
  summarise(node: number): void {
    const entry = this.entries[node] as number;
    this.setKey(entry, this.keys[firstOf(node)] as number);
    for (const [column, values] of this.columns.entries()) this.setValue(entry, column, this.#largest(node, values));
  }

  #largest(node: number, values: Float64Array): number {
    const first = firstOf(node);
    const end = first + (this.counts[node] as number);
    let largest = -Infinity;
    for (let entry = first; entry < end; entry++) {
      if ((values[entry] as number) > largest) largest = values[entry] as number;
    }
    return largest;
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
