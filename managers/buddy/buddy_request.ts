/** The space to manage, in units of the caller's choice: pages, bytes. */
export interface BuddyOptions {
  /** Its size, at least 1 chunk; units after the last whole chunk are left out. */
  readonly size: number;
  /** The smallest block in units, a power of two. @default {1} */
  readonly chunk?: number;
}

/** What an allocation asks for. All sizes and addresses are multiples of the chunk, in units. */
export interface BuddyRequest {
  /** Units to allocate, at least 1 chunk. */
  readonly size: number;
  /** The smallest block to use, a power of two: blocks are aligned to it. @default {the chunk} */
  readonly minBlock?: number;
  /** First unit that may be used. @default {0} */
  readonly start?: number;
  /** First unit after the range that may be used. @default {the size of the space} */
  readonly end?: number;
  /** Stay in [start, end). A range of exactly the size is always kept to. @default {whether one is given} */
  readonly ranged?: boolean;
  /** Take the highest addresses. @default {false} */
  readonly topDown?: boolean;
  /** The blocks must be adjacent. @default {false} */
  readonly contiguous?: boolean;
  /** Prefer memory that is known to be cleared, instead of other memory. @default {false} */
  readonly cleared?: boolean;
  /** Free the excess of rounding the size up. @default {true} */
  readonly trim?: boolean;
}
