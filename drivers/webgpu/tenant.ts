import type { TtmError } from "@ttm/core";
import type { GpuBuffer } from "./gpu_types.ts";

/** What the host knows of the bytes on the device: the same bytes, that they are zero, or nothing. */
export type HostCopy = Uint8Array<ArrayBuffer> | "zero" | null;

/** A buffer object on the device: its `GPUBuffer` and what is known of it. */
export class Tenant {
  readonly gpu: GpuBuffer;
  /** The same bytes in host memory. */
  copy: HostCopy;
  /** Why there is no usable buffer on the device; null if there is one, as far as is known. */
  failure: TtmError | null = null;
  /** Whether the host copy was read back from the device. */
  wasReadBack = false;
  #writes = 0;
  #readFailure: unknown = undefined;

  constructor(gpu: GpuBuffer, copy: HostCopy) {
    this.gpu = gpu;
    this.copy = copy;
  }

  /** Forgets what the host knows: the device writes, or its bytes were changed behind the copy. */
  noteWritten(): void {
    this.copy = null;
    this.wasReadBack = false;
    this.#writes++;
  }

  /** Takes bytes that were asked for at this moment, unless they are of the past when they arrive. */
  whenArrived(): (bytes: Uint8Array) => void {
    const writes = this.#writes;
    return (bytes) => {
      if (this.#writes !== writes) return;
      this.copy = bytes as Uint8Array<ArrayBuffer>;
      this.wasReadBack = true;
    };
  }

  /** Remembers that the bytes could not be had, for who asks next. */
  noteReadFailed(error: unknown): void {
    this.#readFailure = error;
  }

  /** Throws once what the last readback failed with. */
  mustBeReadable(): void {
    if (this.failure !== null) throw this.failure;
    const error = this.#readFailure;
    this.#readFailure = undefined;
    if (error !== undefined) throw error;
  }
}
