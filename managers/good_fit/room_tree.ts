/** Towards higher addresses (0) or lower ones (1). */
export type Direction = 0 | 1;

/** No leaf. */
export const NOWHERE = -1;

/**
 * The largest room for one alignment among the holes of each stretch of the space, and above it the larger of each two,
 * up to the largest of all: a tree in one array, in which what belongs to row i stands in 2 i and 2 i + 1.
 */
export class RoomTree {
  /** What starts have to be multiples of. */
  readonly alignment: number;
  #leaves: number;
  #maxima: Int32Array;
  #visits = 0;

  /** Makes a tree without any room; the number of leaves is a power of two. */
  constructor(leaves: number, alignment: number) {
    this.alignment = alignment;
    this.#leaves = leaves;
    this.#maxima = new Int32Array(2 * leaves);
  }

  /** Rows that the searches have looked at so far. */
  get visits(): number {
    return this.#visits;
  }

  /** Units of the range [start, end) from its first aligned one on. */
  roomIn(start: number, end: number): number {
    return Math.max(0, end - Math.ceil(start / this.alignment) * this.alignment);
  }

  /** The largest room in a leaf. */
  room(leaf: number): number {
    return this.#maxima[this.#leaves + leaf] as number;
  }

  /** Changes the largest room in a leaf. */
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
      // Up, until there is something beside that has not been looked at.
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
