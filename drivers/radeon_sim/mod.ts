/**
 * A simulated discrete GPU for `@ttm/core`: VRAM with a CPU-visible window, GTT, a copy engine and a graphics engine
 * on the device's clock. Contents are real bytes or stamps.
 *
 * @module
 */
export { Contents } from "./contents.ts";
export type { EngineStats } from "./engine.ts";
export { type GpuJob, type JobBuffer, RadeonSim, type RadeonSimOptions } from "./radeon_sim.ts";
