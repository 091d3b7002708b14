import type { RangeNode } from "./range_requests.ts";

/** A node that stores its owner, and its handle until it is freed. */
export class SpanNode implements RangeNode {
  /** See {@linkcode RangeNode.start}. */
  readonly start: number;
  /** See {@linkcode RangeNode.size}. */
  readonly size: number;
  /** See {@linkcode RangeNode.color}. */
  readonly color: number;
  #owner: object;
  #handle: number;

  /** Makes the node of a handle. */
  constructor(owner: object, handle: number, start: number, size: number, color: number) {
    this.start = start;
    this.size = size;
    this.color = color;
    this.#owner = owner;
    this.#handle = handle;
  }

  /** See {@linkcode RangeNode.handle}. */
  get handle(): number {
    return this.#handle;
  }

  /** Takes the handle out of a node; 0 if it has no handle of this owner. */
  static giveUpHandle(owner: object, node: unknown): number {
    if (!(node instanceof SpanNode) || node.#owner !== owner) return 0;
    const handle = node.#handle;
    node.#handle = 0;
    return handle;
  }
}
