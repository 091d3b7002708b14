/**
 * What simulated devices for `@ttm/core` are made of: memory that holds real bytes or stamps, and in-order engines on
 * the device's clock that run jobs.
 *
 * @module
 */
export { Contents } from "./contents.ts";
export { Engine, type EngineStats } from "./engine.ts";
export { type GpuJob, type JobBuffer, submitJob } from "./job.ts";
export { byteMemory, type MemoryKind } from "./memory.ts";
export { memoryKinds, tableOf } from "./memory_kinds.ts";
export { stampMemory, StampRuns } from "./stamp_memory.ts";
