import type { BufferView, Driver, Fence } from "@ttm/core";
import type { EngineStats, GpuJob } from "@ttm/sim-parts";

/** The contents of a buffer, which a replay fills with a stamp and compares with one. */
export interface StampedContents {
  /** Fills all pages with a stamp. */
  fill(stamp: number): void;
  /** The first page that does not hold the stamp; -1 if all pages do; null if the contents cannot be read. */
  firstMismatch(stamp: number): number | null;
}

/** Runs the jobs of a replay and gives access to the contents of buffers. */
export interface SimulatedGpu {
  /** Statistics of the busy and idle time of the engine that runs jobs. */
  readonly graphicsStats: EngineStats;
  /** Queues a job. */
  submit(job: GpuJob<StampedContents>): Fence;
  /** The contents of a buffer in its current resource; null if it has no memory yet. */
  contentsOf(buffer: BufferView): StampedContents | null;
}

/** Whether a driver runs jobs itself. */
export function isSimulatedGpu(driver: Driver): driver is Driver & SimulatedGpu {
  const { submit, contentsOf } = driver as Partial<SimulatedGpu>;
  return typeof submit === "function" && typeof contentsOf === "function" && "graphicsStats" in driver;
}
