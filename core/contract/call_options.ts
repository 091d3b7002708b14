import { optionNames } from "../base/arguments.ts";
import type { FenceUsage } from "../lock/fence_list.ts";
import type { AcquireTicket } from "../lock/acquire_ticket.ts";

/** Options of a swapout. */
export interface SwapOutOptions extends WaitOptions {
  /** Name of the memory type whose buffers are swapped out. @default {the first that has any} */
  readonly memoryType?: string;
  /** Minimum number of pages to free. @default {1} */
  readonly pages?: number;
}

/** Options of calls that may wait. */
export interface WaitOptions {
  /** Ends the wait: the call rejects with the signal's reason. Completed steps, such as evictions, are not undone. */
  readonly signal?: AbortSignal;
  /** Do not wait: memory and buffers that the call would have to wait for count as unavailable. @default {false} */
  readonly noWait?: boolean;
}

/** Options of a validation. */
export interface ValidateOptions extends WaitOptions {
  /** Also evict buffers that share the reservation of this one, if necessary. @default {false} */
  readonly evictSiblings?: boolean;
}

/** Options of a reservation. */
export interface ReserveOptions extends WaitOptions {
  /** The acquire ticket of a caller that reserves several buffers. */
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

/** @internal The default options; compared by identity, so that they are not checked like those of a caller. */
export const NO_OPTIONS: Readonly<Record<never, never>> = {};

/** The option names of every call that may wait. */
export const WAIT = { signal: true, noWait: true } as const;
export const VALIDATE_OPTIONS: ReadonlySet<string> = optionNames<ValidateOptions>({ ...WAIT, evictSiblings: true });
export const RESERVE_OPTIONS: ReadonlySet<string> = optionNames<WaitOptions & ReserveOptions>({
  ...WAIT,
  ticket: true,
});
export const IDLE_OPTIONS: ReadonlySet<string> = optionNames<WaitOptions & { usage?: FenceUsage }>({
  ...WAIT,
  usage: true,
});
export const READ_OPTIONS: ReadonlySet<string> = optionNames<ReadOptions>({ ...WAIT, offset: true, length: true });
export const WRITE_OPTIONS: ReadonlySet<string> = optionNames<WriteOptions>({ ...WAIT, offset: true });
export const SWAP_OUT_OPTIONS: ReadonlySet<string> = optionNames<SwapOutOptions>({
  ...WAIT,
  memoryType: true,
  pages: true,
});
