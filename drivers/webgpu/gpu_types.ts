/**
 * The part of WebGPU that the driver uses, so that it accepts a `GPUDevice` of Deno, of a browser, of Dawn in Node, or
 * a fake one (https://www.w3.org/TR/webgpu/). Sizes and offsets are bytes.
 */
export interface GpuDevice {
  /** The limits of its buffers and bindings. */
  readonly limits: { readonly maxBufferSize: number; readonly maxStorageBufferBindingSize: number };
  /** The only queue, which orders all work. */
  readonly queue: GpuQueue;
  /** Settles when the device is lost. */
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  /** Creates a zeroed buffer. Failures are reported to the error scopes. */
  createBuffer(descriptor: { readonly size: number; readonly usage: number; readonly label?: string }): GpuBuffer;
  /** Creates a command encoder. */
  createCommandEncoder(): GpuCommandEncoder;
  /** Creates a bind group. */
  createBindGroup(descriptor: { readonly layout: object; readonly entries: Iterable<object> }): object;
  /** Begins to record errors of this kind for the matching {@linkcode GpuDevice.popErrorScope}. */
  pushErrorScope(filter: "out-of-memory" | "validation" | "internal"): void;
  /** The first error since the matching push; null if there was none. */
  popErrorScope(): Promise<{ readonly message: string } | null>;
}

/** A buffer of the device (`GPUBuffer`). */
export interface GpuBuffer {
  /** Size in bytes. */
  readonly size: number;
  /** Maps the bytes for the CPU, after all work submitted before. */
  mapAsync(mode: number, offset?: number, size?: number): Promise<void>;
  /** The mapped bytes. */
  getMappedRange(offset?: number, size?: number): ArrayBuffer;
  /** Ends the map. */
  unmap(): void;
  /** Frees the memory when all work submitted before has ended. */
  destroy(): void;
}

/** The device's queue (`GPUQueue`). */
export interface GpuQueue {
  /** Queues work after all earlier work. */
  submit(commands: Iterable<GpuCommands>): void;
  /** Copies host bytes into a buffer, after all earlier work. */
  writeBuffer(buffer: GpuBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>): void;
  /** Settles when all work submitted so far has ended. */
  onSubmittedWorkDone(): Promise<void>;
}

/** Encoded work (`GPUCommandBuffer`). */
export type GpuCommands = object;

/** Encodes work (`GPUCommandEncoder`). */
export interface GpuCommandEncoder {
  /** Copies between two different buffers. */
  copyBufferToBuffer(source: GpuBuffer, from: number, target: GpuBuffer, to: number, size: number): void;
  /** Fills bytes with zeros. */
  clearBuffer(buffer: GpuBuffer, offset?: number, size?: number): void;
  /** Ends the encoding. */
  finish(): GpuCommands;
}

/** The type of the buffers of a device. */
export type BufferOf<Device extends GpuDevice> = ReturnType<Device["createBuffer"]>;
/** The type of the bind groups of a device. */
export type BindGroupOf<Device extends GpuDevice> = ReturnType<Device["createBindGroup"]>;
/** The type of the layouts of bind groups of a device. */
export type LayoutOf<Device extends GpuDevice> = Parameters<Device["createBindGroup"]>[0]["layout"];

/** Usage flags of buffers (`GPUBufferUsage`), which some runtimes do not define as values. */
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
