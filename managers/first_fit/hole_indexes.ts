import { FIRST_CLASS, type HoleTable, MINUS_START } from "./hole_table.ts";
import { HoleTree } from "./hole_tree.ts";
import type { HoleSortKey } from "./range_requests.ts";
import { HEAD, type SpanRing } from "./span_ring.ts";

const KEYS: Record<HoleSortKey, (holes: HoleTable, row: number) => number> = {
  address: (holes, row) => holes.start(row),
  size: (holes, row) => holes.size(row),
  recency: (holes, row) => holes.stamp(row),
};

/** Every so many changes, trees that are idle are dropped: */
const PERIOD = 256;

/** those in which nothing was looked up during this many changes a hole, more than making one anew costs. */
const IDLE = 4;

/**
 * The trees over the holes. Each is made when it is needed, so that an order nobody asks for costs nothing, and dropped
 * when it is idle, or lacks a column.
 */
export class HoleIndexes {
  #ring: SpanRing;
  #holes: HoleTable;
  #tracksLimits = false;
  #changes = 0;
  #address: HoleTree | null = null;
  #size: HoleTree | null = null;
  #recency: HoleTree | null = null;

  /** Makes no tree yet. */
  constructor(ring: SpanRing, holes: HoleTable) {
    this.#ring = ring;
    this.#holes = holes;
  }

  /** The tree ascending by a key, by recency the hole made last at the end; O(n log n) if it has to be made. */
  by(key: HoleSortKey): HoleTree {
    const tree = key === "address" ? this.#address : key === "size" ? this.#size : this.#recency;
    if (tree === null) return this.#make(key);
    tree.lastUse = this.#changes;
    return tree;
  }

  /** Opens the hole after a row's node, in the table and in every tree. */
  open(row: number, start: number, end: number): void {
    this.#holes.open(row, start, end);
    this.#address?.insert(row, start);
    this.#size?.insert(row, end - start);
    this.#recency?.insert(row, this.#holes.stamp(row));
    this.#countChange();
  }

  /** Closes the hole after a row's node. */
  close(row: number): void {
    this.#holes.close(row);
    this.#address?.remove(row);
    this.#size?.remove(row);
    this.#recency?.remove(row);
    this.#countChange();
  }

  /** Makes the hole after row `from` one after row `to`, where no hole stands, with other ends in the same place. */
  change(from: number, to: number, start: number, end: number): void {
    this.#holes.change(from, to, start, end);
    this.#address?.replace(from, to, start);
    this.#size?.move(from, to, end - start);
    this.#recency?.move(from, to, this.#holes.stamp(to));
    this.#countChange();
  }

  /** The column to search by for a kind of request. When it is a new one, no tree is left. */
  columnFor(alignment: number, color: number): number {
    const columns = this.#holes.columnCount;
    const column = this.#holes.columnFor(alignment, color);
    if (column === columns) this.#address = this.#size = this.#recency = null;
    return column;
  }

  /** Has the trees by size and age know the ends of the holes, for requests limited to a range. */
  trackLimits(): void {
    if (this.#tracksLimits) return;
    this.#tracksLimits = true;
    this.#size = this.#recency = null;
  }

  /** A list of the rows that have a hole, ascending by a key, the one made last first among equals. O(n log n). */
  sorted(key: HoleSortKey): number[] {
    const holes = this.#holes;
    const keyOf = KEYS[key];
    return this.#rows().sort((a, b) => keyOf(holes, a) - keyOf(holes, b) || holes.stamp(b) - holes.stamp(a));
  }

  #rows(): number[] {
    const rows: number[] = [];
    let row = HEAD;
    do {
      if (this.#holes.has(row)) rows.push(row);
      row = this.#ring.next(row);
    } while (row !== HEAD);
    return rows;
  }

  #make(key: HoleSortKey): HoleTree {
    const firstColumn = this.#tracksLimits && key !== "address" ? MINUS_START : FIRST_CLASS;
    const tree = new HoleTree(this.#holes, firstColumn, key === "address");
    // In the order in which they were made, for among equals a tree puts the hole added last first.
    for (const row of this.sorted("recency")) tree.insert(row, KEYS[key](this.#holes, row));
    if (key === "address") this.#address = tree;
    else if (key === "size") this.#size = tree;
    else this.#recency = tree;
    tree.lastUse = this.#changes;
    return tree;
  }

  #countChange(): void {
    if (++this.#changes % PERIOD !== 0) return;
    const before = this.#changes - PERIOD - IDLE * this.#holes.count;
    if (this.#address !== null && this.#address.lastUse < before) this.#address = null;
    if (this.#size !== null && this.#size.lastUse < before) this.#size = null;
    if (this.#recency !== null && this.#recency.lastUse < before) this.#recency = null;
  }
}
