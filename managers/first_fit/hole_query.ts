import { UNGUARDED } from "./alignment_classes.ts";
import { alignDown, alignUp, END, type HoleTable, MINUS_START, SIZE } from "./hole_table.ts";
import type { HoleTree } from "./hole_tree.ts";
import { NONE } from "./span_ring.ts";
import type { Side } from "./tree_nodes.ts";

/**
 * One request during its search for a hole. An allocator has one object and fills it in anew for each request, so that
 * a search allocates nothing.
 */
export class HoleQuery {
  /** Units to allocate, at least 1. */
  size = 1;
  /** The address is a multiple of this, at least 1. */
  alignment = 1;
  /** The colour, or {@linkcode UNGUARDED} if colours are not guarded. */
  color: number = UNGUARDED;
  /** First unit that may be used. */
  lo = 0;
  /** First unit after the range that may be used. */
  hi = 0;
  /** Whether [lo, hi) is less than the whole space. */
  limited = false;
  /** Whether to use the high end of the hole. */
  high = false;
  /** The column with the room for this kind of request, or an upper bound of it. */
  column: number = SIZE;
  /** Whether the column holds the exact room. */
  exact = true;
  /** The search gives up after this many visits. */
  patience: number = Infinity;
  /** The address of the request in the hole that the last search found. */
  address = 0;
  /** Entries of trees visited since this was last set to 0. */
  visits = 0;

  /** Whether the last search gave up, if it found nothing. */
  get gaveUp(): boolean {
    return this.visits > this.patience;
  }

  /** Searches by another column from now on. */
  useColumn(holes: HoleTable, column: number): void {
    this.column = column;
    this.exact = holes.isExact(column, this.alignment, this.color);
  }

  /** The first row, from one side of the tree, whose hole fits the request; {@linkcode NONE} if none does. */
  search(holes: HoleTable, tree: HoleTree, side: Side): number {
    if (this.limited || !this.exact) return this.#descend(holes, tree, tree.nodes.root, side);
    const row = tree.first(this.column, this.size, side);
    this.visits += tree.nodes.visits;
    if (row !== NONE) this.#place(holes, row);
    return row;
  }

  #descend(holes: HoleTable, tree: HoleTree, node: number, side: Side): number {
    const { nodes } = tree;
    const { size } = this;
    const column = tree.nodeColumn(this.column);
    const isLeaf = nodes.level(node) === 0;
    const count = nodes.count(node);
    const last = nodes.firstOf(node) + count - 1;
    let found: number = NONE;
    let looked = 0;
    for (; looked < count && found === NONE && !this.gaveUp; looked++) {
      const entry = side === 0 ? nodes.firstOf(node) + looked : last - looked;
      if (nodes.value(entry, column) < size || (this.limited && this.#isOutside(tree, entry, last))) continue;
      const id = nodes.id(entry);
      if (!isLeaf) found = this.#descend(holes, tree, id, side);
      else if (this.#place(holes, id)) found = id;
    }
    this.visits += looked;
    return found;
  }

  // Sets the address for the row's hole, which is large enough; returns whether the request fits there.
  #place(holes: HoleTable, row: number): boolean {
    const lowest = Math.max(holes.usableStart(row, this.color), this.lo);
    const highest = Math.min(holes.usableEnd(row, this.color), this.hi) - this.size;
    this.address = this.high ? alignDown(highest, this.alignment) : alignUp(lowest, this.alignment);
    return this.address >= lowest && this.address <= highest;
  }

  // Whether the columns show that no hole under an entry overlaps the range far enough.
  #isOutside(tree: HoleTree, entry: number, last: number): boolean {
    const { nodes } = tree;
    if (tree.byAddress) {
      if (nodes.key(entry) > this.hi - this.size) return true;
      // If the next entry starts at or before the range's start, all holes under this entry end before the range.
      return entry < last && nodes.key(entry + 1) <= this.lo;
    }
    if (!tree.tracks(MINUS_START)) return false;
    const lowestStart = -nodes.value(entry, tree.nodeColumn(MINUS_START));
    return lowestStart > this.hi - this.size || nodes.value(entry, tree.nodeColumn(END)) < this.lo + this.size;
  }
}
