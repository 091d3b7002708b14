import { type Fence, FenceContext, type Postponed, TtmError } from "@ttm/core";
import type { Chunk } from "./chunk.ts";
import type { DeviceLife } from "./device_life.ts";
import { type GpuBuffer, type GpuDevice, MAP_MODE_READ } from "./gpu_types.ts";
import { type GpuMemory, STAMP_BYTES, STAMPS_BYTES } from "./memory.ts";
import type { Timeline } from "./timeline.ts";

/** Bytes of a `GPUBuffer`. */
export interface Span {
  readonly buffer: GpuBuffer;
  readonly offset: number;
  readonly size: number;
}

type Arrived = (bytes: Uint8Array<ArrayBuffer>) => void;

/** A readback whose copy has been queued, so that what comes later may change the bytes, or one that comes in pieces. */
export interface Readback {
  /** Signals after `arrived` was called, or with an error. */
  readonly fence: Fence;
  /** Whether all bytes have been copied in the order of the queue. */
  readonly isQueued: boolean;
}

/**
 * Reads bytes of the device: they are copied into a staging buffer at once, and mapped for the CPU when somebody waits.
 *
 * Behind the bytes each copy puts a stamp that no earlier copy has. Without it the copy was not made, whatever the map
 * says: a lost device or an invalid command leaves zeros or old bytes in the staging buffer.
 */
export class Readbacks<Device extends GpuDevice> {
  /** Bytes read back so far. */
  bytes = 0;
  #life: DeviceLife<Device>;
  #memory: GpuMemory;
  #timeline: Timeline;
  #inPieces: FenceContext = new FenceContext("webgpu readback in pieces");
  #lastStamp = 0;
  /** Where the last stamp is in the buffer with stamps, and that buffer. */
  #stampAt = 0;
  #stamps: GpuBuffer | null = null;

  constructor(life: DeviceLife<Device>, memory: GpuMemory, timeline: Timeline) {
    this.#life = life;
    this.#memory = memory;
    this.#timeline = timeline;
  }

  /** Begins to read; postpones it if there is no staging buffer at present. `arrived` must copy the bytes. */
  start(span: Span, arrived: Arrived): Readback | Postponed {
    const staging = this.#memory.takeStaging(span.size + STAMP_BYTES);
    if (staging === "later") return { retryAfter: this.#memory.freeing as Fence };
    if (staging === "no-room") {
      return { fence: this.#inPieces.follow(this.#readInPieces(span, arrived)), isQueued: false };
    }
    return { fence: this.#copy(span, staging, arrived), isQueued: true };
  }

  #copy({ buffer, offset, size }: Span, staging: Chunk, arrived: Arrived): Fence {
    const { device } = this.#life;
    const target = staging.buffer as GpuBuffer;
    const stamp = this.#nextStamp();
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, target, 0, size);
    encoder.copyBufferToBuffer(this.#memory.stamps, this.#stampAt, target, size, STAMP_BYTES);
    device.queue.submit([encoder.finish()]);
    return this.#timeline.readback(async () => {
      try {
        const bytes = await this.#map(target, size, stamp);
        this.bytes += size;
        arrived(bytes);
      } finally {
        target.unmap();
        this.#memory.giveStaging(staging);
      }
    });
  }

  /** Takes the next stamp. When the buffer with stamps is used up it is written anew, behind all copies from it. */
  #nextStamp(): number {
    this.#stampAt += STAMP_BYTES;
    const { stamps } = this.#memory;
    if (this.#stamps !== stamps || this.#stampAt === STAMPS_BYTES) {
      if (this.#lastStamp + STAMPS_BYTES > 2 ** 32) this.#lastStamp = 0;
      const numbers = Uint32Array.from({ length: STAMPS_BYTES / STAMP_BYTES }, (_, at) => this.#lastStamp + 1 + at);
      this.#life.device.queue.writeBuffer(stamps, 0, new Uint8Array(numbers.buffer));
      this.#stamps = stamps;
      this.#stampAt = 0;
    }
    return ++this.#lastStamp;
  }

  async #map(target: GpuBuffer, size: number, stamp: number): Promise<Uint8Array<ArrayBuffer>> {
    const map = () => this.#life.until(target.mapAsync(MAP_MODE_READ, 0, size + STAMP_BYTES));
    try {
      // The bytes stay in the staging buffer: a map that fails is tried once more.
      await map().catch(() => this.#life.nextTurn().then(map));
    } catch (cause) {
      throw cause instanceof TtmError ? cause : new TtmError("EIO", `Cannot read back ${size} bytes`, { cause });
    }
    const bytes = new Uint8Array(target.getMappedRange(0, size + STAMP_BYTES));
    if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(size, true) !== stamp) {
      await this.#life.nextTurn();
      throw new TtmError("EIO", `Cannot read back ${size} bytes: the device has not made the copy`);
    }
    return bytes.subarray(0, size);
  }

  async #readInPieces({ buffer, offset, size }: Span, arrived: Arrived): Promise<void> {
    const bytes = new Uint8Array(size);
    const most = this.#memory.sizes.reserve - STAMPS_BYTES - STAMP_BYTES;
    for (let at = 0; at < size;) {
      const length = Math.min(most, size - at);
      const staging = this.#memory.takeStaging(length + STAMP_BYTES);
      if (typeof staging !== "string") {
        const from = at;
        at += length;
        await this.#copy({ buffer, offset: offset + from, size: length }, staging, (part) => bytes.set(part, from))
          .settled();
      } else if (staging === "later") await this.#memory.freeing?.settled();
      else throw new TtmError("ENOMEM", `Cannot read back ${size} bytes: the device has no staging buffer`);
      const lost = this.#life.check();
      if (lost !== null) throw new TtmError("EIO", `Cannot read back ${size} bytes: the device was lost`);
    }
    arrived(bytes);
  }
}
