import type { BufferView, Driver, Fence } from "@ttm/core";
import type { EngineStats, GpuJob } from "@ttm/sim-parts";

/** What a replay needs of the contents of a buffer: those that a stamp names can be put there, and told from others. */
export interface StampedContents {
  /** Fills all pages with what a stamp names. */
  fill(stamp: number): void;
  /** The first page that does not hold what the stamp names; -1 if all do; null if nobody can see it. */
  firstMismatch(stamp: number): number | null;
}

/** What runs the jobs of a replay, and knows where the contents of buffers are. */
export interface SimulatedGpu {
  /** How the engine that runs jobs has spent its time. */
  readonly graphicsStats: EngineStats;
  /** Queues a job. */
  submit(job: GpuJob<StampedContents>): Fence;
  /** The contents of a buffer where it is now; null if it has no memory yet. */
  contentsOf(buffer: BufferView): StampedContents | null;
}

/** Whether a driver runs jobs itself. */
export function isSimulatedGpu(driver: Driver): driver is Driver & SimulatedGpu {
  const { submit, contentsOf } = driver as Partial<SimulatedGpu>;
  return typeof submit === "function" && typeof contentsOf === "function" && "graphicsStats" in driver;
}
