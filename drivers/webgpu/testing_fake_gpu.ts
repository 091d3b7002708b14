import { type GpuBuffer, type GpuCommandEncoder, type GpuDevice, type GpuQueue, GpuUsage } from "./mod.ts";
import { FakeBuffer } from "./testing_fake_buffer.ts";

type Kind = "validation" | "out-of-memory" | "internal";

/** Questions that a device answers: more come from a caller that asks without end. */
const MAX_QUESTIONS = 50_000;

/** A step of encoded work: checked when it is submitted, made when its turn comes. */
interface Step {
  check(): boolean;
  run(): void;
}

/** A binding of a dispatch. */
export interface Bound {
  readonly buffer: GpuBuffer;
  readonly offset: number;
  readonly size: number;
  readonly access: "read" | "write";
}

/** Options of a fake device. */
export interface FakeOptions {
  /** Size of the device's memory, in bytes. @default {Infinity} */
  readonly memory?: number;
  readonly maxBufferSize?: number;
  readonly maxStorageBufferBindingSize?: number;
  /** Whether nobody is told when the memory is used up: the device is lost when such a buffer is touched. */
  readonly isSilent?: boolean;
  /** Whether promises of a lost device settle as if all was well, with zeros in maps. Otherwise they never do. */
  readonly resolvesWhenLost?: boolean;
}

/**
 * A `GPUDevice` in host memory that is as strict as WebGPU's validation: usages, alignment, bounds, states of maps, use
 * after destroy, copies within a buffer, read-only and read-write bindings of one buffer in a dispatch. Work runs in
 * order, some turns of the event loop after it was submitted; the memory of a destroyed buffer is free when the work
 * submitted before its destruction has ended.
 */
export class FakeGpu implements GpuDevice {
  readonly limits: { readonly maxBufferSize: number; readonly maxStorageBufferBindingSize: number };
  readonly queue: GpuQueue;
  readonly lost: Promise<{ readonly reason: string; readonly message: string }>;
  /** Errors that no error scope has recorded. */
  readonly uncaptured: string[] = [];
  /** All buffers created so far. */
  readonly buffers: FakeBuffer[] = [];
  /** Size of the memory in bytes. */
  memory: number;
  /** Number of buffers that are refused next, though there is memory. */
  refusals = 0;
  /** Bytes of all buffers, until their memory is free. */
  bytes = 0;
  peakBytes = 0;
  /** Number of copies into staging buffers. */
  readbacks = 0;
  /** Number of calls of `submit`. */
  submits = 0;
  /** Number of bind groups made. */
  groups = 0;
  /** Number of maps that fail next. */
  failingMaps = 0;
  /** Number of questions for the end of work: `onSubmittedWorkDone` and maps. */
  waits = 0;
  /** The most maps that were pending at a time. */
  mostMaps = 0;
  isLost = false;
  #questions = 0;
  #pendingMaps = 0;
  #options: FakeOptions;
  #lose: (info: { reason: string; message: string }) => void = () => {};
  #scopes: { readonly kind: Kind; error: string | null }[] = [];
  #work: (() => void)[] = [];
  #encoded: Map<object, readonly Step[]> = new Map();

  constructor(options: FakeOptions = {}) {
    const { memory = Infinity, maxBufferSize = 2 ** 28, maxStorageBufferBindingSize = 2 ** 27 } = options;
    this.#options = options;
    this.memory = memory;
    this.limits = { maxBufferSize, maxStorageBufferBindingSize };
    this.lost = new Promise((resolve) => this.#lose = resolve);
    this.queue = {
      submit: (commands) => {
        this.submits++;
        for (const command of commands) this.#submit(command);
      },
      writeBuffer: (buffer, offset, bytes) => this.#write(buffer as FakeBuffer, offset, bytes),
      onSubmittedWorkDone: () => {
        this.waits++;
        this.#countQuestion();
        return this.after(() => {});
      },
    };
  }

  /** Loses the device; from now on no work runs. */
  lose(reason = "unknown"): void {
    this.isLost = true;
    this.#lose({ reason, message: "a test took it away" });
  }

  destroy(): void {
    this.lose("destroyed");
  }

  createBuffer({ size, usage, label = "" }: { size: number; usage: number; label?: string }): FakeBuffer {
    const buffer = new FakeBuffer(this, size, usage, label);
    if (size > this.limits.maxBufferSize) buffer.invalid = this.fail("validation", `${size} bytes are too many`);
    if (size % 4 !== 0) buffer.invalid = this.fail("validation", `${size} bytes are no whole words`);
    const { MAP_READ, COPY_DST } = GpuUsage;
    if ((usage & MAP_READ) !== 0 && (usage & ~(MAP_READ | COPY_DST)) !== 0) {
      buffer.invalid = this.fail("validation", `MAP_READ goes with COPY_DST only, not with ${usage}`);
    }
    if (this.bytes + size > this.memory || this.refusals > 0) {
      this.refusals = Math.max(0, this.refusals - 1);
      if (this.#options.isSilent === true) buffer.isPhantom = true;
      else buffer.invalid = this.fail("out-of-memory", `${this.bytes} of ${this.memory} bytes are taken`);
    }
    if (!buffer.invalid) this.#count(size);
    this.buffers.push(buffer);
    return buffer;
  }

  createBindGroup({ entries }: { layout: object; entries: Iterable<object> }): object {
    this.groups++;
    const bound = [];
    for (const entry of entries) {
      const { buffer, offset, size } = (entry as { resource: Omit<Bound, "access"> }).resource;
      const fake = buffer as FakeBuffer;
      const isFine = fake.mustBeUsable("be bound", 0, offset, size);
      if (isFine && offset % 256 !== 0) this.fail("validation", `the offset ${offset} of a binding is not aligned`);
      bound.push({ buffer, offset, size });
    }
    return { bound };
  }

  createCommandEncoder(): GpuCommandEncoder {
    const steps: Step[] = [];
    return {
      copyBufferToBuffer: (source, from, target, to, size) =>
        void steps.push(this.#copy(source as FakeBuffer, from, target as FakeBuffer, to, size)),
      clearBuffer: (buffer, offset = 0, size = buffer.size - offset) =>
        void steps.push({
          check: () => (buffer as FakeBuffer).mustBeUsable("be cleared", GpuUsage.COPY_DST, offset, size),
          run: () => (buffer as FakeBuffer).bytes.fill(0, offset, offset + size),
        }),
      finish: () => {
        const commands = {};
        this.#encoded.set(commands, steps);
        return commands;
      },
    };
  }

  pushErrorScope(kind: Kind): void {
    this.#scopes.push({ kind, error: null });
  }

  popErrorScope(): Promise<{ readonly message: string } | null> {
    this.#countQuestion();
    const scope = this.#scopes.pop();
    if (scope === undefined) return Promise.reject(new Error("no error scope was pushed"));
    return this.after(() => scope.error === null ? null : { message: scope.error });
  }

  /** Records an error of the caller. Always true, for brevity. */
  fail(kind: Kind, message: string): true {
    const scope = this.isLost ? undefined : this.#scopes.findLast((scope) => scope.kind === kind);
    if (scope !== undefined) scope.error ??= message;
    else if (!this.isLost) this.uncaptured.push(message);
    return true;
  }

  /** Runs a kernel on bindings, in queue order; it is handed their bytes. */
  dispatch(bindings: readonly Bound[], kernel: (...bytes: Uint8Array<ArrayBuffer>[]) => void): void {
    for (const [at, { buffer, offset, size, access }] of bindings.entries()) {
      const fake = buffer as FakeBuffer;
      if (!fake.mustBeUsable("be dispatched on", GpuUsage.STORAGE, offset, size)) return;
      for (const other of bindings.slice(0, at)) {
        if (other.buffer !== buffer || (access === "read" && other.access === "read")) continue;
        const overlaps = offset < other.offset + other.size && other.offset < offset + size;
        if (access === other.access && !overlaps) continue;
        return void this.fail(
          "validation",
          "a buffer is bound both as read-only and read-write, or twice as read-write",
        );
      }
    }
    void this.after(() => {
      const bytes = bindings.map(({ buffer, offset, size }) =>
        (buffer as FakeBuffer).bytes.subarray(offset, offset + size)
      );
      kernel(...bytes);
    });
  }

  /** Runs a function when all earlier work has ended. */
  after<Result>(run: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      if (this.isLost && this.#options.resolvesWhenLost !== true) return;
      const work = () => {
        try {
          resolve(run());
        } catch (error) {
          reject(error);
        }
      };
      if (this.#work.push(work) === 1) queueMicrotask(() => this.#run());
    });
  }

  /** A map begins; `begun` runs when all earlier work has ended. */
  async map(): Promise<void> {
    this.waits++;
    this.#countQuestion();
    this.mostMaps = Math.max(this.mostMaps, ++this.#pendingMaps);
    await this.after(() => {});
    this.#pendingMaps--;
  }

  /** Frees the memory of a destroyed buffer when the work submitted before has ended. */
  release(buffer: FakeBuffer): void {
    void this.after(() => this.#count(-buffer.size));
  }

  async #run(): Promise<void> {
    // The queue runs some turns of the event loop behind the CPU.
    for (let turn = 0; turn < 8; turn++) await null;
    const work = this.#work.splice(0);
    if (this.isLost && this.#options.resolvesWhenLost !== true) return;
    for (const run of work) run();
    if (this.#work.length > 0) queueMicrotask(() => this.#run());
  }

  /** Throws after too many of them, so that who asks in vain fails and does not hang. */
  #countQuestion(): void {
    if (++this.#questions > MAX_QUESTIONS) {
      throw new Error(`the fake device was asked more than ${MAX_QUESTIONS} times`);
    }
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
  }

  #copy(source: FakeBuffer, from: number, target: FakeBuffer, to: number, size: number): Step {
    return {
      check: () => {
        if (!source.mustBeUsable("be copied from", GpuUsage.COPY_SRC, from, size)) return false;
        if (!target.mustBeUsable("be copied to", GpuUsage.COPY_DST, to, size)) return false;
        if (source === target) return !this.fail("validation", "a buffer cannot be copied to itself");
        if (target.isStaging && to === 0) this.readbacks++;
        return true;
      },
      run: () => target.bytes.set(source.bytes.subarray(from, from + size), to),
    };
  }

  #submit(commands: object): void {
    const steps = this.#encoded.get(commands);
    this.#encoded.delete(commands);
    if (steps === undefined) {
      return void this.fail("validation", "what is submitted was not encoded, or is submitted twice");
    }
    // One invalid step, and nothing of it is done.
    if (!steps.every((step) => step.check())) return;
    void this.after(() => {
      if (!this.isLost) { for (const step of steps) step.run(); }
    });
  }

  #write(buffer: FakeBuffer, offset: number, bytes: Uint8Array): void {
    if (!buffer.mustBeUsable("be written", GpuUsage.COPY_DST, offset, bytes.length)) return;
    const copy = bytes.slice();
    void this.after(() => {
      if (!this.isLost) buffer.bytes.set(copy, offset);
    });
  }
}
