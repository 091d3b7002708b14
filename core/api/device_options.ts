import type { MemoryLimits } from "../state/memory_accountant.ts";
import { optionNames, show } from "../base/arguments.ts";
import type { BufferOptions } from "../contract/buffer_options.ts";
import type { Clock } from "../time/clock.ts";
import type { Driver } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import type { EvictionPolicy } from "../contract/eviction_policy.ts";
import { Global } from "./global.ts";
import type { MemTypeManager } from "../contract/mem_type_manager.ts";
import type { Placement } from "../contract/placement.ts";
import type { PreparedPlacement } from "../state/prepared_placement.ts";
import type { SwapStore } from "../contract/swap_store.ts";
import type { Tracer } from "../contract/tracer.ts";

/** What a new buffer is like, and where it is to be. */
export interface PlacedBufferOptions extends BufferOptions {
  /** Where it may live. */
  readonly placement: Placement | PreparedPlacement;
}

/** The parts of a device. */
export interface DeviceOptions {
  /** The device under the buffers. Belongs to this device alone. */
  readonly driver: Driver;
  /** Who hands out the pages of each memory type but SYSTEM, by name. Without one, nothing can be placed there. */
  readonly managers: Readonly<Record<string, MemTypeManager>>;
  /** The source of time. @default {a `SystemClock`} */
  readonly clock?: Clock;
  /** Who watches. @default {nobody} */
  readonly tracer?: Tracer;
  /** Where pages are swapped out to. @default {host memory} */
  readonly store?: SwapStore;
  /** Who is evicted first. Belongs to this device alone, until that is closed. @default {`lru()`} */
  readonly policy?: EvictionPolicy;
  /** What it shares with other devices: the account of memory and the turns of swapping. @default {one of its own} */
  readonly global?: Global;
  /** The limits of a global of its own. @default {none} */
  readonly limits?: MemoryLimits;
}

export const DEVICE_OPTIONS: ReadonlySet<string> = optionNames<DeviceOptions>({
  driver: true,
  managers: true,
  clock: true,
  tracer: true,
  store: true,
  policy: true,
  global: true,
  limits: true,
});

/** The global that a device is to be one of. */
export function globalOf({ global, limits }: DeviceOptions): Global {
  if (global === undefined) return new Global(limits === undefined ? {} : { limits });
  if (global instanceof Global && limits === undefined) return global;
  const why = limits === undefined ? `global must be a Global, not ${show(global)}` : "limits are those of its global";
  throw new TtmError("EINVAL", `Cannot create device: ${why}`);
}
