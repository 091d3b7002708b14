/**
 * A driver of real GPUs for `@ttm/core`, over WebGPU: {@linkcode WebGpu}. The caller provides the `GPUDevice`, so the
 * driver runs in Deno, in browsers, and in Node with an implementation of WebGPU. It depends only on the core and on
 * the allocator of `@ttm/good-fit`.
 *
 * @module
 */
export type { BindGroupEntry, BindGroupRequest, Binding } from "./bindings.ts";
export type { Access } from "./chunk.ts";
export type { LostDevice } from "./device_life.ts";
export {
  type BindGroupOf,
  type BufferOf,
  type GpuBuffer,
  type GpuCommandEncoder,
  type GpuCommands,
  type GpuDevice,
  type GpuQueue,
  GpuUsage,
  type LayoutOf,
} from "./gpu_types.ts";
export { slabs, WebGpu, type WebGpuStats } from "./webgpu.ts";
export type { GpuBufferOptions, LostContents, WebGpuOptions } from "./webgpu_options.ts";
