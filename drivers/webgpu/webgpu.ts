import {
  type BufferView,
  type Driver,
  type DriverContext,
  type Fence,
  type MoveRequest,
  PAGE_SIZE,
  type Placement,
  type Postponed,
  type SubmittedBuffer,
  TranslationTable,
  TtmError,
} from "@ttm/core";
import { type BindGroupRequest, type Binding, Bindings } from "./bindings.ts";
import { checkBufferOptions, kindOf, mustBeUsable } from "./buffer_options.ts";
import type { Range } from "./chunk.ts";
import { CpuAccess } from "./cpu_access.ts";
import { DeviceLife, type LostDevice } from "./device_life.ts";
import type { BindGroupOf, GpuDevice } from "./gpu_types.ts";
import { makerOf } from "./makings.ts";
import { GpuMemory } from "./memory.ts";
import { Moves } from "./moves.ts";
import { Readbacks } from "./readbacks.ts";
import { loseContents, rebuildContents } from "./recovery.ts";
import { Slabs } from "./slabs.ts";
import type { WebGpuStats } from "./stats.ts";
import { Timeline } from "./timeline.ts";
import { Uploads } from "./uploads.ts";
import { checkBudget, type CheckedWebGpuOptions, checkOptions, type WebGpuOptions } from "./webgpu_options.ts";

const TO_SYSTEM: Placement = { placement: [{ memoryType: "system" }] };
const TO_VRAM: Placement = { placement: [{ memoryType: "vram" }] };
/** Written buffers up to this part of the budget are evicted after others: reading them back costs more than room. */
const SMALL_PART = 64;

/**
 * A GPU behind WebGPU: SYSTEM, and VRAM under a budget of bytes.
 *
 * Small buffer objects share `GPUBuffer`s, large ones have one of their own. Who leaves hands its range on in the order
 * of the queue: nothing waits for it. Uploads are writes in queue order. An eviction of a buffer that the device has not
 * written costs nothing; one that it has written is copied to a staging buffer, and its bytes arrive behind a fence.
 *
 * @example A buffer that moves to a device and back
 * ```ts
 * // To be called with the device of `navigator.gpu`, or of Dawn.
 * import { assertEquals } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 * import { slabs, WebGpu } from "@ttm/webgpu";
 *
 * async function evictOnce(gpu: GPUDevice): Promise<void> {
 *   const driver = new WebGpu({ device: gpu, budget: 1 << 20 });
 *   await using device = new BoDevice({ driver, managers: { vram: slabs(driver) } });
 *   using buffer = device.createBuffer({ bytes: 4096, driverOptions: { access: "read" } });
 *   await buffer.reserve();
 *   await buffer.validate({ placement: [{ memoryType: "vram" }] });
 *   await buffer.write(new Uint8Array([1, 2, 3, 4]));
 *   buffer.unreserve();
 *   await device.evictAll("vram");
 *   assertEquals([buffer.memoryType, driver.stats.readBackBytes], ["system", 0]);
 * }
 * ```
 */
export class WebGpu<Device extends GpuDevice = GpuDevice> implements Driver {
  /** Always `"webgpu"`. */
  readonly name = "webgpu";
  /** SYSTEM and VRAM. */
  readonly memoryTypes: Driver["memoryTypes"];
  /** Moves are ordered by the queue. */
  readonly supports = { moves: "ordered", pipelinedEvictions: true } as const;
  /** @internal The manager of VRAM. */
  readonly slabs: Slabs;
  #options: CheckedWebGpuOptions<Device>;
  #life: DeviceLife<Device>;
  #timeline: Timeline;
  #memory: GpuMemory;
  #uploads: Uploads;
  #readbacks: Readbacks<Device>;
  #cpu: CpuAccess<Device>;
  #bindings: Bindings<Device>;
  #moves: Moves<Device>;
  #context: DriverContext | null = null;

  /**
   * Makes a driver for one device.
   *
   * @throws {TtmError} `EINVAL` if an option is out of range.
   */
  constructor(options: WebGpuOptions<Device>) {
    this.#options = checkOptions(options);
    const { device, budget, stagingBytes, slabBytes, uploadBytes, recover, onRebound } = this.#options;
    this.#life = new DeviceLife(device, {
      recover,
      lose: (error, lost) => this.#lose(error, lost),
      rebuild: () => rebuildContents(this.#memory, this.#uploads, this.#bindings),
    });
    const present = () => this.#life.device;
    const { maxBufferSize } = device.limits;
    this.#timeline = new Timeline(() => present().queue.onSubmittedWorkDone());
    this.#bindings = new Bindings(present, (handle) => this.#memory.rangeOf(handle), onRebound);
    this.#memory = new GpuMemory(
      makerOf(this.#life),
      this.#timeline,
      { budget, reserve: stagingBytes, slab: slabBytes, maxBufferSize },
      (chunk) => this.#bindings.forget(chunk),
    );
    this.#uploads = new Uploads(present, this.#timeline, uploadBytes);
    this.#readbacks = new Readbacks(this.#life, this.#memory, this.#timeline);
    this.#cpu = new CpuAccess(this.#life, this.#readbacks, this.#uploads, this.#options.keepHostCopies);
    this.#moves = new Moves({
      life: this.#life,
      timeline: this.#timeline,
      uploads: this.#uploads,
      cpu: this.#cpu,
      bindings: this.#bindings,
      keepHostCopies: this.#options.keepHostCopies,
    });
    this.slabs = new Slabs(
      this.#memory,
      (request) => kindOf(request, this.#options, present().limits),
      () => this.#life.check()?.retryAfter ?? null,
    );
    const pages = Math.floor((budget - stagingBytes) / PAGE_SIZE);
    this.memoryTypes = [
      { name: "system" },
      { name: "vram", pages, fixed: true, availableCaching: ["wc"], defaultCaching: "wc" },
    ];
  }

  /** Called by the device that it belongs to; `EBUSY` if it has had one. */
  attach(context: DriverContext): void {
    if (this.#context !== null) {
      throw new TtmError("EBUSY", "Cannot attach webgpu: it serves one device only, and has had one");
    }
    this.#context = context;
  }

  /** The device: the one it was made for, or the one that `recover` has brought last. */
  get device(): Device {
    return this.#life.device;
  }

  /**
   * The budget in bytes: what the device may hold at present. It is less than what was set while the device has refused
   * to hold that much, and after a loss of the device until it is set again. A smaller one takes effect when the next
   * buffer needs room: then others leave, and it waits until their memory is free.
   */
  get budget(): number {
    return this.#memory.budget.bytes;
  }

  /** Sets the budget. @throws {TtmError} `EINVAL` if it leaves no room besides `stagingBytes`. */
  set budget(bytes: number) {
    checkBudget("set the budget", bytes - this.#options.stagingBytes + PAGE_SIZE);
    this.#memory.budget.allow(bytes);
  }

  /** Statistics of the driver. */
  get stats(): WebGpuStats {
    let hostCopyBytes = 0;
    for (const { tenant } of this.#memory.ranges) {
      if (tenant?.copy instanceof Uint8Array) hostCopyBytes += tenant.copy.length;
    }
    return {
      deviceBytes: this.#memory.held,
      highestBytes: this.#memory.highest,
      hostCopyBytes,
      uploadedBytes: this.#uploads.bytes,
      readBackBytes: this.#readbacks.bytes,
      cleanEvictions: this.#moves.cleanEvictions,
      waits: this.#timeline.waits,
    };
  }

  /** Signals when all work submitted so far has ended, and so the memory of what was destroyed is free. */
  get retired(): Fence {
    return this.#timeline.work();
  }

  /**
   * Where a buffer is on the device, as a binding of WebGPU; only in the callback of a submission that the buffer is part
   * of.
   *
   * @throws {TtmError} `EINVAL` elsewhere, or for a buffer that is not in VRAM. The members of the binding throw `ESTALE`
   * after the callback.
   */
  bind(buffer: BufferView): Binding<Device> {
    return this.#bindings.bind(buffer);
  }

  /**
   * A bind group of the device, for the callback of a submission. It is kept, and made again only if a buffer has come to
   * another `GPUBuffer` or offset.
   *
   * @throws {TtmError} `EINVAL` as {@linkcode WebGpu.bind}.
   */
  bindGroup(request: BindGroupRequest<Device>): BindGroupOf<Device> {
    return this.#bindings.bindGroup(request);
  }

  /** A number that changes when the `GPUBuffer` or the offset of a buffer changes; null if it is not in VRAM. */
  generation(buffer: BufferView): number | null {
    return this.#memory.rangeOf(buffer.handle)?.generation ?? null;
  }

  /** From VRAM to SYSTEM. */
  evictPlacement(): Placement {
    return TO_SYSTEM;
  }

  /** Small buffers that the device has written go last. */
  evictionValuable({ handle, bytes }: BufferView): boolean {
    const isDirty = this.#memory.rangeOf(handle)?.tenant?.isDirty === true;
    return !isDirty || bytes > this.#memory.budget.allowed / SMALL_PART;
  }

  /** VRAM. */
  defaultPlacement(): Placement {
    return TO_VRAM;
  }

  /** Checks what a buffer declares: `access` and `usage`, see {@linkcode GpuBufferOptions}. */
  checkDriverOptions(options: object): void {
    checkBufferOptions(options);
  }

  /** VRAM is not CPU-visible; page faults of maps move the buffer to SYSTEM. */
  faultReserveNotify({ memoryType }: BufferView): Placement | null {
    return memoryType === "vram" ? TO_SYSTEM : null;
  }

  /** Host pages; they reuse the buffer's host copy if there is one. */
  createTranslationTable({ handle, pages }: BufferView): TranslationTable {
    const range = this.#memory.rangeOf(handle);
    return new TranslationTable(pages, () => {
      const copy = range?.tenant?.copy;
      return copy instanceof Uint8Array ? copy : new Uint8Array(pages * PAGE_SIZE);
    });
  }

  /** Queues an upload, a readback, or nothing. */
  move({ buffer, source, destination, after }: MoveRequest): Fence | Postponed | void {
    const foreign = this.#foreign(after);
    if (foreign !== undefined) return { retryAfter: foreign };
    const from = source === null || source.table !== null ? null : this.#memory.rangeOf(source.start);
    if (destination.table !== null) return this.#moves.toHost(from as Range, destination.table);
    const range = this.#memory.rangeOf(destination.start) as Range;
    if (from?.chunk.buffer === null) return this.#moves.toNewDevice(from, range);
    if (from === null) return this.#moves.toDevice(buffer, source?.table ?? null, range);
    this.#moves.within(from, range);
  }

  /** Reads and writes of the CPU. */
  accessMemory(
    { handle }: BufferView,
    offset: number,
    bytes: Uint8Array,
    write: boolean,
    after: readonly Fence[],
  ): Postponed | void {
    const foreign = this.#foreign(after);
    if (foreign !== undefined) return { retryAfter: foreign };
    const range = this.#memory.rangeOf(handle) as Range;
    const { tenant } = range;
    if (tenant !== null) return this.#cpu.access(range, tenant, offset, bytes, write);
  }

  /** Checks the buffers of a submission, and notes which ones it writes. */
  beginSubmit(entries: readonly SubmittedBuffer[]): Postponed | void {
    const postponed = this.#life.check();
    if (postponed !== null) return postponed;
    const ranges = entries.map(({ buffer }) => this.#memory.rangeOf(buffer.handle));
    for (const [at, { buffer, usage }] of entries.entries()) mustBeUsable(buffer, ranges[at] ?? null, usage);
    for (const [at, { usage }] of entries.entries()) if (usage === "write") ranges[at]?.tenant?.noteWritten();
    this.#bindings.open(new Set(entries.map(({ buffer }) => buffer)));
  }

  /** The end of the submitted work. */
  endSubmit(): Fence {
    this.#bindings.close();
    return this.#timeline.work();
  }

  /** Work of the queue: who takes memory over comes after it. */
  ordersBehind({ context }: Fence): boolean {
    return context === this.#timeline.context;
  }

  /** Work of others; that of this queue comes before whatever is queued now. */
  #foreign(after: readonly Fence[]): Fence | undefined {
    return after.find((fence) => !fence.signalled && !this.ordersBehind(fence));
  }

  #lose(error: TtmError, lost: LostDevice): void {
    const buffers = loseContents(error, lost, this.#memory, this.#moves.arriving, (buffer) => {
      this.#context?.loseContents(buffer, error);
    });
    this.#timeline.fail(error);
    this.#options.onLost?.({ reason: lost.reason, message: lost.message, buffers });
  }
}
