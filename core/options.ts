import type { AcquireTicket } from "./ticket.ts";

/** What a new buffer is like. */
export interface BufferOptions {
  /** Size in bytes, at least 1; rounded up to whole pages of 4096 bytes. */
  readonly bytes: number;
  /** In pages; the start is a multiple of it. Need not be a power of two. @default {1} */
  readonly alignment?: number;
  /** 0 to 3; buffers of a lower priority are evicted first. @default {0} */
  readonly priority?: number;
  /** For messages and reports. */
  readonly label?: string | undefined;
}

/** Options of calls that may wait. */
export interface WaitOptions {
  /** Ends the wait: the call rejects with the signal's reason. What was achieved, evictions for example, stays. */
  readonly signal?: AbortSignal;
  /** Do not wait: what would have to be waited for counts as unavailable. @default {false} */
  readonly noWait?: boolean;
}

/** How to reserve. */
export interface ReserveOptions {
  /** Ends the wait: the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The turn of a party that reserves several buffers. */
  readonly ticket?: AcquireTicket;
}

/** Which bytes to read. */
export interface ReadOptions extends WaitOptions {
  /** First byte. @default {0} */
  readonly offset?: number;
  /** Number of bytes. @default {all from the offset on} */
  readonly length?: number;
}

/** Where to write. */
export interface WriteOptions extends WaitOptions {
  /** First byte. @default {0} */
  readonly offset?: number;
}
