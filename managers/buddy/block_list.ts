import { type BlockTable, NONE } from "./block_table.ts";

/** The blocks that a request has taken so far, in the order in which they were found. */
export class BlockList {
  first: number = NONE;
  #last: number = NONE;
  readonly #table: BlockTable;

  constructor(table: BlockTable) {
    this.#table = table;
  }

  /** Empties the list; the blocks stay taken. */
  clear(): void {
    this.first = this.#last = NONE;
  }

  /** Appends a taken block. */
  append(block: number): void {
    if (this.#last === NONE) this.first = block;
    else this.#table.setNext(this.#last, block);
    this.#last = block;
  }
}
