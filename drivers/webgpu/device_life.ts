import { TtmError } from "@ttm/core";
import type { GpuDevice } from "./gpu_types.ts";

/** Whether the device was lost. Promises of a lost device need not settle; those of {@linkcode until} do. */
export class DeviceLife {
  /** Why the device was lost; null before. */
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

  /** Throws if the device was lost. */
  check(): void {
    if (this.lost !== null) throw this.lost;
  }

  /** A promise of the device, which rejects when the device is lost. `Promise.race` would never release it. */
  until<Result>(promise: Promise<Result>): Promise<Result> {
    if (this.lost !== null) return Promise.reject(this.lost);
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      const end = () => this.#waiting.delete(reject);
      promise.then((result) => (end(), resolve(result)), (error) => (end(), reject(error)));
    });
  }
}
