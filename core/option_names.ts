import { optionNames } from "./arguments.ts";
import type { MemoryLimits, MemoryZone } from "./accounting.ts";
import type { DeviceOptions } from "./device.ts";
import type { DriverSupport } from "./driver.ts";
import type { ExecOptions } from "./exec.ts";
import type { GlobalOptions } from "./global.ts";
import type { MapRange } from "./kernel_map.ts";
import type { MemoryTypeOptions } from "./memory_type.ts";
import type {
  BufferOptions,
  ReadOptions,
  ReserveOptions,
  SwapOutOptions,
  ValidateOptions,
  WaitOptions,
  WriteOptions,
} from "./options.ts";
import type { PagePoolOptions } from "./page_pool.ts";
import type { Place, Placement } from "./placement.ts";
import type { FenceUsage } from "./fence_list.ts";
import type { ListEntry, ReserveListOptions } from "./reserve_list.ts";
import type { TableOptions } from "./translation_table.ts";

/** What every call that may wait takes. */
const WAIT = { signal: true, noWait: true } as const;

/** Of calls that take nothing but an abort signal. */
export const SIGNAL_ONLY: ReadonlySet<string> = optionNames<Pick<WaitOptions, "signal">>({ signal: true });

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
export const MAP_RANGE: ReadonlySet<string> = optionNames<MapRange>({ firstPage: true, pages: true });

export const BUFFER_OPTIONS: ReadonlySet<string> = optionNames<BufferOptions>({
  bytes: true,
  alignment: true,
  priority: true,
  kind: true,
  reservation: true,
  imported: true,
  swapKey: true,
  onDestroy: true,
  label: true,
});

export const PLACEMENT: ReadonlySet<string> = optionNames<Placement>({ placement: true, busyPlacement: true });
export const PLACE: ReadonlySet<string> = optionNames<Place>({
  memoryType: true,
  fpfn: true,
  lpfn: true,
  caching: true,
  topDown: true,
  contiguous: true,
  temporary: true,
});

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
export const DRIVER_SUPPORT: ReadonlySet<string> = optionNames<DriverSupport>({
  moves: true,
  contents: true,
  pipelinedEvictions: true,
  queuedBinds: true,
  dma32: true,
});
export const MEMORY_TYPE: ReadonlySet<string> = optionNames<MemoryTypeOptions>({
  name: true,
  pages: true,
  fixed: true,
  mappable: true,
  cma: true,
  availableCaching: true,
  defaultCaching: true,
  gpuOffset: true,
});
export const GLOBAL_OPTIONS: ReadonlySet<string> = optionNames<GlobalOptions>({ limits: true });
export const MEMORY_LIMITS: ReadonlySet<string> = optionNames<MemoryLimits>({ zones: true, pages: true });
export const MEMORY_ZONE: ReadonlySet<string> = optionNames<MemoryZone>({
  name: true,
  bytes: true,
  maxBytes: true,
  emergencyBytes: true,
  swapBytes: true,
  dma32: true,
});

export const EXEC_OPTIONS: ReadonlySet<string> = optionNames<ExecOptions>({ ignoreDuplicates: true });
export const RESERVE_LIST_OPTIONS: ReadonlySet<string> = optionNames<WaitOptions & ReserveListOptions>({
  ...WAIT,
  skipDuplicates: true,
});
export const LIST_ENTRY: ReadonlySet<string> = optionNames<ListEntry>({ buffer: true, usage: true });
export const PAGE_POOL_OPTIONS: ReadonlySet<string> = optionNames<PagePoolOptions>({ maxPages: true });
export const TABLE_OPTIONS: ReadonlySet<string> = optionNames<TableOptions<unknown>>({
  release: true,
  codec: true,
  external: true,
});
