/**
 * What the driver uses of WebGPU, so that a `GPUDevice` of Deno, of a browser, of Dawn in Node, or a fake one will do
 * (https://www.w3.org/TR/webgpu/). Sizes and offsets are bytes.
 */
export interface GpuDevice {
  /** What its buffers are bounded by. */
  readonly limits: { readonly maxBufferSize: number };
  /** The one queue, which orders everything. */
  readonly queue: GpuQueue;
  /** Settles when the device is gone. */
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  /** Makes a buffer that reads as zero. Failures are told to the error scopes. */
  createBuffer(descriptor: { readonly size: number; readonly usage: number; readonly label?: string }): GpuBuffer;
  /** Makes an encoder of commands. */
  createCommandEncoder(): GpuCommandEncoder;
  /** From now on errors of this kind are kept for the matching {@linkcode GpuDevice.popErrorScope}. */
  pushErrorScope(filter: "out-of-memory" | "validation" | "internal"): void;
  /** The first error since the matching push; null if there was none. */
  popErrorScope(): Promise<{ readonly message: string } | null>;
}

/** A buffer of the device (`GPUBuffer`). */
export interface GpuBuffer {
  /** In bytes. */
  readonly size: number;
  /** Makes the bytes readable or writable by the CPU, after all that was submitted before. */
  mapAsync(mode: number, offset?: number, size?: number): Promise<void>;
  /** The mapped bytes. */
  getMappedRange(offset?: number, size?: number): ArrayBuffer;
  /** Ends the map. */
  unmap(): void;
  /** Gives the memory back when all that was submitted before has ended. */
  destroy(): void;
}

/** Where work goes (`GPUQueue`). */
export interface GpuQueue {
  /** Puts work behind all earlier work. */
  submit(commands: Iterable<GpuCommands>): void;
  /** Copies host bytes into a buffer, behind all earlier work. */
  writeBuffer(buffer: GpuBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Settles when all that was submitted so far has ended. */
  onSubmittedWorkDone(): Promise<void>;
}

/** Encoded work (`GPUCommandBuffer`). */
export type GpuCommands = object;

/** Encodes work (`GPUCommandEncoder`). */
export interface GpuCommandEncoder {
  /** Copies between two different buffers. */
  copyBufferToBuffer(source: GpuBuffer, from: number, target: GpuBuffer, to: number, size: number): void;
  /** Ends the encoding. */
  finish(): GpuCommands;
}

/** Flags of buffers (`GPUBufferUsage`), which not every runtime has as values. */
export const GpuUsage = {
  MAP_READ: 0x1,
  MAP_WRITE: 0x2,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  INDEX: 0x10,
  VERTEX: 0x20,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  INDIRECT: 0x100,
  QUERY_RESOLVE: 0x200,
} as const;

/** `GPUMapMode.READ`. */
export const MAP_MODE_READ = 1;
