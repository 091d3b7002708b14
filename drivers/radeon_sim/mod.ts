/**
 * A simulated discrete GPU for `@ttm/core`: VRAM with a CPU-visible window, GTT, copy engines and a graphics engine
 * on the device's clock, which may hang and be reset. Contents are real bytes or stamps.
 *
 * @module
 */
export { Contents, type EngineStats, type GpuJob, type JobBuffer } from "@ttm/sim-parts";
export type { EngineKind } from "./engines.ts";
export type { MemoryDomain, SubmissionBuffer } from "./move_budget.ts";
export type { RadeonSimOptions } from "./radeon_options.ts";
export { RadeonSim } from "./radeon_sim.ts";
