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
  /** Name of the manager, or the names of two, joined by ` + `. */
  readonly manager: string;
  /** Name of the eviction policy. */
  readonly policy: string;
  /** Size of VRAM, or of the memory type that takes its place. */
  readonly vram: number;
  /** Size of GTT, or of the memory type that takes its place; 0 if there is none. */
  readonly gtt: number;
  /** Real bytes or stamps; `"own"` for a driver of the caller, which decides itself. */
  readonly contents: "bytes" | "stamps" | "own";
}

/** The memory types of a GPU that a replay uses. */
export interface MemoryRoles {
  /** The preferred memory type: the first fixed one, else the first after SYSTEM. */
  readonly fast: string;
  /** The fallback that the GPU can also access: the first other memory type after SYSTEM; null if there is none. */
  readonly fallback: string | null;
}

/** The parts to compose. */
export interface CompositionOptions extends GpuOptions {
  /** A name of {@linkcode drivers}, a driver, or a factory of one. @default {"radeon-sim"} */
  readonly driver?: string | Driver | DriverFactory;
  /** A name of {@linkcode managers}, or a factory, for each memory type. @default {"range"} */
  readonly manager?: string | ManagerFactory;
  /** Names, factories or managers by memory type. @default {`manager` for all} */
  readonly managers?: Readonly<Record<string, string | ManagerFactory | MemTypeManager>>;
  /** A name of {@linkcode policies}, a policy, or a factory of one. @default {"lru"} */
  readonly policy?: string | EvictionPolicy | PolicyFactory;
  /** The tracer of the device. */
  readonly tracer?: Tracer;
}

/** A device, the GPU under it, and its clock. */
export interface Composition extends MemoryRoles {
  /** The device. */
  readonly device: BoDevice;
  /** The engine that runs its jobs. */
  readonly gpu: SimulatedGpu;
  /** The clock of both. */
  readonly clock: SimulatedClock;
  /** Whether buffers are copied into and out of fast memory; otherwise their pages are bound. */
  readonly copies: boolean;
  /** The parts, for the report. */
  readonly parts: ReplayedDevice;
}

/**
 * Composes a device from named parts or parts of the caller.
 *
 * @throws {UsageError} For an unknown name of a part or memory type.
 * @throws {TtmError} `EINVAL` if an object is not a part of its kind, or a size is less than a page.
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
