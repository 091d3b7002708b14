import { buddy } from "@ttm/buddy";
import { CmaSim } from "@ttm/cma-sim";
import {
  BoDevice,
  type BufferView,
  type Driver,
  type EvictionPolicy,
  type Fence,
  lru,
  type MemTypeManager,
  mru,
  SimulatedClock,
  type Tracer,
} from "@ttm/core";
import { firstFit, rangeManager } from "@ttm/first-fit";
import { goodFit } from "@ttm/good-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import type { Contents, EngineStats, GpuJob } from "@ttm/sim-parts";
import { UsageError } from "./usage_error.ts";

/** The managers that a replay can use, by name; each call makes a new one. */
export const managers: Readonly<Record<string, () => MemTypeManager>> = {
  "range": () => rangeManager(),
  "range-scan": () => rangeManager({ scan: true }),
  "first-fit": () => firstFit(),
  "first-fit-evict": () => firstFit({ order: "evict" }),
  "good-fit": () => goodFit(),
  "buddy": () => buddy(),
};

/** The eviction policies that a replay can use, by name; each call makes a new one. */
export const policies: Readonly<Record<string, () => EvictionPolicy>> = { lru, mru };

/** A simulated GPU as a replay uses it. */
export interface SimulatedGpu extends Driver {
  /** How the engine that runs jobs has spent its time. */
  readonly graphicsStats: EngineStats;
  /** Queues a job. */
  submit(job: GpuJob): Fence;
  /** The contents of a buffer where it is now; null if it has no memory yet. */
  contentsOf(buffer: BufferView): Contents | null;
}

/** What the memory types of a GPU are to a replay. */
export interface MemoryRoles {
  /** Where buffers have to be, if they can: VRAM, or the carve-out. */
  readonly fast: string;
  /** Where the GPU sees them as well. */
  readonly fallback: string;
}

/** How to make a simulated GPU. */
export interface DriverChoice extends MemoryRoles {
  /** Makes one. */
  readonly make: (options: GpuOptions) => SimulatedGpu;
}

/** The simulated GPUs that a replay can use, by name. */
export const drivers: Readonly<Record<string, DriverChoice>> = {
  "radeon-sim": {
    fast: "vram",
    fallback: "gtt",
    // All of VRAM visible: the CPU takes no part in replays, and would be no reason to move buffers about.
    make: ({ vram, gtt, contents }) => new RadeonSim({ vram, gtt, contents, visibleVram: vram }),
  },
  "cma-sim": {
    fast: "cma",
    fallback: "iommu",
    make: ({ vram, gtt, contents }) => new CmaSim({ carveOut: vram, iommu: gtt, contents }),
  },
};

/** What every simulated GPU is told. */
export interface GpuOptions {
  /** Size in bytes of VRAM, or of the carve-out. */
  readonly vram: number;
  /** Size in bytes of GTT, or of what the GPU sees through an IOMMU. */
  readonly gtt: number;
  /** Real bytes or stamps. */
  readonly contents: "bytes" | "stamps";
}

/** What to compose. */
export interface CompositionOptions extends GpuOptions {
  /** A name of {@linkcode drivers}. @default {"radeon-sim"} */
  readonly driver?: string;
  /** A name of `managers`. @default {"range"} */
  readonly manager?: string;
  /** Those to choose from. @default {{@linkcode managers}} */
  readonly managers?: typeof managers;
  /** A name of {@linkcode policies}. @default {"lru"} */
  readonly policy?: string;
  /** Who watches the device. */
  readonly tracer?: Tracer;
}

/** A device, the simulated GPU under it, and its clock. */
export interface Composition extends MemoryRoles {
  /** The device. */
  readonly device: BoDevice;
  /** The GPU. */
  readonly gpu: SimulatedGpu;
  /** The clock of both. */
  readonly clock: SimulatedClock;
  /** Whether buffers are copied into and out of fast memory; otherwise their pages are bound there. */
  readonly copies: boolean;
}

/**
 * Composes a device from parts chosen by name.
 *
 * @throws {UsageError} If there is no part of that name.
 * @throws {TtmError} `EINVAL` if a size is less than a page.
 */
export function compose(options: CompositionOptions): Composition {
  const manager = choose("manager", options.managers ?? managers, options.manager ?? "range");
  const policy = choose("policy", policies, options.policy ?? "lru");
  const { fast, fallback, make } = choose("driver", drivers, options.driver ?? "radeon-sim");
  const gpu = make(options);
  const clock = new SimulatedClock();
  const device = new BoDevice({
    driver: gpu,
    managers: { [fast]: manager(), [fallback]: manager() },
    policy: policy(),
    clock,
    tracer: options.tracer ?? {},
  });
  const copies = gpu.memoryTypes.some(({ name, fixed }) => name === fast && fixed === true);
  return { device, gpu, clock, fast, fallback, copies };
}

function choose<Part>(kind: string, parts: Readonly<Record<string, Part>>, name: string): Part {
  const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
  if (part !== undefined) return part;
  throw new UsageError(`Cannot use ${kind} "${name}": choose one of ${Object.keys(parts).join(", ")}`);
}
