import { type Fence, FenceContext, TtmError } from "@ttm/core";
import type { DeviceLife } from "./device_life.ts";
import { type GpuBuffer, type GpuDevice, GpuUsage, MAP_MODE_READ } from "./gpu_types.ts";

/**
 * Reads buffers of the device: each is copied into a staging buffer, which is then mapped for the CPU. Readbacks in
 * flight are limited in bytes, except that a single larger buffer is allowed.
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

  /** Bytes of the readbacks in flight. */
  get bytes(): number {
    return [...this.#inFlight.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  /**
   * Begins to read a whole buffer, in queue order.
   *
   * @returns The fence of the readback, which signals after the call of `arrived`; or, if too many bytes are in flight,
   * a fence after which to try again.
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
