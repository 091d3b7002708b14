/**
 * A driver of real GPUs for `@ttm/core`, over WebGPU: {@linkcode WebGpu}. The caller provides the `GPUDevice`, so the
 * driver runs in Deno, in browsers, and in Node with an implementation of WebGPU. It depends only on the core.
 *
 * @module
 */
export { type BudgetNode, byteBudget, type Retiring } from "./byte_budget.ts";
export {
  type GpuBuffer,
  type GpuCommandEncoder,
  type GpuCommands,
  type GpuDevice,
  type GpuQueue,
  GpuUsage,
} from "./gpu_types.ts";
export { WebGpu, type WebGpuStats } from "./webgpu.ts";
export type { WebGpuOptions } from "./webgpu_options.ts";
