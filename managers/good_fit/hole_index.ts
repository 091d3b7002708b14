import { type BlockTable, NONE } from "./block_table.ts";
import { type Direction, NOWHERE, RoomTree } from "./room_tree.ts";

// Units of a stretch as a power of two; spaces of more than 2^24 units have longer ones, at most 2^18 of them.
const STRETCH_LOG2 = 6;
const MAX_STRETCHES_LOG2 = 18;

const MAX_TREES = 16;

/**
 * Holes by address, for requests with a range, `topDown` or an alignment. The space is divided into *stretches* of
 * equal length. For each stretch the index stores the first hole that starts in it and, in a tree for each alignment,
 * the largest room: the most units that fit into one of its holes.
 */
export class HoleIndex {
  #blocks: BlockTable;
  #origin: number;
  #stretchLog2: number;
  #firsts: Int32Array;
  #treeSize: number;
  #trees: RoomTree[] = [];
  #visits = 0;

  /** Makes the index of a space with the holes that it has. O(blocks). */
  constructor(blocks: BlockTable, start: number, size: number) {
    this.#blocks = blocks;
    this.#origin = start;
    this.#stretchLog2 = Math.max(STRETCH_LOG2, bitsFor(size) - MAX_STRETCHES_LOG2);
    this.#treeSize = 1 << Math.max(0, bitsFor(size) - this.#stretchLog2);
    this.#firsts = new Int32Array(this.#treeSize);
    for (let row = blocks.next(NONE); row !== NONE; row = blocks.next(row)) if (blocks.isHole(row)) this.open(row);
    this.treeFor(1);
  }

  /** Blocks and rows of trees that all searches have visited. */
  get visits(): number {
    return this.#trees.reduce((sum, tree) => sum + tree.visits, this.#visits);
  }

  /** A block has become a hole. */
  open(row: number): void {
    const stretch = this.#stretchOf(this.#blocks.start(row));
    const first = this.#firsts[stretch] as number;
    if (first === NONE || this.#blocks.start(row) < this.#blocks.start(first)) this.#firsts[stretch] = row;
    for (const tree of this.#trees) {
      const room = this.#room(tree, row);
      if (room > tree.room(stretch)) tree.setRoom(stretch, room);
    }
  }

  /** A block is no longer a hole; its size and its neighbours are still the same. */
  close(row: number): void {
    const stretch = this.#stretchOf(this.#blocks.start(row));
    if (this.#firsts[stretch] === row) this.#firsts[stretch] = this.#nextHole(row, stretch);
    for (const tree of this.#trees) {
      if (this.#room(tree, row) === tree.room(stretch)) this.#measure(tree, stretch);
    }
  }

  /**
   * The tree for an alignment, made at its first use in O(blocks). After 16 trees, it is the one with the largest
   * alignment that divides the requested one: an upper bound of the room.
   */
  treeFor(alignment: number): RoomTree {
    let best = this.#trees[0];
    for (const tree of this.#trees) {
      if (tree.alignment === alignment) return tree;
      if (best !== undefined && alignment % tree.alignment === 0 && tree.alignment > best.alignment) best = tree;
    }
    if (best !== undefined && this.#trees.length === MAX_TREES) return best;
    const tree = new RoomTree(this.#treeSize, alignment);
    this.#trees.push(tree);
    for (let stretch = 0; stretch < this.#treeSize; stretch++) this.#measure(tree, stretch);
    return tree;
  }

  /**
   * The nearest hole with this much room whose start is at an address or beyond it; {@linkcode NONE} if there is none.
   */
  nearest(tree: RoomTree, address: number, room: number, direction: Direction): number {
    const stretch = this.#stretchOf(address);
    const near = this.#search(tree, stretch, address, room, direction);
    if (near !== NONE) return near;
    const beyond = tree.nearest(direction === 0 ? stretch + 1 : stretch - 1, room, direction);
    return beyond === NOWHERE ? NONE : this.#search(tree, beyond, address, room, direction);
  }

  #search(tree: RoomTree, stretch: number, address: number, room: number, direction: Direction): number {
    let found = NONE;
    if (tree.room(stretch) < room) return found;
    for (let row = this.#firsts[stretch] as number; row !== NONE; row = this.#nextHole(row, stretch)) {
      this.#visits++;
      const start = this.#blocks.start(row);
      if (direction === 1 && start > address) return found;
      if (direction === 0 && start < address || this.#room(tree, row) < room) continue;
      found = row;
      if (direction === 0) return found;
    }
    return found;
  }

  #measure(tree: RoomTree, stretch: number): void {
    let room = 0;
    for (let row = this.#firsts[stretch] as number; row !== NONE; row = this.#nextHole(row, stretch)) {
      room = Math.max(room, this.#room(tree, row));
    }
    if (room !== tree.room(stretch)) tree.setRoom(stretch, room);
  }

  #nextHole(row: number, stretch: number): number {
    const blocks = this.#blocks;
    for (let next = blocks.next(row); next !== NONE; next = blocks.next(next)) {
      if (this.#stretchOf(blocks.start(next)) !== stretch) return NONE;
      if (blocks.isHole(next)) return next;
    }
    return NONE;
  }

  #room(tree: RoomTree, row: number): number {
    return tree.roomIn(this.#blocks.start(row), this.#blocks.end(row));
  }

  #stretchOf(address: number): number {
    return address - this.#origin >>> this.#stretchLog2;
  }
}

/** Number of bits to number `count` things from 0. */
function bitsFor(count: number): number {
  return 32 - Math.clz32(count - 1);
}
