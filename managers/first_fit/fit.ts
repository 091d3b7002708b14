import { UNGUARDED } from "./fit_classes.ts";
import { alignUp, END, FIRST_CLASS, type HoleTable, MINUS_START } from "./hole_table.ts";
import type { HoleTree } from "./hole_tree.ts";
import { NONE, type Side } from "./tree_links.ts";

/** No address: the request does not fit into the hole. */
export const NO_FIT = -1;

/**
 * One request while it looks for its hole. An allocator has one and fills it in anew for each request, so that a
 * search allocates nothing.
 */
export class Fit {
  /** Units wanted, at least 1. */
  size = 1;
  /** What the address must be a multiple of, at least 1. */
  alignment = 1;
  /** The colour, or {@linkcode UNGUARDED} if colours are not guarded. */
  color: number = UNGUARDED;
  /** First unit that may be used. */
  lo = 0;
  /** First unit that may not be used. */
  hi = 0;
  /** Whether [lo, hi) is less than the whole space. */
  limited = false;
  /** Whether to use the high end of the hole. */
  high = false;
  /** The column that tells the room for this kind of request, or more than that. */
  column: number = FIRST_CLASS;
  /** The search gives up after so many visits. */
  patience: number = Infinity;
  /** Tree rows looked at since this was last set to 0. */
  visits = 0;

  /** Whether the search has given up, and its result is none. */
  get gaveUp(): boolean {
    return this.visits > this.patience;
  }

  /** The address that the request gets in the row's hole, or {@linkcode NO_FIT}. */
  place(holes: HoleTable, row: number): number {
    const lowest = Math.max(holes.usableStart(row, this.color), this.lo);
    const end = Math.min(holes.usableEnd(row, this.color), this.hi);
    const highest = end - this.size;
    if (highest < lowest) return NO_FIT;
    const address = this.high ? highest - highest % this.alignment : alignUp(lowest, this.alignment);
    return address >= lowest && address <= highest ? address : NO_FIT;
  }

  /** The first row, coming from one side of the tree, whose hole takes the request; {@linkcode NONE} if none does. */
  search(holes: HoleTable, tree: HoleTree, side: Side): number {
    if (!this.limited && holes.isExact(this.column, this.alignment, this.color)) {
      const before = tree.visits;
      const row = tree.first(this.column, this.size, side);
      this.visits += tree.visits - before;
      return row;
    }
    return this.#mayFitBelow(tree, tree.root) ? this.#descend(holes, tree, tree.root, side) : NONE;
  }

  #descend(holes: HoleTable, tree: HoleTree, top: number, near: Side): number {
    const far: Side = near === 0 ? 1 : 0;
    for (let row = top;;) {
      const first = tree.child(row, near);
      const found = this.#mayFitBelow(tree, first) ? this.#descend(holes, tree, first, near) : NONE;
      if (found !== NONE) return found;
      if (holes.value(row, this.column) >= this.size && this.place(holes, row) !== NO_FIT) return row;
      row = tree.child(row, far);
      if (!this.#mayFitBelow(tree, row)) return NONE;
    }
  }

  #mayFitBelow(tree: HoleTree, row: number): boolean {
    if (++this.visits > this.patience) return false;
    if (tree.maximum(row, this.column) < this.size) return false;
    if (!this.limited) return true;
    const lowestStart = -tree.maximum(row, MINUS_START);
    return lowestStart <= this.hi - this.size && tree.maximum(row, END) >= this.lo + this.size;
  }
}
