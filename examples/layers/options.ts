import type { BoDevice, EvictionPolicy, ReadOnlyStore } from "@ttm/core";
import type { WebGpu } from "@ttm/webgpu";

/** What those who compare and those who look set. */
export interface TtmOptions {
  /** Chooses who leaves the device. @default {`lru()`} */
  readonly policy?: EvictionPolicy;
  /** Has the weights under their names, so that host memory needs no copy. @default {they are written once} */
  readonly store?: ReadOnlyStore;
  /** Whether the program says which matrices it uses next; the policy should look ahead then. */
  readonly hints?: boolean;
  /** Looks at the device after each layer. */
  readonly watch?: (device: BoDevice, driver: WebGpu<GPUDevice>) => Promise<void>;
}
