import { enlarge } from "./columns.ts";
import { UNGUARDED } from "./alignment_classes.ts";
import type { RangeNode } from "./range_requests.ts";

/** The row that stands before the first node and after the last one: no node, but maybe a hole. Row 0 stays unused. */
export const HEAD = 1;

/** A node that knows its row, by which the ring recognises its own. */
export class SpanNode implements RangeNode {
  /** See {@linkcode RangeNode.start}. */
  readonly start: number;
  /** See {@linkcode RangeNode.size}. */
  readonly size: number;
  /** See {@linkcode RangeNode.color}. */
  readonly color: number;
  /** Where the ring keeps it. */
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
 * one does; so a hole goes by the row of the node before it, as in drm_mm, and needs no list of its own.
 */
export class SpanRing {
  #capacity = 8;
  #used: number = HEAD + 1;
  #unused: number[] = [];
  /** The row after and the row before, those of a row side by side. */
  #links: Int32Array = new Int32Array(2 * this.#capacity);
  #nodes: (SpanNode | null)[] = [null, null];

  /** Makes a ring without nodes. */
  constructor() {
    this.#join(HEAD, HEAD);
  }

  /** Rows are below this number. It grows by doubling. */
  get capacity(): number {
    return this.#capacity;
  }

  /** The row after; {@linkcode HEAD} after the last. */
  next(row: number): number {
    return this.#links[2 * row] as number;
  }

  /** The row before; the last one before {@linkcode HEAD}. */
  previous(row: number): number {
    return this.#links[2 * row + 1] as number;
  }

  /** The node of a row; null for {@linkcode HEAD} and for rows not in use. */
  node(row: number): SpanNode | null {
    return this.#nodes[row] ?? null;
  }

  /** Units that a node of this colour must keep away from the row's node. */
  guard(row: number, color: number): number {
    if (color === UNGUARDED) return 0;
    const neighbour = this.node(row);
    return neighbour === null || neighbour.color === color ? 0 : 1;
  }

  /** Puts a new node after the row `before`, where its address must belong. */
  link(before: number, start: number, size: number, color: number): SpanNode {
    const row = this.#take();
    this.#join(row, this.next(before));
    this.#join(before, row);
    const node = new SpanNode(start, size, color, row);
    this.#nodes[row] = node;
    return node;
  }

  /** Takes a row out with its node. */
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
