/**
 * Parts of simulated devices for `@ttm/core`: memory that holds real bytes or stamps, and in-order engines that run
 * jobs on the device's clock.
 *
 * @module
 */
export { Contents } from "./contents.ts";
export { Engine, type EngineStats } from "./engine.ts";
export { type GpuJob, type JobBuffer, submitJob } from "./job.ts";
export { byteMemory, type MemoryKind } from "./memory.ts";
export { memoryKinds, tableOf } from "./memory_kinds.ts";
export { stampMemory, StampRuns } from "./stamp_memory.ts";
