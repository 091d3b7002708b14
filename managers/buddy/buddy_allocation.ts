import { NONE } from "./block_table.ts";

/** One block that was handed out. */
export interface BuddyBlock {
  /** Its address. */
  readonly start: number;
  /** A power of two of chunks, in units. */
  readonly size: number;
  /** Whether it was known to be cleared when it was handed out. */
  readonly cleared: boolean;
}

/** The free blocks of a size. */
export interface FreeBlocks {
  /** Size of each, in units. */
  readonly size: number;
  /** Whether they are known to be cleared. */
  readonly cleared: boolean;
  /** Ascending. */
  readonly starts: readonly number[];
}

/** Blocks that were handed out together. */
export class BuddyAllocation {
  /** @internal The first of a list; none after it was freed. */
  first: number;
  /** @internal Of the allocator that has handed them out. */
  readonly describe: (first: number) => BuddyBlock[];

  /** @internal */
  constructor(first: number, describe: (first: number) => BuddyBlock[]) {
    this.first = first;
    this.describe = describe;
  }

  /** The blocks, in the order in which they were found; none after it was freed. */
  get blocks(): BuddyBlock[] {
    return this.first === NONE ? [] : this.describe(this.first);
  }
}
