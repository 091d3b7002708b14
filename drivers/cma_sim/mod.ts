/**
 * A simulated device with unified memory for `@ttm/core`: {@linkcode CmaSim}. Its buffers are host pages, which it
 * accesses through a contiguous carve-out. It depends only on the core and `@ttm/sim-parts`, and runs wherever
 * JavaScript does.
 *
 * @module
 */
export { Contents, type EngineStats, type GpuJob, type JobBuffer } from "@ttm/sim-parts";
export { CmaSim } from "./cma_sim.ts";
export type { CarveOutStats, CmaSimOptions } from "./cma_options.ts";
