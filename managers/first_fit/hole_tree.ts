import { END, type HoleTable, MINUS_START, SIZE } from "./hole_table.ts";
import { NONE, type SpanRing } from "./span_ring.ts";
import { FANOUT, type Side, TreeNodes } from "./tree_nodes.ts";

/** A node with fewer entries is merged with a sibling, */
const FEW = FANOUT >> 2;

/** if both together have at most this many. */
const ROOMY = FANOUT * 3 >> 2;

/**
 * Holes in one order: ascending by a key, the hole added last first among equals. A B+ tree whose entries also store
 * the largest value among the holes under them, for columns of the {@linkcode HoleTable}, so that a search skips whole
 * subtrees in which no hole fits. A change mostly touches one leaf, and the nodes above it only as far as their keys or
 * values change.
 */
export class HoleTree {
  /** When the tree was last used, by its owner's count of changes. */
  lastUse = 0;
  /** The nodes of the tree, for searches by {@linkcode HoleQuery}. */
  readonly nodes: TreeNodes;
  /** Whether the keys are addresses. */
  readonly byAddress: boolean;
  #holes: HoleTable;
  #columnCount: number;
  /** The first stored column after {@linkcode SIZE}. */
  #second: number;

  /** Makes an empty tree that stores all columns, {@linkcode MINUS_START} and {@linkcode END} only if asked for. */
  constructor(ring: SpanRing, holes: HoleTable, byAddress: boolean, tracksLimits: boolean) {
    this.#holes = holes;
    this.byAddress = byAddress;
    this.#columnCount = holes.columnCount;
    this.#second = tracksLimits ? MINUS_START : END + 1;
    this.nodes = new TreeNodes(1 + this.#columnCount - this.#second, ring.bits);
  }

  /** Whether the tree stores a column. */
  tracks(column: number): boolean {
    return column === SIZE || column >= this.#second;
  }

  /** The number of a stored column in the nodes. */
  nodeColumn(column: number): number {
    return column === SIZE ? SIZE : 1 + column - this.#second;
  }

  /** Units in the largest hole; below 0 if there is none. */
  get largest(): number {
    return this.nodes.largest(SIZE);
  }

  /** The first row, from one side, whose value in a column is at least `wanted`; {@linkcode NONE} if there is none. */
  first(column: number, wanted: number, side: Side): number {
    const { nodes } = this;
    const stored = this.nodeColumn(column);
    nodes.visits = 1;
    return nodes.largest(stored) < wanted ? NONE : nodes.first(stored, wanted, side);
  }

  /** Adds the hole of a row. */
  insert(row: number, key: number, size: number): void {
    const { nodes } = this;
    let entry = nodes.placeOf(key);
    const leaf = nodes.nodeOf(entry);
    if (nodes.count(leaf) === FANOUT) {
      // Splitting at the end keeps nodes almost full when keys are added in ascending order.
      this.#split(leaf, entry === nodes.firstOf(leaf) + FANOUT ? FANOUT - 1 : FANOUT >> 1);
      entry = nodes.placeOf(key);
    }
    nodes.add(entry, row);
    this.#fill(entry, row, key, size);
  }

  /** Replaces the hole of `row` by that of row `to`, whose key must keep the order. They may be the same row. */
  replace(row: number, to: number, key: number, size: number): void {
    const entry = this.nodes.entryOf(row);
    if (to !== row) this.nodes.name(entry, to);
    this.#fill(entry, to, key, size);
  }

  /** Removes the hole of `row` and adds that of row `to` where its key belongs. They may be the same row. */
  move(row: number, to: number, key: number, size: number): void {
    const { nodes } = this;
    const entry = nodes.entryOf(row);
    const leaf = nodes.nodeOf(entry);
    const inside = entry > nodes.firstOf(leaf) && entry < nodes.firstOf(leaf) + nodes.count(leaf) - 1;
    if (inside && nodes.key(entry - 1) < key && key <= nodes.key(entry + 1)) this.replace(row, to, key, size);
    else {
      this.#drop(entry);
      this.insert(to, key, size);
    }
  }

  /** Removes the hole of a row. */
  remove(row: number): void {
    this.#drop(this.nodes.entryOf(row));
  }

  #fill(entry: number, row: number, key: number, size: number): void {
    const { nodes } = this;
    nodes.setKey(entry, key);
    nodes.setValue(entry, SIZE, size);
    for (let column = this.#second; column < this.#columnCount; column++) {
      nodes.setValue(entry, this.nodeColumn(column), this.#holes.value(row, column));
    }
  }

  #drop(entry: number): void {
    const { nodes } = this;
    nodes.clear(entry);
    nodes.drop(entry);
    const node = nodes.nodeOf(entry);
    if (nodes.count(node) < FEW) this.#merge(node);
  }

  #split(node: number, keep: number): void {
    const { nodes } = this;
    const entry = nodes.above(node);
    if (nodes.isRoot(node)) {
      const root = nodes.take(nodes.level(node) + 1);
      nodes.setRoot(root);
      nodes.add(nodes.firstOf(root), node);
      nodes.summarise(node);
    } else if (nodes.count(nodes.nodeOf(entry)) === FANOUT) this.#split(nodes.nodeOf(entry), FANOUT >> 1);
    const behind = nodes.take(nodes.level(node));
    nodes.moveTail(nodes.firstOf(node) + keep, behind);
    nodes.add(nodes.above(node) + 1, behind);
    nodes.summarise(behind);
    nodes.summarise(node);
  }

  // Merges a node that has few entries with a sibling, if the merged node still has free entries.
  #merge(node: number): void {
    const { nodes } = this;
    const entry = nodes.above(node);
    if (nodes.isRoot(node)) return this.#lower(node);
    if (nodes.count(node) === 0) {
      nodes.free(node);
      return this.#drop(entry);
    }
    if (nodes.count(nodes.nodeOf(entry)) === 1) return;
    const behind = Math.max(entry, nodes.firstOf(nodes.nodeOf(entry)) + 1);
    const left = nodes.id(behind - 1);
    const right = nodes.id(behind);
    if (nodes.count(left) + nodes.count(right) > ROOMY) return;
    nodes.moveTail(nodes.firstOf(right), left);
    nodes.summarise(left);
    nodes.free(right);
    this.#drop(behind);
  }

  // Removes root nodes that have a single entry.
  #lower(root: number): void {
    const { nodes } = this;
    if (nodes.level(root) === 0 || nodes.count(root) !== 1) return;
    nodes.setRoot(nodes.id(nodes.firstOf(root)));
    nodes.free(root);
    this.#lower(nodes.root);
  }
}
