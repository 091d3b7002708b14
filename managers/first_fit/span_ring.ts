import { enlarge } from "./columns.ts";
import { UNGUARDED } from "./alignment_classes.ts";
import type { RangeNode } from "./range_requests.ts";

/** The row before the first node and after the last one: it has no node, but maybe a hole. Row 0 stays unused. */
export const HEAD = 1;

/** A node that stores its row, by which the ring recognises its own nodes. */
export class SpanNode implements RangeNode {
  /** See {@linkcode RangeNode.start}. */
  readonly start: number;
  /** See {@linkcode RangeNode.size}. */
  readonly size: number;
  /** See {@linkcode RangeNode.color}. */
  readonly color: number;
  /** The row of the node in the ring. */
  readonly row: number;

  /** Makes the node of a row. */
  constructor(start: number, size: number, color: number, row: number) {
    this.start = start;
    this.size = size;
    this.color = color;
    this.row = row;
  }
}

/**
 * The space as a ring of *spans* in the order of their addresses. A span is a node and the hole that follows it, if
 * there is one; so a hole is identified by the row of the node before it, as in drm_mm, and needs no list of its own.
 */
export class SpanRing {
  #capacity = 8;
  #used: number = HEAD + 1;
  #unused: number[] = [];
  /** The next row and the previous row; both of a row are adjacent. */
  #links: Int32Array = new Int32Array(2 * this.#capacity);
  #nodes: (SpanNode | null)[] = [null, null];

  /** Makes a ring without nodes. */
  constructor() {
    this.#join(HEAD, HEAD);
  }

  /** All rows are below this number. It grows by doubling. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The next row; {@linkcode HEAD} after the last. */
  next(row: number): number {
    return this.#links[2 * row] as number;
  }

  /** The previous row; the last one for {@linkcode HEAD}. */
  previous(row: number): number {
    return this.#links[2 * row + 1] as number;
  }

  /** The node of a row; null for {@linkcode HEAD} and for rows not in use. */
  node(row: number): SpanNode | null {
    return this.#nodes[row] ?? null;
  }

  /** Units to keep free between the row's node and a node of this colour. */
  guard(row: number, color: number): number {
    if (color === UNGUARDED) return 0;
    const neighbour = this.node(row);
    return neighbour === null || neighbour.color === color ? 0 : 1;
  }

  /** Adds a new node after the row `before`, where its address belongs. */
  link(before: number, start: number, size: number, color: number): SpanNode {
    const row = this.#take();
    this.#join(row, this.next(before));
    this.#join(before, row);
    const node = new SpanNode(start, size, color, row);
    this.#nodes[row] = node;
    return node;
  }

  /** Removes a row with its node. */
  unlink(row: number): void {
    this.#join(this.previous(row), this.next(row));
    this.#nodes[row] = null;
    this.#unused.push(row);
  }

  #join(row: number, next: number): void {
    this.#links[2 * row] = next;
    this.#links[2 * next + 1] = row;
  }

  #take(): number {
    const row = this.#unused.pop();
    if (row !== undefined) return row;
    if (this.#used === this.#capacity) {
      this.#capacity *= 2;
      this.#links = enlarge(this.#links, 2 * this.#capacity);
    }
    return this.#used++;
  }
}
