import { NONE } from "./block_table.ts";

/** One block of an allocation. */
export interface BuddyBlock {
  /** Its address, in units. */
  readonly start: number;
  /** Its size in units: a power of two of chunks. */
  readonly size: number;
  /** Whether it was known to be cleared when it was allocated. */
  readonly cleared: boolean;
}

/** The free blocks of one size. */
export interface FreeBlocks {
  /** Size of each, in units. */
  readonly size: number;
  /** Whether they are known to be cleared. */
  readonly cleared: boolean;
  /** Their addresses, ascending. */
  readonly starts: readonly number[];
}

/** Blocks that were allocated together. */
export class BuddyAllocation {
  /** @internal The first block of the list; none after it was freed. */
  first: number;
  /** @internal Reads the list's blocks; each allocator has one function of its own. */
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
