/**
 * Runs workloads of buffer allocations, submissions and frees through a simulated GPU and reports what moved. The
 * command line is `@ttm/replay/cli`.
 *
 * @module
 */
export { readBoTrace } from "@ttm/import";
export type { DriverFactory, GpuOptions, ManagerFactory, PolicyFactory } from "./parts.ts";
export { replay, type Replayed, type ReplayOptions } from "./replay.ts";
export type { ReplayedDevice } from "./compose.ts";
export type { Report } from "./report.ts";
export type { TagReport } from "./tag_counters.ts";
export { UsageError } from "./usage_error.ts";
export type { Loss } from "./verifier.ts";
export {
  type AllocEvent,
  type BufferUse,
  type FreeEvent,
  hasJobs,
  type JobEvent,
  peakBytes,
  type Workload,
  WorkloadError,
  type WorkloadEvent,
} from "@ttm/import";
export { type ShippedWorkload, workloads } from "./workloads/mod.ts";
