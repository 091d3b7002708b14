import { type Fence, FenceContext, type Postponed, TtmError } from "@ttm/core";
import type { GpuDevice } from "./gpu_types.ts";

/** New devices of one recovery: one that is lost while everything is built up on it is followed by another. */
const MAX_DEVICES = 4;

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
  rebuild(): Promise<void>;
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
  /** How the present device was lost; null while it is not. */
  #loss: { readonly lost: LostDevice; readonly error: TtmError } | null = null;
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
      if (this.#loss !== null) reject(this.#loss.error);
      else this.#waiting.add(reject);
      const end = () => this.#waiting.delete(reject);
      promise.then((result) => (end(), resolve(result)), (error) => (end(), reject(error)));
    });
  }

  /**
   * The next turn of the event loop. Implementations let calls fail before they tell that the device is lost: who waits
   * for this after a failure gets the loss as the error.
   */
  nextTurn(): Promise<void> {
    return this.until(new Promise((resolve) => setTimeout(resolve)));
  }

  #watch(device: Device): void {
    device.lost.then((lost) => {
      const { reason, message } = lost;
      const error = new TtmError("EIO", `the WebGPU device was lost (${reason}): ${message}`);
      const isRebuilding = this.recovering !== null;
      this.#loss = { lost, error };
      if (this.#hooks.recover === undefined) this.lost = error;
      else this.recovering ??= this.#recoveries.next();
      const waiting = [...this.#waiting];
      this.#waiting.clear();
      this.#hooks.lose(error, lost);
      for (const reject of waiting) reject(error);
      if (!isRebuilding && this.recovering !== null) void this.#recover(error);
    });
  }

  async #recover(error: TtmError): Promise<void> {
    try {
      for (let devices = 0; this.#loss !== null; devices++) {
        if (devices === MAX_DEVICES) throw new Error(`${devices} new devices were lost as well`);
        await this.#replace(this.#loss);
      }
    } catch (cause) {
      this.lost = cause === error ? error : new TtmError("EIO", `${error.message}, and not recovered`, { cause });
    }
    const { recovering } = this;
    this.recovering = null;
    recovering?.signal();
  }

  async #replace({ lost, error }: { readonly lost: LostDevice; readonly error: TtmError }): Promise<void> {
    const device = await this.#hooks.recover?.(lost) ?? null;
    if (device === null) throw error;
    this.#loss = null;
    this.device = device;
    this.#watch(device);
    try {
      await this.#hooks.rebuild();
    } catch (cause) {
      if (this.#loss === null) throw cause;
    }
  }
}
