import { optionNames } from "../base/arguments.ts";
import type { FenceUsage } from "../lock/fence_list.ts";
import type { AcquireTicket } from "../lock/acquire_ticket.ts";

/** What to swap out. */
export interface SwapOutOptions extends WaitOptions {
  /** Name of a memory type whose buffers to swap out. @default {the first that has any} */
  readonly memoryType?: string;
  /** How many pages to free at least. @default {1} */
  readonly pages?: number;
}

/** Options of calls that may wait. */
export interface WaitOptions {
  /** Ends the wait: the call rejects with the signal's reason. What was achieved, evictions for example, stays. */
  readonly signal?: AbortSignal;
  /** Do not wait: what would have to be waited for counts as unavailable. @default {false} */
  readonly noWait?: boolean;
}

/** How to validate. */
export interface ValidateOptions extends WaitOptions {
  /** Evict buffers that share the reservation of this one, too, if need be. @default {false} */
  readonly evictSiblings?: boolean;
}

/** How to reserve. */
export interface ReserveOptions extends WaitOptions {
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

/** @internal Told from the options of a caller by being this very object. */
export const NO_OPTIONS: Readonly<Record<never, never>> = {};

/** What every call that may wait takes. */
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
