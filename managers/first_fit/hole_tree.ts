import type { Bits, Numbers } from "./columns.ts";
import type { HoleTable } from "./hole_table.ts";
import { NONE } from "./span_ring.ts";
import { FANOUT, firstOf, nodeOf, STEM, TreeNodes } from "./tree_nodes.ts";

/** The end to search from: 0 from the first entry on, 1 from the last one back. */
export type Side = 0 | 1;

/** A node with fewer entries is merged with a sibling, */
const FEW = FANOUT / 4;

/** if both together have at most this many. */
const ROOMY = FANOUT * 3 / 4;

/**
 * Holes in one order: ascending by a key, the hole added last first among equals. A B+ tree whose entries also store
 * the largest value among the holes under them, for the columns of the {@linkcode HoleTable} from one on, so that a
 * search skips whole subtrees in which no hole fits. A change mostly touches one leaf, and the nodes above it only as
 * far as their keys or values change.
 */
export class HoleTree {
  /** Entries that {@linkcode HoleTree.first} has visited. */
  visits = 0;
  /** When the tree was last used, by its owner's count of changes. */
  lastUse = 0;
  /** The nodes of the tree, for searches by {@linkcode HoleQuery}. */
  readonly nodes: TreeNodes;
  /** Whether the keys are addresses. */
  readonly byAddress: boolean;
  #holes: HoleTable;
  #firstColumn: number;

  /** Makes an empty tree that stores the columns from `firstColumn` on; its keys need at most so many bits. */
  constructor(holes: HoleTable, firstColumn: number, keyBits: Bits, byAddress: boolean) {
    this.#holes = holes;
    this.#firstColumn = firstColumn;
    this.byAddress = byAddress;
    this.nodes = new TreeNodes(holes.columnCount - firstColumn, keyBits, holes.bits);
  }

  /** Whether the tree stores a column. */
  tracks(column: number): boolean {
    return column >= this.#firstColumn;
  }

  /** The values of a stored column, by entry; that of the stem is the largest of all. */
  maxima(column: number): Numbers {
    return this.nodes.columns[column - this.#firstColumn] as Numbers;
  }

  /** The first row, from one side, whose value in a column is at least `wanted`; {@linkcode NONE} if there is none. */
  first(column: number, wanted: number, side: Side): number {
    const { ids, counts, levels, root } = this.nodes;
    const values = this.maxima(column);
    this.visits++;
    if (!((values[STEM] as number) >= wanted)) return NONE;
    let id = root;
    for (let level = levels[root] as number; level >= 0; level--) {
      const first = firstOf(id);
      const last = first + (counts[id] as number) - 1;
      let entry = side === 0 ? first : last;
      if (side === 0) { while ((values[entry] as number) < wanted) entry++; }
      else while ((values[entry] as number) < wanted) entry--;
      this.visits += 1 + (side === 0 ? entry - first : last - entry);
      id = ids[entry] as number;
    }
    return id;
  }

  /** Adds the hole of a row. */
  insert(row: number, key: number): void {
    const { nodes } = this;
    let leaf = this.#leafFor(key);
    if (nodes.counts[leaf] === FANOUT) {
      // Splitting at the end keeps nodes almost full when keys are added in ascending order.
      this.#split(leaf, (nodes.keys[firstOf(leaf) + FANOUT - 1] as number) < key ? FANOUT - 1 : FANOUT / 2);
      leaf = this.#leafFor(key);
    }
    const end = firstOf(leaf) + (nodes.counts[leaf] as number);
    let entry = firstOf(leaf);
    while (entry < end && (nodes.keys[entry] as number) < key) entry++;
    nodes.add(entry, row);
    this.#fill(entry, row, key);
  }

  /** Replaces the hole of `row` by that of row `to`, whose key must keep the order. They may be the same row. */
  replace(row: number, to: number, key: number): void {
    const entry = this.nodes.rowEntries[row] as number;
    if (to !== row) this.nodes.name(entry, to);
    this.#fill(entry, to, key);
  }

  /** Removes the hole of `row` and adds that of row `to` where its key belongs. They may be the same row. */
  move(row: number, to: number, key: number): void {
    const { rowEntries, keys, counts } = this.nodes;
    const entry = rowEntries[row] as number;
    const leaf = nodeOf(entry);
    const inside = entry > firstOf(leaf) && entry < firstOf(leaf) + (counts[leaf] as number) - 1;
    if (inside && (keys[entry - 1] as number) < key && key <= (keys[entry + 1] as number)) this.replace(row, to, key);
    else {
      this.#drop(entry);
      this.insert(to, key);
    }
  }

  /** Removes the hole of a row. */
  remove(row: number): void {
    this.#drop(this.nodes.rowEntries[row] as number);
  }

  #leafFor(key: number): number {
    const { ids, keys, counts, levels, root } = this.nodes;
    let node = root;
    for (let level = levels[root] as number; level > 0; level--) {
      const first = firstOf(node);
      let entry = first + (counts[node] as number) - 1;
      while (entry > first && (keys[entry] as number) >= key) entry--;
      node = ids[entry] as number;
    }
    return node;
  }

  #fill(entry: number, row: number, key: number): void {
    const { nodes } = this;
    nodes.setKey(entry, key);
    for (let i = 0; i < nodes.columns.length; i++) {
      nodes.setValue(entry, i, this.#holes.value(row, this.#firstColumn + i));
    }
  }

  #drop(entry: number): void {
    const { nodes } = this;
    for (let i = 0; i < nodes.columns.length; i++) nodes.setValue(entry, i, nodes.lowest);
    nodes.drop(entry);
    if ((nodes.counts[nodeOf(entry)] as number) < FEW) this.#merge(nodeOf(entry));
  }

  #split(node: number, keep: number): void {
    const { nodes } = this;
    const entry = nodes.entries[node] as number;
    if (entry === STEM) {
      const root = nodes.take((nodes.levels[node] as number) + 1);
      nodes.name(STEM, root);
      nodes.add(firstOf(root), node);
      nodes.summarise(node);
    } else if (nodes.counts[nodeOf(entry)] === FANOUT) this.#split(nodeOf(entry), FANOUT / 2);
    const behind = nodes.take(nodes.levels[node] as number);
    nodes.moveTail(firstOf(node) + keep, behind);
    nodes.add((nodes.entries[node] as number) + 1, behind);
    nodes.summarise(behind);
    nodes.summarise(node);
  }

  // Merges a node that has few entries with a sibling, if the merged node still has free entries.
  #merge(node: number): void {
    const { nodes } = this;
    const { counts, ids } = nodes;
    const entry = nodes.entries[node] as number;
    if (entry === STEM) return this.#lower(node);
    if (counts[node] === 0) {
      nodes.free(node);
      return this.#drop(entry);
    }
    if (counts[nodeOf(entry)] === 1) return;
    const behind = Math.max(entry, firstOf(nodeOf(entry)) + 1);
    const left = ids[behind - 1] as number;
    const right = ids[behind] as number;
    if ((counts[left] as number) + (counts[right] as number) > ROOMY) return;
    nodes.moveTail(firstOf(right), left);
    nodes.summarise(left);
    nodes.free(right);
    this.#drop(behind);
  }

  // Removes root nodes that have a single entry.
  #lower(root: number): void {
    const { nodes } = this;
    if (nodes.levels[root] === 0 || nodes.counts[root] !== 1) return;
    nodes.name(STEM, nodes.ids[firstOf(root)] as number);
    nodes.free(root);
    this.#lower(nodes.root);
  }
}
