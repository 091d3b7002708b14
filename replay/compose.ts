import { buddy } from "@ttm/buddy";
import { BoDevice, type MemTypeManager, SimulatedClock, type Tracer } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { UsageError } from "./usage_error.ts";

/** The managers that a replay can use, by name; each call makes a new one. */
export const managers: Readonly<Record<string, () => MemTypeManager>> = {
  "first-fit": () => firstFit(),
  "first-fit-lowest": () => firstFit({ order: "lowest" }),
  "buddy": () => buddy(),
};

/** The simulated GPUs that a replay can use, by name. Sizes are bytes. */
export const drivers: Readonly<Record<string, (options: GpuOptions) => RadeonSim>> = {
  // All of VRAM visible: the CPU takes no part in replays, and would be no reason to move buffers about.
  "radeon-sim": (options) => new RadeonSim({ ...options, visibleVram: options.vram }),
};

/** What every simulated GPU is told. */
export interface GpuOptions {
  /** Size of VRAM in bytes. */
  readonly vram: number;
  /** Size of GTT in bytes. */
  readonly gtt: number;
  /** Real bytes or stamps. */
  readonly contents: "bytes" | "stamps";
}

/** What to compose. */
export interface CompositionOptions extends GpuOptions {
  /** A name of {@linkcode drivers}. @default {"radeon-sim"} */
  readonly driver?: string;
  /** A name of {@linkcode managers}. @default {"first-fit"} */
  readonly manager?: string;
  /** Who watches the device. */
  readonly tracer?: Tracer;
}

/** A device, the simulated GPU under it, and its clock. */
export interface Composition {
  /** The device. */
  readonly device: BoDevice;
  /** The GPU. */
  readonly gpu: RadeonSim;
  /** The clock of both. */
  readonly clock: SimulatedClock;
}

/**
 * Composes a device from parts chosen by name.
 *
 * @throws {UsageError} If there is no part of that name.
 * @throws {TtmError} `EINVAL` if a size is less than a page.
 */
export function compose(options: CompositionOptions): Composition {
  const manager = choose("manager", managers, options.manager ?? "first-fit");
  const gpu = choose("driver", drivers, options.driver ?? "radeon-sim")(options);
  const clock = new SimulatedClock();
  const device = new BoDevice({
    driver: gpu,
    managers: { vram: manager(), gtt: manager() },
    clock,
    tracer: options.tracer ?? {},
  });
  return { device, gpu, clock };
}

function choose<Part>(kind: string, parts: Readonly<Record<string, Part>>, name: string): Part {
  const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
  if (part !== undefined) return part;
  throw new UsageError(`Cannot use ${kind} "${name}": choose one of ${Object.keys(parts).join(", ")}`);
}
