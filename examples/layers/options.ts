import type { BoDevice, EvictionPolicy } from "@ttm/core";
import type { WebGpu } from "@ttm/webgpu";

/** What those who compare and those who look set. */
export interface TtmOptions {
  /** Chooses who leaves the device. @default {`lru()`} */
  readonly policy?: EvictionPolicy;
  /** Looks at the device after each layer. */
  readonly watch?: (device: BoDevice, driver: WebGpu<GPUDevice>) => Promise<void>;
}
