import { MAP_MODE_READ } from "./gpu_types.ts";
import { type GpuBuffer, GpuUsage } from "./mod.ts";
import type { FakeGpu } from "./testing_fake_gpu.ts";

/** A buffer of a {@linkcode FakeGpu}. */
export class FakeBuffer implements GpuBuffer {
  readonly size: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly usage: number;
  invalid = false;
  /** Whether there is no memory behind it, and nobody was told. */
  isPhantom = false;
  destroyed = false;
  mapState: "unmapped" | "pending" | "mapped" = "unmapped";
  #gpu: FakeGpu;
  #label: string;

  constructor(gpu: FakeGpu, size: number, usage: number, label: string) {
    this.#gpu = gpu;
    this.size = size;
    this.usage = usage;
    this.#label = label;
    this.bytes = new Uint8Array(size);
  }

  get isStaging(): boolean {
    return (this.usage & GpuUsage.MAP_READ) !== 0;
  }

  /** Whether a use is allowed; records an error if not. */
  mustBeUsable(what: string, usage = 0, offset = 0, size = 0): boolean {
    const wrong = this.invalid
      ? "is invalid"
      : this.destroyed
      ? "is destroyed"
      : this.mapState !== "unmapped"
      ? `is ${this.mapState}`
      : (this.usage & usage) !== usage
      ? `has usage ${this.usage}`
      : offset % 4 !== 0 || size % 4 !== 0
      ? `has no whole words at ${offset} + ${size}`
      : offset + size > this.size
      ? `ends at ${this.size}, before ${offset} + ${size}`
      : null;
    if (wrong !== null) this.#gpu.fail("validation", `buffer ${this.#label} cannot ${what}: it ${wrong}`);
    else if (this.isPhantom && !this.#gpu.isLost) this.#gpu.lose();
    return wrong === null;
  }

  async mapAsync(mode: number, offset = 0, size: number = this.size - offset): Promise<void> {
    if (mode !== MAP_MODE_READ || !this.isStaging) this.#gpu.fail("validation", `mode ${mode} of a map`);
    if (offset % 8 !== 0) this.#gpu.fail("validation", `a map from ${offset} is not aligned`);
    if (!this.mustBeUsable("be mapped", 0, offset, size)) throw new Error("OperationError");
    this.mapState = "pending";
    await this.#gpu.map();
    if (this.mapState !== "pending") throw new Error("AbortError");
    if (this.#gpu.failingMaps > 0) {
      this.#gpu.failingMaps--;
      this.mapState = "unmapped";
      throw new Error("OperationError: the map failed");
    }
    this.mapState = "mapped";
  }

  getMappedRange(offset = 0, size: number = this.size - offset): ArrayBuffer {
    if (this.mapState !== "mapped") throw new Error(`OperationError: the buffer is ${this.mapState}`);
    return this.bytes.slice(offset, offset + size).buffer;
  }

  unmap(): void {
    this.mapState = "unmapped";
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.mapState = "unmapped";
    if (!this.invalid) this.#gpu.release(this);
  }
}
