/**
 * What `@ttm/explain` has recorded, and live devices, for tools that people have: Chrome traces for Perfetto, JSON dumps
 * after the schema of the Vulkan Memory Allocator, metrics of OpenTelemetry.
 *
 * @module
 */
export { chromeTrace } from "./chrome_trace.ts";
export { vmaDump, vmaDumpAt } from "./vma_dump.ts";
export type { VmaAllocation, VmaBlock, VmaDump, VmaFreeRange, VmaHeap, VmaPool, VmaStats } from "./vma_format.ts";
export { vmaDumpSchema } from "./vma_schema.ts";
export { DeviceMetrics } from "./device_metrics.ts";
export type { MeterAttributes, MeterLike, MeterObservable, MeterResult } from "./meter.ts";
