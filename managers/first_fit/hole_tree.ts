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

  /** Adds the hole of a row. */
  insert(row: number): void {
    while (row >= this.#capacity) this.#grow();
    this.#keys[row] = this.#keyOf(this.#holes, row);
    let parent = NONE;
    let side: Side = 0;
    for (let next = this.root; next !== NONE; next = this.child(parent, side)) {
      parent = next;
      side = this.#precedes(row, next) ? 0 : 1;
    }
    this.#links.attach(row, 0, NONE);
    this.#links.attach(row, 1, NONE);
    this.#links.attach(parent, side, row);
    this.#refresh(row);
    this.#retrace(parent);
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

  #key(row: number): number {
    return this.#keys[row] as number;
  }

  #precedes(a: number, b: number): boolean {
    const difference = this.#key(a) - this.#key(b);
    return difference < 0 || (difference === 0 && this.#holes.stamp(a) > this.#holes.stamp(b));
  }

  // The heir's height is wiped, so that retracing sees a change here and goes on to what is above.
  #succeed(row: number, heir: number): void {
    this.#links.attach(heir, 0, this.child(row, 0));
    this.#links.attach(heir, 1, this.child(row, 1));
    this.#links.replace(row, heir);
    this.#heights[heir] = 0;
  }

  #retrace(from: number): void {
    let row = from;
    while (row !== NONE) {
      const changed = this.#refresh(row);
      const top = this.#balance(row);
      if (!changed && top === row) return;
      row = this.#links.parent(top);
    }
  }

  #refresh(row: number): boolean {
    const before = this.child(row, 0);
    const after = this.child(row, 1);
    const height = 1 + Math.max(this.#height(before), this.#height(after));
    let changed = height !== this.#height(row);
    this.#heights[row] = height;
    for (let column = this.#firstTracked; column < this.#columnCount; column++) {
      const below = Math.max(this.maximum(before, column), this.maximum(after, column));
      const maximum = Math.max(this.#holes.value(row, column), below);
      if (maximum === this.maximum(row, column)) continue;
      this.#maxima[row * this.#columnCount + column] = maximum;
      changed = true;
    }
    return changed;
  }

  // Returns the row that stands at the top afterwards.
  #balance(row: number): number {
    const lean = this.#height(this.child(row, 1)) - this.#height(this.child(row, 0));
    if (lean >= -1 && lean <= 1) return row;
    const heavy: Side = lean > 0 ? 1 : 0;
    const light: Side = lean > 0 ? 0 : 1;
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
