/**
 * A simulated discrete GPU for `@ttm/core`: VRAM with a CPU-visible window, GTT, a copy engine and a graphics engine
 * on the device's clock. Contents are real bytes or stamps.
 *
 * @module
 */
export { Contents, type EngineStats, type GpuJob, type JobBuffer } from "@ttm/sim-parts";
export { RadeonSim, type RadeonSimOptions } from "./radeon_sim.ts";
