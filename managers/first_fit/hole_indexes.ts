import { type HoleTable, MINUS_START } from "./hole_table.ts";
import { HoleTree } from "./hole_tree.ts";
import type { HoleSortKey } from "./range_requests.ts";
import { HEAD, type SpanRing } from "./span_ring.ts";

const KEYS: Record<HoleSortKey, (holes: HoleTable, row: number) => number> = {
  address: (holes, row) => holes.start(row),
  size: (holes, row) => holes.size(row),
  recency: (holes, row) => 0 - holes.stamp(row),
};

/** The trees over the holes. Each is made when first needed, so that an order nobody asks for costs nothing. */
export class HoleIndexes {
  #ring: SpanRing;
  #holes: HoleTable;
  #made: HoleTree[] = [];
  #byKey: Record<HoleSortKey, HoleTree | null> = { address: null, size: null, recency: null };

  /** Makes no tree yet. */
  constructor(ring: SpanRing, holes: HoleTable) {
    this.#ring = ring;
    this.#holes = holes;
  }

  /** The tree sorted by a key, O(n log n) if it has to be made first. */
  by(key: HoleSortKey): HoleTree {
    return this.#byKey[key] ?? this.#make(key);
  }

  /** Opens the hole after a row's node, in the table and in every tree. */
  open(row: number, start: number, end: number): void {
    this.#holes.open(row, start, end);
    for (let i = 0; i < this.#made.length; i++) (this.#made[i] as HoleTree).insert(row);
  }

  /** Closes the hole after a row's node. */
  close(row: number): void {
    for (let i = 0; i < this.#made.length; i++) (this.#made[i] as HoleTree).remove(row);
    this.#holes.close(row);
  }

  /** Makes the hole after row `from` one after row `to`, where no hole stands, with other ends in the same place. */
  change(from: number, to: number, start: number, end: number): void {
    const byAddress = this.#byKey.address;
    for (let i = 0; i < this.#made.length; i++) {
      if (this.#made[i] !== byAddress) (this.#made[i] as HoleTree).remove(from);
    }
    this.#holes.close(from);
    this.#holes.open(to, start, end);
    for (let i = 0; i < this.#made.length; i++) {
      if (this.#made[i] !== byAddress) (this.#made[i] as HoleTree).insert(to);
    }
    byAddress?.replace(from, to);
  }

  /** The column to search by for a kind of request; O(n) when it is a new one. */
  columnFor(alignment: number, color: number): number {
    const columns = this.#holes.columnCount;
    const column = this.#holes.columnFor(alignment, color);
    if (column === columns) this.#followColumns();
    return column;
  }

  /** Prepares the trees for requests limited to a range; O(n) the first time. */
  trackLimits(): void {
    if (this.#holes.firstTracked === MINUS_START) return;
    this.#holes.trackLimits();
    this.#followColumns();
  }

  /** A list of the rows that have a hole, in the order of the tree for that key, made or not. */
  sorted(key: HoleSortKey): number[] {
    const holes = this.#holes;
    const keyOf = KEYS[key];
    return this.#rows().sort((a, b) => keyOf(holes, a) - keyOf(holes, b) || holes.stamp(b) - holes.stamp(a));
  }

  #followColumns(): void {
    for (const tree of this.#made) tree.followColumns();
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
    const tree = new HoleTree(this.#holes, KEYS[key]);
    for (const row of this.#rows()) tree.insert(row);
    this.#made.push(tree);
    this.#byKey[key] = tree;
    return tree;
  }
}
