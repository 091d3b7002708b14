import { buddy } from "@ttm/buddy";
import { CmaSim } from "@ttm/cma-sim";
import { type Driver, type EvictionPolicy, lru, type MemTypeManager, mru } from "@ttm/core";
import { firstFit, rangeManager } from "@ttm/first-fit";
import { goodFit } from "@ttm/good-fit";
import { adaptive, arc, clock, gdsf, lirs, loops, reuse, s3fifo, sieve, twoQueues } from "@ttm/policies";
import { RadeonSim } from "@ttm/radeon-sim";
import { UsageError } from "./usage_error.ts";

/** The arguments of a driver factory. */
export interface GpuOptions {
  /** Size in bytes of VRAM, or of the memory type that takes its place. */
  readonly vram: number;
  /** Size in bytes of GTT, or of the fallback memory type that the GPU can also access. */
  readonly gtt: number;
  /** Real bytes or stamps. */
  readonly contents: "bytes" | "stamps";
}

/** Makes a driver of these sizes, a new one each time. */
export type DriverFactory = (options: GpuOptions) => Driver;

/** Makes a manager, a new one each time. */
export type ManagerFactory = () => MemTypeManager;

/** Makes an eviction policy, a new one each time. */
export type PolicyFactory = () => EvictionPolicy;

/** The managers that a replay can use, by name. */
export const managers: Readonly<Record<string, ManagerFactory>> = {
  "range": () => rangeManager(),
  "range-scan": () => rangeManager({ scan: true }),
  "first-fit": () => firstFit(),
  "first-fit-evict": () => firstFit({ order: "evict" }),
  "good-fit": () => goodFit(),
  "buddy": () => buddy(),
};

/** The eviction policies that a replay can use, by name. */
export const policies: Readonly<Record<string, PolicyFactory>> = {
  lru,
  mru,
  clock,
  sieve,
  s3fifo,
  arc,
  "2q": twoQueues,
  lirs,
  gdsf: () => gdsf(),
  loops: () => loops(lru()),
  reuse,
  adaptive,
};

/** The simulated GPUs that a replay can use, by name. */
export const drivers: Readonly<Record<string, DriverFactory>> = {
  // All of VRAM is visible: the CPU does not access buffers in replays, so no buffer has to move for it.
  "radeon-sim": ({ vram, gtt, contents }) => new RadeonSim({ vram, gtt, contents, visibleVram: vram }),
  "cma-sim": ({ vram, gtt, contents }) => new CmaSim({ carveOut: vram, iommu: gtt, contents }),
};

/**
 * Looks up a part by name.
 *
 * @throws {UsageError} If no part has that name.
 */
export function choose<Part>(kind: string, parts: Readonly<Record<string, Part>>, name: string): Part {
  const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
  if (part !== undefined) return part;
  throw new UsageError(`Cannot use ${kind} "${name}": choose one of ${Object.keys(parts).join(", ")}`);
}
