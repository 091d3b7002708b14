import { type GpuBuffer, type GpuCommandEncoder, type GpuDevice, type GpuQueue, GpuUsage } from "./mod.ts";
import { MAP_MODE_READ } from "./gpu_types.ts";

type Kind = "validation" | "out-of-memory";

interface Copy {
  readonly source: FakeBuffer;
  readonly from: number;
  readonly target: FakeBuffer;
  readonly to: number;
  readonly size: number;
}

/**
 * A `GPUDevice` in host memory that is as strict as WebGPU's validation: usages, alignment, bounds, states of maps, use
 * after destroy. Work runs in order, some turns of the event loop after it was submitted; the memory of a destroyed
 * buffer is free when the work submitted before its destruction has ended.
 */
export class FakeGpu implements GpuDevice {
  readonly limits: { readonly maxBufferSize: number };
  readonly queue: GpuQueue;
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  /** Errors that no error scope has recorded. */
  readonly uncaptured: string[] = [];
  /** All buffers created so far. */
  readonly buffers: FakeBuffer[] = [];
  /** Bytes of all buffers except staging buffers, until their memory is free. */
  bytes = 0;
  peakBytes = 0;
  /** Number of copies into staging buffers. */
  readbacks = 0;
  /** Whether the next map fails. */
  failNextMap = false;
  #lose: (info: { reason: string; message: string }) => void = () => {};
  #isLost = false;
  #memory: number;
  #scopes: { readonly kind: Kind; error: string | null }[] = [];
  #work: (() => void)[] = [];
  #encoded: WeakMap<object, readonly Copy[]> = new WeakMap();

  /** `memory` is the size of the device's memory, in bytes. */
  constructor({ memory = Infinity, maxBufferSize = 2 ** 28 }: { memory?: number; maxBufferSize?: number } = {}) {
    this.#memory = memory;
    this.limits = { maxBufferSize };
    this.lost = new Promise((resolve) => this.#lose = resolve);
    this.queue = {
      submit: (commands) => {
        for (const command of commands) this.#submit(this.#encoded.get(command));
      },
      writeBuffer: (buffer, offset, bytes) => this.#write(buffer as FakeBuffer, offset, bytes),
      onSubmittedWorkDone: () => this.after(() => {}),
    };
  }

  /** Loses the device; from now on no work runs and no promise settles. */
  lose(): void {
    this.#isLost = true;
    this.#lose({ reason: "unknown", message: "a test took it away" });
  }

  createBuffer({ size, usage, label = "" }: { size: number; usage: number; label?: string }): FakeBuffer {
    const buffer = new FakeBuffer(this, size, usage, label);
    if (size > this.limits.maxBufferSize) buffer.invalid = this.fail("validation", `${size} bytes are too many`);
    const { MAP_READ, COPY_DST } = GpuUsage;
    if ((usage & MAP_READ) !== 0 && (usage & ~(MAP_READ | COPY_DST)) !== 0) {
      buffer.invalid = this.fail("validation", `MAP_READ goes with COPY_DST only, not with ${usage}`);
    }
    if (!buffer.isStaging && this.bytes + size > this.#memory) {
      buffer.invalid = this.fail("out-of-memory", `${this.bytes} of ${this.#memory} bytes are taken`);
    }
    if (!buffer.invalid) this.#count(buffer, size);
    this.buffers.push(buffer);
    return buffer;
  }

  createCommandEncoder(): GpuCommandEncoder {
    const copies: Copy[] = [];
    return {
      copyBufferToBuffer: (source, from, target, to, size) =>
        void copies.push({ source: source as FakeBuffer, from, target: target as FakeBuffer, to, size }),
      finish: () => {
        const commands = {};
        this.#encoded.set(commands, copies);
        return commands;
      },
    };
  }

  pushErrorScope(kind: Kind): void {
    this.#scopes.push({ kind, error: null });
  }

  popErrorScope(): Promise<{ readonly message: string } | null> {
    const scope = this.#scopes.pop();
    if (scope === undefined) return Promise.reject(new Error("no error scope was pushed"));
    if (this.#isLost) return new Promise(() => {});
    return this.after(() => scope.error === null ? null : { message: scope.error });
  }

  /** Records an error of the caller. Always true, for brevity. */
  fail(kind: Kind, message: string): true {
    const scope = this.#scopes.findLast((scope) => scope.kind === kind);
    if (scope === undefined) this.uncaptured.push(message);
    else scope.error ??= message;
    return true;
  }

  /** Runs a kernel that changes a buffer, in queue order. */
  dispatch(buffer: GpuBuffer, change: (bytes: Uint8Array) => void): void {
    const fake = buffer as FakeBuffer;
    if (fake.mustBeUsable("be dispatched on")) void this.after(() => change(fake.bytes));
  }

  /** Runs a function when all earlier work has ended. */
  after<Result>(run: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.#isLost) return;
      if (
        this.#work.push(() => {
          try {
            resolve(run());
          } catch (error) {
            reject(error);
          }
        }) === 1
      ) queueMicrotask(() => this.#run());
    });
  }

  /** Frees the memory of a destroyed buffer when the work submitted before has ended. */
  release(buffer: FakeBuffer): void {
    void this.after(() => this.#count(buffer, -buffer.size));
  }

  async #run(): Promise<void> {
    // The queue runs some turns of the event loop behind the CPU.
    for (let turn = 0; turn < 8; turn++) await null;
    const work = this.#work.splice(0);
    if (this.#isLost) return;
    for (const run of work) run();
    if (this.#work.length > 0) queueMicrotask(() => this.#run());
  }

  #count(buffer: FakeBuffer, bytes: number): void {
    if (buffer.isStaging) return;
    this.bytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
  }

  #submit(copies: readonly Copy[] | undefined): void {
    if (copies === undefined) {
      return void this.fail("validation", "what is submitted was not encoded, or is submitted twice");
    }
    for (const { source, from, target, to, size } of copies) {
      if (!source.mustBeUsable("be copied from", GpuUsage.COPY_SRC, from, size)) return;
      if (!target.mustBeUsable("be copied to", GpuUsage.COPY_DST, to, size)) return;
      if (source === target) return void this.fail("validation", "a buffer cannot be copied to itself");
      if (target.isStaging) this.readbacks++;
      void this.after(() => target.bytes.set(source.bytes.subarray(from, from + size), to));
    }
  }

  #write(buffer: FakeBuffer, offset: number, bytes: Uint8Array): void {
    if (!buffer.mustBeUsable("be written", GpuUsage.COPY_DST, offset, bytes.length)) return;
    const copy = bytes.slice();
    void this.after(() => buffer.bytes.set(copy, offset));
  }
}

/** A buffer of a {@linkcode FakeGpu}. */
export class FakeBuffer implements GpuBuffer {
  readonly size: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  invalid = false;
  destroyed = false;
  #gpu: FakeGpu;
  #usage: number;
  #label: string;
  #map: "unmapped" | "pending" | "mapped" = "unmapped";

  constructor(gpu: FakeGpu, size: number, usage: number, label: string) {
    this.#gpu = gpu;
    this.size = size;
    this.#usage = usage;
    this.#label = label;
    this.bytes = new Uint8Array(size);
  }

  get isStaging(): boolean {
    return (this.#usage & GpuUsage.MAP_READ) !== 0;
  }

  /** Whether a use is allowed; records an error if not. */
  mustBeUsable(what: string, usage = 0, offset = 0, size = 0): boolean {
    const wrong = this.invalid
      ? "is invalid"
      : this.destroyed
      ? "is destroyed"
      : this.#map !== "unmapped"
      ? `is ${this.#map}`
      : (this.#usage & usage) !== usage
      ? `has usage ${this.#usage}`
      : offset % 4 !== 0 || size % 4 !== 0
      ? `has no whole words at ${offset} + ${size}`
      : offset + size > this.size
      ? `ends at ${this.size}, before ${offset} + ${size}`
      : null;
    if (wrong !== null) this.#gpu.fail("validation", `buffer ${this.#label} cannot ${what}: it ${wrong}`);
    return wrong === null;
  }

  async mapAsync(mode: number): Promise<void> {
    if (mode !== MAP_MODE_READ || !this.isStaging) this.#gpu.fail("validation", `mode ${mode} of a map`);
    if (!this.mustBeUsable("be mapped")) throw new Error("OperationError");
    this.#map = "pending";
    await this.#gpu.after(() => {});
    if (this.#map !== "pending") throw new Error("AbortError");
    if (this.#gpu.failNextMap) {
      this.#gpu.failNextMap = false;
      this.#map = "unmapped";
      throw new Error("OperationError: the map failed");
    }
    this.#map = "mapped";
  }

  getMappedRange(): ArrayBuffer {
    if (this.#map !== "mapped") throw new Error(`OperationError: the buffer is ${this.#map}`);
    return this.bytes.buffer;
  }

  unmap(): void {
    this.#map = "unmapped";
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.#map = "unmapped";
    if (!this.invalid) this.#gpu.release(this);
  }
}
