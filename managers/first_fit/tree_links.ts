import { enlarge } from "./columns.ts";

/** No row; as a parent, the place above the root. */
export const NONE = 0;

/** Which child: 0 comes before its parent, 1 after. */
export type Side = 0 | 1;

/** The shape of a binary tree over row numbers, rows 1 and up. */
export class TreeLinks {
  /** Both children of a row side by side. Child 0 of {@linkcode NONE} is the root. */
  children: Int32Array = new Int32Array(2);
  /** The parent of each row. */
  parents: Int32Array = new Int32Array(1);

  /** The topmost row, or {@linkcode NONE}. */
  get root(): number {
    return this.child(NONE, 0);
  }

  /** The child of a row on one side, or {@linkcode NONE}. */
  child(row: number, side: Side): number {
    return this.children[2 * row + side] as number;
  }

  /** The parent of a row; {@linkcode NONE} for the root. */
  parent(row: number): number {
    return this.parents[row] as number;
  }

  /** The row of a subtree that comes first in the order of the tree. */
  lowest(subtree: number): number {
    let row = subtree;
    while (this.child(row, 0) !== NONE) row = this.child(row, 0);
    return row;
  }

  /** Makes `child`, which may be {@linkcode NONE}, the child of `parent` on one side. */
  attach(parent: number, side: Side, child: number): void {
    this.children[2 * parent + side] = child;
    this.parents[child] = parent;
  }

  /** Makes a row the child of `parent` on one side, where none is, without children of its own. */
  attachLeaf(parent: number, side: Side, row: number): void {
    this.children[2 * row] = NONE;
    this.children[2 * row + 1] = NONE;
    this.attach(parent, side, row);
  }

  /** Puts a row and what is under it, or {@linkcode NONE}, where `row` hangs. */
  replace(row: number, by: number): void {
    this.attach(this.parent(row), this.#side(row), by);
  }

  /** Rotates a row into the place of its parent, which becomes its child. */
  lift(row: number): void {
    const parent = this.parent(row);
    const side = this.#side(row);
    const other: Side = side === 0 ? 1 : 0;
    this.replace(parent, row);
    this.attach(parent, side, this.child(row, other));
    this.attach(row, other, parent);
  }

  /** Makes space for rows below `capacity`. */
  grow(capacity: number): void {
    this.children = enlarge(this.children, 2 * capacity);
    this.parents = enlarge(this.parents, capacity);
  }

  #side(row: number): Side {
    return this.child(this.parent(row), 0) === row ? 0 : 1;
  }
}
