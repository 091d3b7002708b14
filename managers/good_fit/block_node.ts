import { NONE } from "./bins.ts";
import type { GoodFitNode } from "./good_fit_requests.ts";

/** A node that keeps its handle to itself until it is taken back, and knows whose it is. */
export class BlockNode implements GoodFitNode {
  /** See {@linkcode GoodFitNode.start}. */
  readonly start: number;
  /** See {@linkcode GoodFitNode.size}. */
  readonly size: number;
  #owner: object;
  #handle: number;

  /** Makes the node of a handle. */
  constructor(owner: object, handle: number, start: number, size: number) {
    this.start = start;
    this.size = size;
    this.#owner = owner;
    this.#handle = handle;
  }

  /** The handle of a node, which has none from now on; {@linkcode NONE} if it has none of this owner's. */
  static giveUpHandle(owner: object, node: unknown): number {
    if (!(node instanceof BlockNode) || node.#owner !== owner) return NONE;
    const handle = node.#handle;
    node.#handle = NONE;
    return handle;
  }
}
