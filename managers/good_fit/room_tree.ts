/** Towards higher addresses (0) or lower ones (1). */
export type Direction = 0 | 1;

/** No leaf. */
export const NOWHERE = -1;

/**
 * The largest room for one alignment among the holes of each stretch of the space, and above the leaves the larger of
 * each two, up to the largest of all: a binary tree in one array, in which the children of row i are rows 2 i and 2 i +
 * 1.
 */
export class RoomTree {
  /** The alignment of starts. */
  readonly alignment: number;
  #leaves: number;
  #maxima: Int32Array;
  #visits = 0;

  /** Makes a tree in which every room is 0; the number of leaves is a power of two. */
  constructor(leaves: number, alignment: number) {
    this.alignment = alignment;
    this.#leaves = leaves;
    this.#maxima = new Int32Array(2 * leaves);
  }

  /** Rows that all searches have visited. */
  get visits(): number {
    return this.#visits;
  }

  /** Units of the range [start, end) from its first aligned address on. */
  roomIn(start: number, end: number): number {
    return Math.max(0, end - Math.ceil(start / this.alignment) * this.alignment);
  }

  /** The largest room in a leaf. */
  room(leaf: number): number {
    return this.#maxima[this.#leaves + leaf] as number;
  }

  /** Sets the largest room in a leaf. */
  setRoom(leaf: number, room: number): void {
    const maxima = this.#maxima;
    let row = this.#leaves + leaf;
    maxima[row] = room;
    while (row > 1) {
      const larger = Math.max(maxima[row] as number, maxima[row ^ 1] as number);
      row >>= 1;
      if (maxima[row] === larger) return;
      maxima[row] = larger;
    }
  }

  /** The nearest leaf with this much room, from one leaf on in a direction; {@linkcode NOWHERE} if there is none. */
  nearest(from: number, room: number, direction: Direction): number {
    if (from < 0 || from >= this.#leaves) return NOWHERE;
    let row = this.#leaves + from;
    while (!this.#has(row, room)) {
      // Climb until there is a sibling in that direction.
      while (row > 1 && (row & 1) !== direction) row >>= 1;
      if (row <= 1) return NOWHERE;
      row ^= 1;
    }
    while (row < this.#leaves) {
      row = row << 1 | direction;
      if (!this.#has(row, room)) row ^= 1;
    }
    return row - this.#leaves;
  }

  #has(row: number, room: number): boolean {
    this.#visits++;
    return (this.#maxima[row] as number) >= room;
  }
}
