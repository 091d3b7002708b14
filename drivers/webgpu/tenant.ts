import type { TtmError } from "@ttm/core";
import type { GpuBuffer } from "./gpu_types.ts";

/** What the host knows of the bytes on the device: a copy of them, that they are zero, or nothing (null). */
export type HostCopy = Uint8Array<ArrayBuffer> | "zero" | null;

/** A buffer object in VRAM: its `GPUBuffer` and what the host knows of its bytes. */
export class Tenant {
  readonly gpu: GpuBuffer;
  /** What the host knows of the bytes. */
  copy: HostCopy;
  /** Why the `GPUBuffer` is not usable; null while no error is known. */
  failure: TtmError | null = null;
  /** Whether the host copy was read back from the device. */
  wasReadBack = false;
  #writes = 0;
  #readFailure: unknown = undefined;

  constructor(gpu: GpuBuffer, copy: HostCopy) {
    this.gpu = gpu;
    this.copy = copy;
  }

  /** Drops the host copy, because the bytes on the device change. */
  noteWritten(): void {
    this.copy = null;
    this.wasReadBack = false;
    this.#writes++;
  }

  /** Returns the function that stores bytes read back from now on; it ignores them if the device has written since. */
  whenArrived(): (bytes: Uint8Array) => void {
    const writes = this.#writes;
    return (bytes) => {
      if (this.#writes !== writes) return;
      this.copy = bytes as Uint8Array<ArrayBuffer>;
      this.wasReadBack = true;
    };
  }

  /** Stores the error of a failed readback for the next caller that needs the bytes. */
  noteReadFailed(error: unknown): void {
    this.#readFailure = error;
  }

  /** Throws the stored error of the last readback, once. */
  mustBeReadable(): void {
    if (this.failure !== null) throw this.failure;
    const error = this.#readFailure;
    this.#readFailure = undefined;
    if (error !== undefined) throw error;
  }
}
