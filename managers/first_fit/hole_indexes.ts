import type { HoleTable } from "./hole_table.ts";
import { HoleTree } from "./hole_tree.ts";
import type { HoleSortKey } from "./range_requests.ts";
import { HEAD, type SpanRing } from "./span_ring.ts";

/** How many changes lie between two checks for idle trees. */
const PERIOD = 256;

/** A tree is idle, and dropped, after this many changes per hole without a search: more than building it anew costs. */
const IDLE = 4;

/** The holes are stamped anew after this many changes, since a stamp has 31 bits. */
const LAST_STAMP = 0x40000000;

/**
 * The trees over the holes. Each is built when it is first needed, so that an unused order costs nothing, and dropped
 * when it is idle or lacks a column.
 */
export class HoleIndexes {
  #ring: SpanRing;
  #holes: HoleTable;
  #lastStamp: number;
  #tracksLimits = false;
  #count = 0;
  /** Number of changes, by which holes are stamped; less after these have been stamped anew. */
  #changes = 0;
  #address: HoleTree | null = null;
  #size: HoleTree | null = null;
  #recency: HoleTree | null = null;

  /** Builds no tree yet. */
  constructor(ring: SpanRing, holes: HoleTable, lastStamp: number = LAST_STAMP) {
    this.#lastStamp = lastStamp;
    this.#ring = ring;
    this.#holes = holes;
  }

  /** The tree ascending by a key; by recency the hole made last is at the end. O(n log n) if it has to be built. */
  by(key: HoleSortKey): HoleTree {
    const tree = key === "address" ? this.#address : key === "size" ? this.#size : this.#recency;
    if (tree === null) return this.#make(key);
    tree.lastUse = this.#changes;
    return tree;
  }

  /** How many holes there are. */
  get count(): number {
    return this.#count;
  }

  /** A number that is another one after each change. */
  get changes(): number {
    return this.#changes;
  }

  /** Adds the hole after a row's range to every tree. */
  open(row: number, start: number, size: number): void {
    const stamp = this.#tick();
    this.#count++;
    this.#ring.setStamp(row, stamp);
    this.#address?.insert(row, start, size);
    this.#size?.insert(row, size, size);
    this.#recency?.insert(row, stamp, size);
  }

  /** Removes the hole that was after a row's range. */
  close(row: number): void {
    this.#tick();
    this.#count--;
    this.#address?.remove(row);
    this.#size?.remove(row);
    this.#recency?.remove(row);
  }

  /** The hole after row `from` is after row `to` now, with other bounds that keep its place among the others. */
  change(from: number, to: number, start: number, size: number): void {
    const stamp = this.#tick();
    this.#ring.setStamp(to, stamp);
    this.#address?.replace(from, to, start, size);
    this.#size?.move(from, to, size, size);
    this.#recency?.move(from, to, stamp, size);
  }

  /** The column to search by for a kind of request. If it is new, all trees are dropped. */
  columnFor(alignment: number, color: number): number {
    const columns = this.#holes.columnCount;
    const column = this.#holes.columnFor(alignment, color);
    if (column === columns) this.#address = this.#size = this.#recency = null;
    return column;
  }

  /** Makes the trees by size and age store the ends of the holes, for requests limited to a range. */
  trackLimits(): void {
    if (this.#tracksLimits) return;
    this.#tracksLimits = true;
    this.#size = this.#recency = null;
  }

  /** The rows that have a hole, ascending by a key, the hole made last first among equals. O(n log n). */
  sorted(key: HoleSortKey): number[] {
    const ring = this.#ring;
    return this.#rows().sort((a, b) => this.#keyOf(key, a) - this.#keyOf(key, b) || ring.stamp(b) - ring.stamp(a));
  }

  #rows(): number[] {
    const rows: number[] = [];
    let row = HEAD;
    do {
      if (this.#holes.size(row) > 0) rows.push(row);
      row = this.#ring.next(row);
    } while (row !== HEAD);
    return rows;
  }

  #keyOf(key: HoleSortKey, row: number): number {
    if (key === "recency") return this.#ring.stamp(row);
    return key === "address" ? this.#holes.start(row) : this.#holes.size(row);
  }

  #make(key: HoleSortKey): HoleTree {
    const tree = new HoleTree(this.#ring, this.#holes, key === "address", this.#tracksLimits && key !== "address");
    // In the order in which they were made, since a tree puts the hole added last first among equals.
    for (const row of this.sorted("recency")) tree.insert(row, this.#keyOf(key, row), this.#holes.size(row));
    if (key === "address") this.#address = tree;
    else if (key === "size") this.#size = tree;
    else this.#recency = tree;
    tree.lastUse = this.#changes;
    return tree;
  }

  #tick(): number {
    if (++this.#changes % PERIOD === 0) this.#changes < this.#lastStamp ? this.#dropIdle() : this.#stampAnew();
    return this.#changes;
  }

  #dropIdle(): void {
    const before = this.#changes - PERIOD - IDLE * this.#count;
    if (this.#address !== null && this.#address.lastUse < before) this.#address = null;
    if (this.#size !== null && this.#size.lastUse < before) this.#size = null;
    if (this.#recency !== null && this.#recency.lastUse < before) this.#recency = null;
  }

  #stampAnew(): void {
    this.#changes = 0;
    for (const row of this.sorted("recency")) this.#ring.setStamp(row, this.#changes++);
    this.#address = this.#size = this.#recency = null;
  }
}
