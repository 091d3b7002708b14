import { type BlockTable, NONE } from "./block_table.ts";
import type { GoodFitNode } from "./good_fit_requests.ts";

/** A node that knows its block until it is taken back, by which an allocator recognises its own. */
export class BlockNode implements GoodFitNode {
  /** See {@linkcode GoodFitNode.start}. */
  readonly start: number;
  /** See {@linkcode GoodFitNode.size}. */
  readonly size: number;
  #blocks: BlockTable;
  #row: number;

  /** Makes the node of a row. */
  constructor(blocks: BlockTable, row: number, start: number, size: number) {
    this.start = start;
    this.size = size;
    this.#blocks = blocks;
    this.#row = row;
  }

  /** The row of a node in a table; {@linkcode NONE} if it has none there, or no longer. */
  static rowIn(blocks: BlockTable, node: unknown): number {
    return node instanceof BlockNode && node.#blocks === blocks ? node.#row : NONE;
  }

  /** From now on it has none. */
  forget(): void {
    this.#row = NONE;
  }
}
