import { type Fence, FenceContext, type Postponed, TtmError } from "@ttm/core";
import type { GpuDevice } from "./gpu_types.ts";

/** Why a device was lost, as `GPUDeviceLostInfo` has it. */
export interface LostDevice {
  /** `"destroyed"` after `device.destroy()`, `"unknown"` otherwise. */
  readonly reason: string;
  /** What the implementation says about it. */
  readonly message: string;
}

/** What happens when a device is lost. */
export interface LifeHooks<Device> {
  /** Brings a new device, or null if there is none. */
  readonly recover: ((lost: LostDevice) => Promise<Device | null>) | undefined;
  /** Called at once when the device is lost. */
  lose(error: TtmError, lost: LostDevice): void;
  /** Builds everything on the new device. */
  rebuild(lost: LostDevice): Promise<void>;
}

/** The device of a driver: the present one, whether it is lost, and how the next one comes. */
export class DeviceLife<Device extends GpuDevice> {
  /** The present device, lost or not. */
  device: Device;
  /** Why there is no device; null while there is one, or one is being brought. */
  lost: TtmError | null = null;
  /** Signals, always without an error, when the next device is there or will not come; null if none is awaited. */
  recovering: Fence | null = null;
  #hooks: LifeHooks<Device>;
  #recoveries: FenceContext = new FenceContext("webgpu recovery");
  #waiting: Set<(lost: TtmError) => void> = new Set();

  constructor(device: Device, hooks: LifeHooks<Device>) {
    this.device = device;
    this.#hooks = hooks;
    this.#watch(device);
  }

  /** Throws if the device was lost for good; postpones if a new one is awaited. */
  check(): Postponed | null {
    if (this.lost !== null) throw this.lost;
    return this.recovering === null ? null : { retryAfter: this.recovering };
  }

  /** A promise of the device, which rejects when the device is lost; promises of lost devices need not settle. */
  until<Result>(promise: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      const end = () => this.#waiting.delete(reject);
      promise.then((result) => (end(), resolve(result)), (error) => (end(), reject(error)));
    });
  }

  #watch(device: Device): void {
    device.lost.then((lost) => {
      const { reason, message } = lost;
      const error = new TtmError("EIO", `the WebGPU device was lost (${reason}): ${message}`);
      const isRebuilding = this.recovering !== null;
      if (this.#hooks.recover === undefined) this.lost = error;
      else this.recovering ??= this.#recoveries.next();
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      this.#hooks.lose(error, lost);
      for (const reject of waiting) reject(error);
      if (!isRebuilding && this.recovering !== null) void this.#recover(lost, error);
    });
  }

  async #recover(lost: LostDevice, error: TtmError): Promise<void> {
    try {
      // A device that is lost while everything is built on it is followed by another.
      while (!await this.#replace(lost, error)) continue;
    } catch (cause) {
      this.lost = cause === error ? error : new TtmError("EIO", `${error.message}, and not recovered`, { cause });
    }
    const { recovering } = this;
    this.recovering = null;
    recovering?.signal();
  }

  /** Returns false if the new device was lost meanwhile. */
  async #replace(lost: LostDevice, error: TtmError): Promise<boolean> {
    const device = await this.#hooks.recover?.(lost) ?? null;
    if (device === null) throw error;
    let isLost = false;
    device.lost.then(() => isLost = true);
    this.device = device;
    this.#watch(device);
    try {
      await this.#hooks.rebuild(lost);
    } catch (cause) {
      if (!isLost) throw cause;
    }
    return !isLost;
  }
}
