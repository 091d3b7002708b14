import { NONE } from "./bins.ts";
import type { GoodFitNode } from "./good_fit_requests.ts";

/** A node that keeps its handle private until it is freed, and stores its owner. */
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

  /** Takes the handle out of a node; {@linkcode NONE} if it has no handle of this owner. */
  static giveUpHandle(owner: object, node: unknown): number {
    if (!(node instanceof BlockNode) || node.#owner !== owner) return NONE;
    const handle = node.#handle;
    node.#handle = NONE;
    return handle;
  }
}
