import {
  BoDevice,
  type Driver,
  type EvictionPolicy,
  type MemTypeManager,
  PAGE_SIZE,
  SimulatedClock,
  type Tracer,
} from "@ttm/core";
import { checkArray, checkMethods, checkObject, show } from "@ttm/core/arguments";
import { EngineBeside } from "./engine_beside.ts";
import { isSimulatedGpu, type SimulatedGpu } from "./gpu.ts";
import {
  choose,
  type DriverFactory,
  drivers,
  type GpuOptions,
  type ManagerFactory,
  managers,
  policies,
  type PolicyFactory,
} from "./parts.ts";
import { UsageError } from "./usage_error.ts";

/** The parts of a replay: names and sizes. */
export interface ReplayedDevice {
  /** Name of the driver. */
  readonly driver: string;
  /** Name of the manager; of two with ` + ` between them. */
  readonly manager: string;
  /** Name of the eviction policy. */
  readonly policy: string;
  /** Size of VRAM, or of what is in its stead. */
  readonly vram: number;
  /** Size of GTT, or of what is in its stead; 0 if there is nothing. */
  readonly gtt: number;
  /** Real bytes or stamps; `"own"` with a driver of the caller's, whose affair it is. */
  readonly contents: "bytes" | "stamps" | "own";
}

/** What the memory types of a GPU are to a replay. */
export interface MemoryRoles {
  /** Where buffers have to be, if they can: the first fixed memory type, else the first behind SYSTEM. */
  readonly fast: string;
  /** Where the GPU sees them as well: the first of the others behind SYSTEM; null if there is none. */
  readonly fallback: string | null;
}

/** What to compose. */
export interface CompositionOptions extends GpuOptions {
  /** A name of {@linkcode drivers}, a driver, or what makes one of these sizes. @default {"radeon-sim"} */
  readonly driver?: string | Driver | DriverFactory;
  /** A name of {@linkcode managers}, or what makes one, for each memory type. @default {"range"} */
  readonly manager?: string | ManagerFactory;
  /** The same by memory type, or managers. @default {`manager` for all} */
  readonly managers?: Readonly<Record<string, string | ManagerFactory | MemTypeManager>>;
  /** A name of {@linkcode policies}, a policy, or what makes one. @default {"lru"} */
  readonly policy?: string | EvictionPolicy | PolicyFactory;
  /** Who watches the device. */
  readonly tracer?: Tracer;
}

/** A device, the GPU under it, and its clock. */
export interface Composition extends MemoryRoles {
  /** The device. */
  readonly device: BoDevice;
  /** What runs its jobs. */
  readonly gpu: SimulatedGpu;
  /** The clock of both. */
  readonly clock: SimulatedClock;
  /** Whether buffers are copied into and out of fast memory; otherwise their pages are bound there. */
  readonly copies: boolean;
  /** The parts, for the report. */
  readonly parts: ReplayedDevice;
}

/**
 * Composes a device from parts: names of ours, or parts of the caller's.
 *
 * @throws {UsageError} If there is no part of that name, or no such memory type.
 * @throws {TtmError} `EINVAL` if a part is none, or a size is less than a page.
 */
export function compose(options: CompositionOptions): Composition {
  const driver = driverOf(options);
  const policy = policyOf(options.policy ?? "lru");
  const [, ...types] = driver.memoryTypes;
  const { fast, fallback } = rolesOf(driver);
  const labels = new Map<string, string>();
  const unknown = Object.keys(options.managers ?? {}).find((name) => !types.some((type) => type.name === name));
  if (unknown !== undefined) {
    const names = types.map(({ name }) => name).join(", ");
    throw new UsageError(`Cannot give ${show(unknown)} a manager: the memory types of ${driver.name} are ${names}`);
  }
  const inCharge = Object.fromEntries(types.map(({ name }) => {
    const given = options.managers?.[name] ?? options.manager ?? "range";
    const manager = managerOf(given);
    labels.set(name, typeof given === "string" ? given : manager.name);
    return [name, manager];
  }));
  const clock = new SimulatedClock();
  const device = new BoDevice({ driver, managers: inCharge, policy, clock, tracer: options.tracer ?? {} });
  const bytesOf = (type: string | null) => type === null ? 0 : device.usage(type).pages * PAGE_SIZE;
  const ours = typeof (options.driver ?? "") === "string";
  return {
    device,
    gpu: isSimulatedGpu(driver) ? driver : new EngineBeside(driver, clock),
    clock,
    fast,
    fallback,
    copies: driver.memoryTypes.some(({ name, fixed }) => name === fast && fixed === true),
    parts: {
      driver: driver.name,
      manager: [...new Set([fast, fallback].flatMap((name) => labels.get(name ?? "") ?? []))].join(" + "),
      policy: policy.name,
      vram: bytesOf(fast),
      gtt: bytesOf(fallback),
      contents: ours ? options.contents : "own",
    },
  };
}

function driverOf({ driver: given = "radeon-sim", vram, gtt, contents }: CompositionOptions): Driver {
  const make = typeof given === "string" ? choose("driver", drivers, given) : given;
  const driver = typeof make === "function" ? make({ vram, gtt, contents }) : make;
  checkMethods("replay", "driver", driver, ["evictPlacement"]);
  checkArray("replay", "driver.memoryTypes", driver.memoryTypes);
  for (const [at, type] of driver.memoryTypes.entries()) checkObject("replay", `driver.memoryTypes[${at}]`, type);
  return driver;
}

function managerOf(given: string | ManagerFactory | MemTypeManager): MemTypeManager {
  const make = typeof given === "string" ? choose("manager", managers, given) : given;
  const manager = typeof make === "function" ? make() : make;
  checkMethods("replay", "manager", manager, ["init", "allocate", "free", "takedown"]);
  return manager;
}

function policyOf(given: string | EvictionPolicy | PolicyFactory): EvictionPolicy {
  const make = typeof given === "string" ? choose("policy", policies, given) : given;
  const policy = typeof make === "function" ? make() : make;
  checkMethods("replay", "policy", policy, ["insert", "touch", "remove", "candidates"]);
  return policy;
}

function rolesOf({ name, memoryTypes: [, ...types] }: Driver): MemoryRoles {
  const fast = types.find(({ fixed }) => fixed === true) ?? types[0];
  if (fast === undefined) throw new UsageError(`Cannot replay on ${name}: it has no memory type but system`);
  return { fast: fast.name, fallback: types.find((type) => type !== fast)?.name ?? null };
}
