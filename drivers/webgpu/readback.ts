import { type Fence, FenceContext, TtmError } from "@ttm/core";
import type { DeviceLife } from "./device_life.ts";
import { type GpuBuffer, type GpuDevice, GpuUsage, MAP_MODE_READ } from "./gpu_types.ts";

/**
 * Brings bytes back from the device: a copy into a buffer that the CPU can map, and a map that is there after a while.
 * At most so many bytes are on their way at a time, unless one buffer alone is larger.
 */
export class Readbacks {
  #device: GpuDevice;
  #life: DeviceLife;
  #limit: number;
  #line: FenceContext = new FenceContext("webgpu readback");
  #inFlight: Map<Fence, number> = new Map();

  /** `limit` is in bytes. */
  constructor(device: GpuDevice, life: DeviceLife, limit: number) {
    this.#device = device;
    this.#life = life;
    this.#limit = limit;
  }

  /** Bytes on their way. */
  get bytes(): number {
    return [...this.#inFlight.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /**
   * Begins to read a whole buffer, in the order of the queue.
   *
   * @returns Its fence, after `arrived` was called; or, when too much is on its way, a fence to try again after.
   */
  start(gpu: GpuBuffer, arrived: (bytes: Uint8Array) => void): { readonly fence: Fence; readonly started: boolean } {
    const [oldest] = this.#inFlight.keys();
    if (oldest !== undefined && this.bytes + gpu.size > this.#limit) return { fence: oldest, started: false };
    const { size } = gpu;
    const staging = this.#device.createBuffer({ size, usage: GpuUsage.MAP_READ | GpuUsage.COPY_DST });
    const encoder = this.#device.createCommandEncoder();
    encoder.copyBufferToBuffer(gpu, 0, staging, 0, size);
    this.#device.queue.submit([encoder.finish()]);
    const fence = this.#line.follow(this.#fetch(staging, arrived));
    this.#inFlight.set(fence, size);
    fence.onSignal(() => this.#inFlight.delete(fence));
    return { fence, started: true };
  }

  async #fetch(staging: GpuBuffer, arrived: (bytes: Uint8Array) => void): Promise<void> {
    try {
      await this.#life.until(staging.mapAsync(MAP_MODE_READ));
      arrived(new Uint8Array(staging.getMappedRange()).slice());
      staging.unmap();
    } catch (cause) {
      throw cause instanceof TtmError
        ? cause
        : new TtmError("EIO", `Cannot read back ${staging.size} bytes`, { cause });
    } finally {
      staging.destroy();
    }
  }
}
