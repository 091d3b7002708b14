/** The space to hand out, in units of the caller's: pages, bytes. */
export interface BuddyOptions {
  /** From 1 chunk; whatever is beyond the last whole chunk is left out. */
  readonly size: number;
  /** The smallest block, a power of two. @default {1} */
  readonly chunk?: number;
}

/** What is query. All sizes and addresses are multiples of the chunk. */
export interface BuddyRequest {
  /** From 1 chunk. */
  readonly size: number;
  /** The smallest block that will do, a power of two: blocks are aligned to it. @default {the chunk} */
  readonly minBlock?: number;
  /** The lowest address. @default {0} */
  readonly start?: number;
  /** The end of the highest. @default {the size of the space} */
  readonly end?: number;
  /** Keep to start and end. If they are just the size apart, they are kept to anyhow. @default {whether one is given} */
  readonly ranged?: boolean;
  /** Take the highest addresses. @default {false} */
  readonly topDown?: boolean;
  /** The blocks must be adjacent. @default {false} */
  readonly contiguous?: boolean;
  /** Prefer memory that has been cleared, instead of such that has not. @default {false} */
  readonly cleared?: boolean;
  /** Give the excess of rounding the size up back. @default {true} */
  readonly trim?: boolean;
}
