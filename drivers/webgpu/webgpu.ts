import {
  type AllocationRequest,
  type BufferView,
  type Driver,
  type Fence,
  FenceContext,
  type Location,
  type MemTypeManager,
  type MoveRequest,
  PAGE_SIZE,
  type Placement,
  type Postponed,
  type SubmittedBuffer,
  TranslationTable,
  TtmError,
} from "@ttm/core";
import { type BindGroupRequest, type Binding, Bindings } from "./bindings.ts";
import { type ChunkKind, Range } from "./chunk.ts";
import { CpuAccess } from "./cpu_access.ts";
import { DeviceLife, type LostDevice } from "./device_life.ts";
import { type BindGroupOf, type GpuBuffer, type GpuDevice, GpuUsage } from "./gpu_types.ts";
import { makerOf } from "./makings.ts";
import { GpuMemory } from "./memory.ts";
import { Readbacks } from "./readbacks.ts";
import { Slabs } from "./slabs.ts";
import { type HostCopy, Tenant } from "./tenant.ts";
import { Timeline } from "./timeline.ts";
import { Uploads } from "./uploads.ts";
import {
  checkBudget,
  checkBufferOptions,
  type CheckedWebGpuOptions,
  checkOptions,
  type GpuBufferOptions,
  type WebGpuOptions,
  withCopies,
} from "./webgpu_options.ts";

/** Statistics of a driver, in bytes unless stated otherwise. */
export interface WebGpuStats {
  /** Bytes that count in the budget now: of `GPUBuffer`s in use and idle, staging, and what is being destroyed. */
  readonly deviceBytes: number;
  /** The most bytes that have counted in the budget at a time. */
  readonly highestBytes: number;
  /** Host copies of buffers on the device, now. */
  readonly hostCopyBytes: number;
  /** Uploaded to the device. */
  readonly uploadedBytes: number;
  /** Read back from the device. */
  readonly readBackBytes: number;
  /** Number of buffers evicted without a readback. */
  readonly cleanEvictions: number;
  /** Number of times that the device was asked for the end of work. */
  readonly waits: number;
}

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
 * @example A buffer that moves to the device and back
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 * import { slabs, WebGpu } from "@ttm/webgpu";
 *
 * const adapter = await navigator.gpu?.requestAdapter();
 * const gpu = await adapter?.requestDevice();
 * if (gpu !== undefined) {
 *   const driver = new WebGpu({ device: gpu, budget: 1 << 20 });
 *   const device = new BoDevice({ driver, managers: { vram: slabs(driver) } });
 *   const buffer = device.createBuffer({ bytes: 4096, driverOptions: { access: "read" } });
 *   await buffer.reserve();
 *   await buffer.validate({ placement: [{ memoryType: "vram" }] });
 *   await buffer.write(new Uint8Array([1, 2, 3, 4]));
 *   buffer.unreserve();
 *   await device.evictAll("vram");
 *   assertEquals([buffer.memoryType, driver.stats.readBackBytes], ["system", 0]);
 *   buffer.unref();
 *   await device.close();
 *   gpu.destroy();
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
  #losses: FenceContext = new FenceContext("webgpu losses");
  /** Bytes on their way to the host, by the table that they go to. */
  #arriving: Map<TranslationTable, { readonly buffer: BufferView; readonly fence: Fence }> = new Map();
  #cleanEvictions = 0;

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
      rebuild: (lost) => this.#rebuild(lost),
    });
    const present = () => this.#life.device;
    const { maxBufferSize } = device.limits;
    this.#timeline = new Timeline(() => present().queue.onSubmittedWorkDone());
    this.#bindings = new Bindings(present, onRebound);
    this.#memory = new GpuMemory(
      makerOf(this.#life),
      this.#timeline,
      { budget, reserve: stagingBytes, slab: slabBytes, maxBufferSize },
      (chunk) => this.#bindings.forget(chunk),
    );
    this.#uploads = new Uploads(present, this.#timeline, uploadBytes);
    this.#readbacks = new Readbacks(this.#life, this.#memory, this.#timeline);
    this.#cpu = new CpuAccess(this.#life, this.#readbacks, this.#uploads, this.#options.keepHostCopies);
    this.slabs = new Slabs(
      this.#memory,
      (request) => this.#kindOf(request),
      () => this.#life.check()?.retryAfter ?? null,
    );
    const pages = Math.floor((budget - stagingBytes) / PAGE_SIZE);
    this.memoryTypes = [
      { name: "system" },
      { name: "vram", pages, fixed: true, availableCaching: ["wc"], defaultCaching: "wc" },
    ];
  }

  /** The device: the one it was made for, or the one that `recover` has brought last. */
  get device(): Device {
    return this.#life.device;
  }

  /**
   * The budget in bytes: what the device may hold at present. It is less than what was set while the device has refused
   * to hold that much. A smaller one takes effect when the next buffer needs room: then others leave.
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
      cleanEvictions: this.#cleanEvictions,
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
    return buffer.node instanceof Range ? buffer.node.generation : null;
  }

  /** From VRAM to SYSTEM. */
  evictPlacement(): Placement {
    return TO_SYSTEM;
  }

  /** Small buffers that the device has written go last. */
  evictionValuable({ node, bytes }: BufferView): boolean {
    const isDirty = node instanceof Range && node.tenant?.isDirty === true;
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
  createTranslationTable({ node, pages }: BufferView): TranslationTable {
    return new TranslationTable(pages, () => {
      const copy = node instanceof Range ? node.tenant?.copy : null;
      return copy instanceof Uint8Array ? copy : new Uint8Array(pages * PAGE_SIZE);
    });
  }

  /** Queues an upload, a readback, or nothing. */
  move({ buffer, source, destination, after }: MoveRequest): Fence | Postponed | void {
    const foreign = this.#foreign(after);
    if (foreign !== undefined) return { retryAfter: foreign };
    if (destination.table !== null) return this.#toHost(this.#rangeOf(source), destination.table);
    const range = this.#memory.rangeAt(destination.start);
    if (source === null || source.table !== null) return this.#toDevice(buffer, source?.table ?? null, range);
    this.#within(this.#rangeOf(source), range);
  }

  /** Reads and writes of the CPU. */
  accessMemory(
    { node }: BufferView,
    offset: number,
    bytes: Uint8Array,
    write: boolean,
    after: readonly Fence[],
  ): Postponed | void {
    const foreign = this.#foreign(after);
    if (foreign !== undefined) return { retryAfter: foreign };
    const { tenant } = node as Range;
    if (tenant !== null) return this.#cpu.access(node as Range, tenant, offset, bytes, write);
  }

  /** Checks the buffers of a submission, and notes which ones it writes. */
  beginSubmit(entries: readonly SubmittedBuffer[]): Postponed | void {
    const postponed = this.#life.check();
    if (postponed !== null) return postponed;
    for (const { buffer, usage } of entries) this.#mustBeUsable(buffer, usage);
    for (const { buffer: { node }, usage } of entries) {
      if (node instanceof Range && usage === "write") node.tenant?.noteWritten();
    }
    this.#bindings.open(new Set(entries.map(({ buffer }) => buffer)));
  }

  /** The end of the submitted work. */
  endSubmit(): Fence {
    this.#bindings.close();
    return this.#timeline.work();
  }

  /** Work of others; that of this queue comes before whatever is queued now. */
  #foreign(after: readonly Fence[]): Fence | undefined {
    return after.find(({ context, signalled }) => context !== this.#timeline.context && !signalled);
  }

  #mustBeUsable(buffer: BufferView, usage: "read" | "write"): void {
    const { access } = (buffer.driverOptions ?? {}) as GpuBufferOptions;
    if (usage === "write" && access === "read") {
      throw new TtmError("EINVAL", `${buffer} was created with access "read", and the submission writes it`);
    }
    if (!(buffer.node instanceof Range)) return;
    const { tenant, chunk } = buffer.node;
    tenant?.mustBeKnown();
    if (chunk.buffer === null) throw new TtmError("ENOMEM", `the new device has no memory for ${buffer}`);
  }

  #kindOf({ buffer, pages }: AllocationRequest): ChunkKind {
    const { access, usage: flags } = (buffer?.driverOptions ?? {}) as GpuBufferOptions;
    const usage = flags === undefined ? this.#options.usage : withCopies(flags);
    const { maxStorageBufferBindingSize: limit } = this.#life.device.limits;
    const bytes = pages * PAGE_SIZE;
    if ((usage & GpuUsage.STORAGE) !== 0 && (buffer?.bytes ?? bytes) > limit) {
      const why = `${buffer} is larger than the device's maxStorageBufferBindingSize of ${limit} bytes`;
      throw new TtmError("EINVAL", why);
    }
    const isShared = access !== undefined && usage === this.#options.usage && 2 * bytes <= this.#options.slabBytes;
    return { usage, slab: isShared ? access : null };
  }

  #rangeOf(location: Location | null): Range {
    return this.#memory.rangeAt(location?.start ?? -1);
  }

  #toDevice(buffer: BufferView, table: TranslationTable | null, range: Range): Postponed | void {
    const { keepHostCopies } = this.#options;
    const bytes = table?.contents as Uint8Array<ArrayBuffer> | undefined;
    const arriving = table === null ? undefined : this.#arriving.get(table)?.fence;
    if (arriving !== undefined) return { retryAfter: arriving };
    const postponed = this.#life.check() ?? this.#uploads.check(bytes?.length ?? 0);
    if (postponed !== null) return postponed;
    const gpu = range.chunk.buffer as GpuBuffer;
    if (bytes === undefined) this.#uploads.clear(range);
    else this.#uploads.write(gpu, range.offset, bytes);
    range.isFresh = false;
    // The owner of imported pages may change them. What a store has needs no second copy.
    let copy: HostCopy = bytes === undefined ? "zero" : table?.external === true ? bytes.slice() : bytes;
    if (buffer.clean) copy = null;
    const tenant = range.tenant = new Tenant(buffer, copy, buffer.clean);
    this.#bindings.noteArrived(buffer, range);
    if (keepHostCopies || copy === "zero" || copy === null) return;
    this.#timeline.work().observe((error) => {
      if (error === undefined && tenant.copy === copy) tenant.copy = null;
    });
  }

  #toHost(range: Range, table: TranslationTable): Fence | Postponed | void {
    const tenant = range.tenant as Tenant;
    const { buffer, copy } = tenant;
    const target = table.contents as Uint8Array;
    if (tenant.lost !== null) return this.#lostFence(tenant.lost);
    if (copy !== null) {
      if (copy === "zero") target.fill(0);
      else if (target !== copy) target.set(copy);
      if (!tenant.wasReadBack) this.#cleanEvictions++;
      return;
    }
    const answer = this.#cpu.readBack(range, tenant, 0, range.bytes, target);
    if ("retryAfter" in answer || !answer.isQueued) {
      return { retryAfter: "retryAfter" in answer ? answer.retryAfter : answer.fence };
    }
    const { fence } = answer;
    this.#arriving.set(table, { buffer, fence });
    fence.observe(() => this.#arriving.delete(table));
    return fence;
  }

  #within(source: Range, target: Range): void {
    if (source.chunk === target.chunk) {
      throw new TtmError("EINVAL", "bytes cannot be copied within one GPUBuffer");
    }
    this.#uploads.copy(source, target);
    target.isFresh = false;
    target.tenant = source.tenant;
    if (target.tenant !== null) this.#bindings.noteArrived(target.tenant.buffer, target);
  }

  /** A fence by which the core learns that contents are lost. */
  #lostFence(error: TtmError): Fence {
    const fence = this.#losses.next();
    fence.signal(error);
    return fence;
  }

  #lose(error: TtmError, lost: LostDevice): void {
    const buffers = new Set(Array.from(this.#arriving.values(), ({ buffer }) => buffer));
    for (const { tenant } of this.#memory.ranges) {
      if (tenant === null || tenant.lost !== null || tenant.copy !== null) continue;
      tenant.lost = error;
      if (!tenant.stored) buffers.add(tenant.buffer);
    }
    this.#bindings.close();
    this.#memory.lose();
    this.#timeline.fail(error);
    this.#options.onLost?.({ reason: lost.reason, message: lost.message, buffers: [...buffers] });
  }

  async #rebuild({ reason }: LostDevice): Promise<void> {
    // What a device could not hold, the next one may not hold either.
    if (reason !== "destroyed") this.#memory.budget.noteLost(this.#memory.held);
    await this.#memory.rebuild();
    for (const range of this.#memory.ranges) {
      const { tenant, chunk: { buffer } } = range;
      if (tenant === null || buffer === null) continue;
      if (tenant.copy instanceof Uint8Array) this.#uploads.write(buffer, range.offset, tenant.copy);
      this.#bindings.noteArrived(tenant.buffer, range);
    }
  }
}

/**
 * The manager of a driver's VRAM, to be named in the `managers` of its device.
 *
 * @example A device with VRAM of 1 MiB
 * ```ts
 * import { BoDevice } from "@ttm/core";
 * import { slabs, WebGpu } from "@ttm/webgpu";
 *
 * const gpu = await (await navigator.gpu?.requestAdapter())?.requestDevice();
 * if (gpu !== undefined) {
 *   const driver = new WebGpu({ device: gpu, budget: 1 << 20 });
 *   await using _device = new BoDevice({ driver, managers: { vram: slabs(driver) } });
 * }
 * ```
 */
export function slabs(driver: { readonly slabs: MemTypeManager }): MemTypeManager {
  return driver.slabs;
}
