import { type Fence, PAGE_SIZE, type Postponed } from "@ttm/core";
import type { GpuBuffer, GpuDevice } from "./gpu_types.ts";
import type { Range } from "./chunk.ts";
import type { Timeline } from "./timeline.ts";

/** Larger writes are split, since implementations keep a copy of each until it has ended. */
const WRITE_BYTES = 16 * 2 ** 20;

/** Writes host bytes into the device's buffers, in queue order, with a limit on what is in flight. */
export class Uploads {
  /** Bytes uploaded so far. */
  bytes = 0;
  #device: () => GpuDevice;
  #timeline: Timeline;
  #limit: number;
  #inFlight = 0;
  #unsubmitted = 0;
  #lastFence: { readonly fence: Fence; bytes: number } | null = null;

  /** `limit` is in bytes. */
  constructor(device: () => GpuDevice, timeline: Timeline, limit: number) {
    this.#device = device;
    this.#timeline = timeline;
    this.#limit = limit;
  }

  /** Postpones an upload while too many bytes are in flight; a single larger one is allowed. */
  check(bytes: number): Postponed | null {
    if (this.#inFlight === 0 || this.#inFlight + bytes <= this.#limit) return null;
    return { retryAfter: this.#timeline.work() };
  }

  /** Writes whole words at an offset in bytes. */
  write(buffer: GpuBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    const { queue } = this.#device();
    for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
      const part = bytes.subarray(at, at + WRITE_BYTES);
      queue.writeBuffer(buffer, offset + at, part);
      this.#unsubmitted += part.length;
      if (this.#unsubmitted < WRITE_BYTES) continue;
      // Implementations hold writes back until something is submitted.
      queue.submit([]);
      this.#unsubmitted = 0;
    }
    this.bytes += bytes.length;
    this.#count(bytes.length);
  }

  /** Makes a range read as zero. */
  clear({ chunk, offset, bytes, isFresh }: Range): void {
    if (isFresh || chunk.buffer === null) return;
    const device = this.#device();
    const encoder = device.createCommandEncoder();
    encoder.clearBuffer(chunk.buffer, offset, bytes);
    device.queue.submit([encoder.finish()]);
  }

  /** Copies a range to another one. */
  copy(source: Range, target: Range): void {
    if (source.chunk.buffer === null || target.chunk.buffer === null) return;
    const device = this.#device();
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(
      source.chunk.buffer,
      source.offset,
      target.chunk.buffer,
      target.offset,
      source.pages * PAGE_SIZE,
    );
    device.queue.submit([encoder.finish()]);
  }

  #count(bytes: number): void {
    this.#inFlight += bytes;
    const fence = this.#timeline.work();
    if (this.#lastFence?.fence === fence) {
      this.#lastFence.bytes += bytes;
      return;
    }
    const counted = { fence, bytes };
    this.#lastFence = counted;
    fence.observe(() => this.#inFlight -= counted.bytes);
  }
}
