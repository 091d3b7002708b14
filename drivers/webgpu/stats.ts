/** Statistics of a driver, in bytes unless stated otherwise. */
export interface WebGpuStats {
  /** Bytes that count in the budget now: of `GPUBuffer`s in use and idle, staging, and what is being destroyed. */
  readonly deviceBytes: number;
  /** The most bytes that have counted in the budget at a time. */
  readonly highestBytes: number;
  /** Host copies of buffers on the device, now. */
  readonly hostCopyBytes: number;
  /** Uploaded to the device. */
  readonly uploadedBytes: number;
  /** Read back from the device. */
  readonly readBackBytes: number;
  /** Number of buffers evicted without a readback. */
  readonly cleanEvictions: number;
  /** Number of times that the device was asked for the end of work. */
  readonly waits: number;
}
