import { enlarge } from "./columns.ts";
import type { HoleTable } from "./hole_table.ts";
import { NONE, type Side, TreeLinks } from "./tree_links.ts";

/**
 * Holes in one order: ascending by a key, the hole made last first among equals. An AVL tree whose rows also keep, for
 * every tracked column of the {@linkcode HoleTable}, the largest value in their subtree, so that a search passes over
 * whole subtrees that cannot serve it. Inserting and removing touch O(log n) rows and mostly stop after a few, as soon
 * as nothing changes any more.
 */
export class HoleTree {
  /** Rows that searches have looked at. */
  visits = 0;
  #holes: HoleTable;
  #keyOf: (holes: HoleTable, row: number) => number;
  #capacity = 1;
  #columnCount: number;
  #firstTracked: number;
  #links: TreeLinks = new TreeLinks();
  #heights: Uint8Array = new Uint8Array(1);
  #keys: Float64Array = new Float64Array(1);
  #maxima: Float64Array;

  /** Makes an empty tree; a hole's key must stay the same while the hole is in it. */
  constructor(holes: HoleTable, keyOf: (holes: HoleTable, row: number) => number) {
    this.#holes = holes;
    this.#keyOf = keyOf;
    this.#columnCount = holes.columnCount;
    this.#firstTracked = holes.firstTracked;
    this.#maxima = new Float64Array(this.#columnCount).fill(-Infinity);
  }

  /** The topmost row, or {@linkcode NONE}. */
  get root(): number {
    return this.#links.root;
  }

  /** The child of a row on one side, or {@linkcode NONE}. */
  child(row: number, side: Side): number {
    return this.#links.child(row, side);
  }

  /** The largest value of a tracked column in the subtree under the row; -Infinity for {@linkcode NONE}. */
  maximum(row: number, column: number): number {
    return this.#maxima[row * this.#columnCount + column] as number;
  }

  /**
   * The first row, coming from one side, whose value in a tracked column is at least `wanted`; {@linkcode NONE} if none
   * is. Goes straight down.
   */
  first(column: number, wanted: number, side: Side): number {
    const children = this.#links.children;
    const maxima = this.#maxima;
    const values = this.#holes.values;
    const columns = this.#columnCount;
    let row = this.root;
    this.visits++;
    if (this.maximum(row, column) < wanted) return NONE;
    for (;;) {
      this.visits++;
      const near = children[2 * row + side] as number;
      if ((maxima[near * columns + column] as number) >= wanted) row = near;
      else if ((values[row * columns + column] as number) >= wanted) return row;
      else row = children[2 * row + 1 - side] as number;
    }
  }

  /** Adds the hole of a row. */
  insert(row: number): void {
    while (row >= this.#capacity) this.#grow();
    const children = this.#links.children;
    const keys = this.#keys;
    const key = this.#keyOf(this.#holes, row);
    let parent = NONE;
    let side: Side = 0;
    for (let next = this.root; next !== NONE; next = children[2 * next + side] as number) {
      const other = keys[next] as number;
      side = key < other || (key === other && this.#holes.stamp(row) > this.#holes.stamp(next)) ? 0 : 1;
      parent = next;
    }
    keys[row] = key;
    this.#links.attachLeaf(parent, side, row);
    this.#refresh(row);
    this.#retrace(parent);
  }

  /** Puts the hole of row `to` in the place of that of `row`, which must be where it belongs. They may be the same row. */
  replace(row: number, to: number): void {
    while (to >= this.#capacity) this.#grow();
    this.#keys[to] = this.#keyOf(this.#holes, to);
    if (to !== row) this.#succeed(row, to);
    this.#retrace(to);
  }

  /** Takes the hole of a row out. */
  remove(row: number): void {
    const before = this.child(row, 0);
    const after = this.child(row, 1);
    const parent = this.#links.parent(row);
    if (before === NONE || after === NONE) {
      this.#links.replace(row, before === NONE ? after : before);
      this.#retrace(parent);
      return;
    }
    const heir = this.#links.lowest(after);
    const shrunk = this.#links.parent(heir);
    this.#links.replace(heir, this.child(heir, 1));
    this.#succeed(row, heir);
    if (shrunk !== row) this.#retrace(shrunk);
    this.#retrace(heir);
  }

  /** Follows the table when it has got more columns or has more of them tracked. O(n). */
  followColumns(): void {
    this.#columnCount = this.#holes.columnCount;
    this.#firstTracked = this.#holes.firstTracked;
    this.#maxima = new Float64Array(this.#capacity * this.#columnCount).fill(-Infinity, 0, this.#columnCount);
    this.#refreshAll(this.root);
  }

  #height(row: number): number {
    return this.#heights[row] as number;
  }

  // With the height and maxima of the row, so that retracing sees what changes here for those above.
  #succeed(row: number, heir: number): void {
    this.#links.attach(heir, 0, this.child(row, 0));
    this.#links.attach(heir, 1, this.child(row, 1));
    this.#links.replace(row, heir);
    this.#heights[heir] = this.#height(row);
    const columns = this.#columnCount;
    for (let column = this.#firstTracked; column < columns; column++) {
      this.#maxima[heir * columns + column] = this.maximum(row, column);
    }
  }

  // Makes the rows from here up balanced and true again, as far as anything changes.
  #retrace(from: number): void {
    const { children, parents } = this.#links;
    const heights = this.#heights;
    let row = from;
    while (row !== NONE) {
      const lean = (heights[children[2 * row + 1] as number] as number) -
        (heights[children[2 * row] as number] as number);
      if (lean < -1 || lean > 1) row = this.#balance(row, lean > 0 ? 1 : 0);
      else if (!this.#refresh(row)) return;
      row = parents[row] as number;
    }
  }

  // Whether the height or a maximum of the row has changed.
  #refresh(row: number): boolean {
    const { children } = this.#links;
    const heights = this.#heights;
    const before = children[2 * row] as number;
    const after = children[2 * row + 1] as number;
    const height = 1 + Math.max(heights[before] as number, heights[after] as number);
    let changed = height !== heights[row];
    heights[row] = height;
    const values = this.#holes.values;
    const maxima = this.#maxima;
    const columns = this.#columnCount;
    for (let column = this.#firstTracked; column < columns; column++) {
      let maximum = values[row * columns + column] as number;
      const left = maxima[before * columns + column] as number;
      const right = maxima[after * columns + column] as number;
      if (left > maximum) maximum = left;
      if (right > maximum) maximum = right;
      if (maximum === maxima[row * columns + column]) continue;
      maxima[row * columns + column] = maximum;
      changed = true;
    }
    return changed;
  }

  // Rotates a subtree that is too high on one side; returns the row that stands at its top afterwards.
  #balance(row: number, heavy: Side): number {
    const light: Side = heavy === 0 ? 1 : 0;
    const child = this.child(row, heavy);
    const inner = this.child(child, light);
    if (this.#height(inner) > this.#height(this.child(child, heavy))) this.#lift(inner);
    const top = this.child(row, heavy);
    this.#lift(top);
    return top;
  }

  #lift(row: number): void {
    const parent = this.#links.parent(row);
    this.#links.lift(row);
    this.#refresh(parent);
    this.#refresh(row);
  }

  #refreshAll(row: number): void {
    if (row === NONE) return;
    this.#refreshAll(this.child(row, 0));
    this.#refreshAll(this.child(row, 1));
    this.#refresh(row);
  }

  #grow(): void {
    this.#capacity *= 2;
    this.#links.grow(this.#capacity);
    this.#heights = enlarge(this.#heights, this.#capacity);
    this.#keys = enlarge(this.#keys, this.#capacity);
    this.#maxima = enlarge(this.#maxima, this.#capacity * this.#columnCount);
  }
}
