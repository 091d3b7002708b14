import type { MemoryLimits } from "../state/memory_accountant.ts";
import { checkMethods, checkObject, checkOptions, optionNames, show } from "../base/arguments.ts";
import type { BufferOptions } from "../contract/buffer_options.ts";
import { type Clock, SystemClock } from "../time/clock.ts";
import type { Driver } from "../contract/driver.ts";
import { checkDriver } from "../calls/driver_checks.ts";
import { TtmError } from "../base/errors.ts";
import type { EvictionPolicy } from "../contract/eviction_policy.ts";
import { Global } from "./global.ts";
import type { MemTypeManager } from "../contract/mem_type_manager.ts";
import type { Placement } from "../contract/placement.ts";
import type { PreparedPlacement } from "../resource/prepared_placement.ts";
import { memoryStore, type ReadOnlyStore, type SwapStore } from "../contract/swap_store.ts";
import type { Tracer } from "../contract/tracer.ts";

/** Options of a new buffer, with its placement. */
export interface PlacedBufferOptions extends BufferOptions {
  /** The placement that the buffer is validated with. */
  readonly placement: Placement | PreparedPlacement;
}

/** The parts of a device. */
export interface DeviceOptions {
  /** The driver, used by this device alone. */
  readonly driver: Driver;
  /** The manager of each memory type except SYSTEM, by name. Nothing can be placed in a type without a manager. */
  readonly managers: Readonly<Record<string, MemTypeManager>>;
  /** The clock. @default {a `SystemClock`} */
  readonly clock?: Clock;
  /** The tracer, which is called on events of the device. @default {none} */
  readonly tracer?: Tracer;
  /** The swap store, which pages are swapped out to. @default {host memory} */
  readonly store?: SwapStore;
  /** The eviction policy. One policy object serves one device at a time, until that is closed. @default {`lru()`} */
  readonly policy?: EvictionPolicy;
  /** The global that devices share: memory accounting and the order of swapout. @default {a new `Global`} */
  readonly global?: Global;
  /** Memory limits of the device's own global; not allowed with `global`. @default {none} */
  readonly limits?: MemoryLimits;
}

const DEVICE_OPTIONS: ReadonlySet<string> = optionNames<DeviceOptions>({
  driver: true,
  managers: true,
  clock: true,
  tracer: true,
  store: true,
  policy: true,
  global: true,
  limits: true,
});

/** The parts of a device. */
interface DeviceParts extends Required<Pick<DeviceOptions, "driver" | "managers" | "clock" | "tracer" | "store">> {
  readonly policy: EvictionPolicy | null;
}

/** The global of a new device. */
export function globalOf({ global, limits }: DeviceOptions): Global {
  if (global === undefined) return new Global(limits === undefined ? {} : { limits });
  if (global instanceof Global && limits === undefined) return global;
  const why = limits === undefined
    ? `global must be a Global, not ${show(global)}`
    : "limits are those of its global and cannot be given";
  throw new TtmError("EINVAL", `Cannot create device: ${why}`);
}

/** Checks the options of a device, and fills in the defaults. */
export function checkDeviceOptions(options: DeviceOptions): DeviceParts {
  const what = "create device";
  checkOptions(what, options, DEVICE_OPTIONS);
  checkDriver(options.driver);
  checkObject(what, "options.managers", options.managers);
  const { clock = new SystemClock(), tracer = {}, store = memoryStore(), policy = null } = options;
  checkMethods(what, "options.clock", clock, ["now", "schedule", "cancel"]);
  checkMethods(what, "options.store", store, ["write", "read", "delete"]);
  if ((store as SwapStore | ReadOnlyStore).readOnly === true) {
    throw new TtmError("EINVAL", `Cannot ${what}: store "${store.name}" can only be read`);
  }
  checkObject(what, "options.tracer", tracer);
  return { driver: options.driver, managers: options.managers, clock, tracer, store, policy };
}
