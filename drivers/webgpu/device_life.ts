import { TtmError } from "@ttm/core";
import type { GpuDevice } from "./gpu_types.ts";

/** Whether the device is still there. Promises of a lost device need not settle; here they do. */
export class DeviceLife {
  /** Why the device is gone; null while it is not. */
  lost: TtmError | null = null;
  #waiting: Set<(lost: TtmError) => void> = new Set();

  /** Watches the device. */
  constructor(device: GpuDevice) {
    device.lost.then(({ reason, message }) => {
      const lost = new TtmError("EIO", `the WebGPU device was lost (${reason}): ${message}`);
      this.lost = lost;
      for (const reject of this.#waiting) reject(lost);
    });
  }

  /** Throws if the device is gone. */
  check(): void {
    if (this.lost !== null) throw this.lost;
  }

  /** A promise of the device, which rejects when the device is lost. `Promise.race` would keep every one of them. */
  until<Result>(promise: Promise<Result>): Promise<Result> {
    if (this.lost !== null) return Promise.reject(this.lost);
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      const end = () => this.#waiting.delete(reject);
      promise.then((result) => (end(), resolve(result)), (error) => (end(), reject(error)));
    });
  }
}
