import {
  type BufferView,
  type Driver,
  type Fence,
  FenceContext,
  type MoveRequest,
  PAGE_SIZE,
  type Placement,
  type Postponed,
  TranslationTable,
  TtmError,
} from "@ttm/core";
import { checkWord } from "@ttm/core/arguments";
import { DeviceLife } from "./device_life.ts";
import type { GpuBuffer } from "./gpu_types.ts";
import { Readbacks } from "./readback.ts";
import { type HostCopy, Tenant } from "./tenant.ts";
import { type CheckedWebGpuOptions, checkOptions, type WebGpuOptions } from "./webgpu_options.ts";

/** Statistics of a driver, in bytes unless stated otherwise. */
export interface WebGpuStats {
  /** Bytes on the device now: of buffers, and of destroyed buffers whose memory may not be free yet. */
  readonly deviceBytes: number;
  /** Host copies of buffers on the device, now. */
  readonly hostCopyBytes: number;
  /** Uploaded to the device. */
  readonly uploadedBytes: number;
  /** Read back from the device. */
  readonly readBackBytes: number;
  /** Number of buffers evicted without a readback. */
  readonly cleanEvictions: number;
}

const TO_SYSTEM: Placement = { placement: [{ memoryType: "system" }] };
/** Larger writes are split, since implementations keep a copy of each until it has ended. */
const WRITE_BYTES = 16 * 2 ** 20;

/**
 * A GPU behind WebGPU: SYSTEM, and VRAM in which each buffer object has a `GPUBuffer` of its own, under a budget of
 * bytes.
 *
 * Moves to VRAM are uploads in queue order, so no call waits for them. A move out of VRAM reads the buffer back first,
 * unless the device has not written it since the upload; then the host has its bytes. A `GPUBuffer` is destroyed as
 * soon as its contents have left, and counts in the budget until the device has freed its memory.
 *
 * @example A buffer that moves to the device and back
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 * import { byteBudget, WebGpu } from "@ttm/webgpu";
 *
 * const adapter = await navigator.gpu?.requestAdapter();
 * const gpu = await adapter?.requestDevice();
 * if (gpu !== undefined) {
 *   const driver = new WebGpu({ device: gpu, budget: 1 << 20 });
 *   const device = new BoDevice({ driver, managers: { vram: byteBudget(driver) } });
 *   const buffer = device.createBuffer({ bytes: 4096 });
 *   await buffer.reserve();
 *   await buffer.validate({ placement: [{ memoryType: "vram" }] });
 *   await buffer.write(new Uint8Array([1, 2, 3, 4]));
 *   // The GPUBuffer, for bind groups and passes that are submitted before unreserve().
 *   assertEquals(driver.gpuBuffer(buffer, "read").size, 4096);
 *   buffer.unreserve();
 *   await device.evictAll("vram");
 *   assertEquals([buffer.memoryType, driver.stats.readBackBytes], ["system", 0]);
 *   buffer.unref();
 *   await device.close();
 *   await driver.retired.settled();
 *   gpu.destroy();
 * }
 * ```
 */
export class WebGpu implements Driver {
  /** Always `"webgpu"`. */
  readonly name = "webgpu";
  /** SYSTEM and VRAM. */
  readonly memoryTypes: Driver["memoryTypes"];
  /** Moves are immediate; those out of VRAM are postponed until the bytes have been read back. */
  readonly supports = { moves: "immediate" } as const;
  #options: CheckedWebGpuOptions;
  #tenants: Map<BufferView, Tenant> = new Map();
  #readbacks: Readbacks;
  #line: FenceContext = new FenceContext("webgpu queue");
  #life: DeviceLife;
  #nextRetired: Fence | null = null;
  #retiringBytes = 0;
  #unflushed: { bytes: number; fence: Fence | null } = { bytes: 0, fence: null };
  #stats = { uploadedBytes: 0, readBackBytes: 0, cleanEvictions: 0 };

  /**
   * Makes a driver for one device.
   *
   * @throws {TtmError} `EINVAL` if an option is out of range.
   */
  constructor(options: WebGpuOptions) {
    this.#options = checkOptions(options);
    const { device, budget, stagingBytes } = this.#options;
    this.memoryTypes = [
      { name: "system" },
      {
        name: "vram",
        pages: Math.floor(budget / PAGE_SIZE),
        fixed: true,
        availableCaching: ["wc"],
        defaultCaching: "wc",
      },
    ];
    this.#life = new DeviceLife(device);
    this.#readbacks = new Readbacks(device, this.#life, stagingBytes);
  }

  /** Statistics of the driver. */
  get stats(): WebGpuStats {
    let [deviceBytes, hostCopyBytes] = [this.#retiringBytes, 0];
    for (const { gpu, copy } of this.#tenants.values()) {
      deviceBytes += gpu.size;
      if (copy instanceof Uint8Array) hostCopyBytes += copy.length;
    }
    return { ...this.#stats, deviceBytes, hostCopyBytes };
  }

  /** Signals when the memory of all buffers destroyed so far is free. */
  get retired(): Fence {
    // Requested at the end of this turn, so that one wait covers all buffers destroyed in it.
    return this.#nextRetired ??= this.#line.follow(
      Promise.resolve().then(() => {
        this.#nextRetired = null;
        return this.#queueDone();
      }),
    );
  }

  /**
   * The `GPUBuffer` of a buffer, for work that is submitted before the buffer is unreserved; afterwards it may be
   * destroyed at any time. `use` says whether the work writes to it.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not reserved or not in VRAM, or it is to be written and the core takes
   * it for clean, because no fence of the usage `"write"` was added; `ENOMEM` if the device had no memory for it: its bytes are safe, and it may be moved to SYSTEM; `EIO` if the device was lost.
   */
  gpuBuffer(buffer: BufferView, use: "read" | "write"): GpuBuffer {
    checkWord("use GPU buffer", "use", use, ["read", "write"]);
    const tenant = this.#tenants.get(buffer);
    if (!buffer.reserved || tenant === undefined) {
      const place = buffer.memoryType === null ? "has no place" : `is in ${buffer.memoryType}, not in vram`;
      const where = buffer.reserved ? place : "is not reserved";
      throw new TtmError("EINVAL", `Cannot use GPU buffer: ${buffer} ${where}`);
    }
    if (use === "write" && buffer.clean) {
      const why = `${buffer} would be dropped as clean; announce the work by addFence(fence, "write") first`;
      throw new TtmError("EINVAL", `Cannot use GPU buffer to write: ${why}`);
    }
    this.#life.check();
    if (tenant.failure !== null) throw tenant.failure;
    if (use === "write") tenant.noteWritten();
    return tenant.gpu;
  }

  /** From VRAM to SYSTEM. */
  evictPlacement(): Placement {
    return TO_SYSTEM;
  }

  /** VRAM is not CPU-visible; page faults of maps move the buffer to SYSTEM. */
  faultReserveNotify({ memoryType }: BufferView): Placement | null {
    return memoryType === "vram" ? TO_SYSTEM : null;
  }

  /** Host pages; they reuse the buffer's host copy if there is one. */
  createTranslationTable(buffer: BufferView): TranslationTable {
    return new TranslationTable(buffer.pages, (pages) => {
      const copy = this.#tenants.get(buffer)?.copy;
      return copy instanceof Uint8Array ? copy : new Uint8Array(pages * PAGE_SIZE);
    });
  }

  /** Uploads at once; moves back once the bytes have been read back. */
  move(request: MoveRequest): Postponed | void {
    const { buffer, source, destination } = request;
    if (destination.table !== null) return this.#takeBack(buffer, destination.table);
    if (this.#tenants.has(buffer)) return;
    return this.#send(buffer, source?.table ?? null);
  }

  /** Reads and writes of the CPU; bytes that the device has written are read back first. */
  accessMemory(buffer: BufferView, offset: number, bytes: Uint8Array, write: boolean): Postponed | void {
    const tenant = this.#tenantOf(buffer);
    const isWhole = offset % 4 === 0 && bytes.length % 4 === 0;
    if (write && tenant.copy === null && isWhole) return this.#write(tenant, offset, bytes);
    const copy = tenant.copy;
    if (copy === null) return this.#readBack(tenant);
    if (write) this.#writeThrough(tenant, copy, offset, bytes);
    else if (copy === "zero") bytes.fill(0);
    else bytes.set(copy.subarray(offset, offset + bytes.length));
  }

  /** Destroys the `GPUBuffer` of a buffer that gives up its backing. */
  moveNotify(buffer: BufferView, _from: string | null, to: string | null): void {
    if (to === null) this.#destroy(buffer);
  }

  #send(buffer: BufferView, table: TranslationTable | null): Postponed | void {
    this.#life.check();
    const { device, usage, stagingBytes, keepHostCopies } = this.#options;
    const size = buffer.pages * PAGE_SIZE;
    if (size > device.limits.maxBufferSize) {
      throw new TtmError(
        "EINVAL",
        `${buffer} is larger than the maxBufferSize of ${device.limits.maxBufferSize} bytes`,
      );
    }
    const bytes = table?.contents as Uint8Array<ArrayBuffer> | undefined;
    if (bytes !== undefined && this.#unflushed.bytes > 0 && this.#unflushed.bytes + size > stagingBytes) {
      return { retryAfter: this.#flushed() };
    }
    device.pushErrorScope("out-of-memory");
    device.pushErrorScope("validation");
    const gpu = device.createBuffer({ size, usage, label: `${buffer}` });
    const scopes = [device.popErrorScope(), device.popErrorScope()];
    // The owner of imported pages may change them.
    const copy: HostCopy = bytes === undefined ? "zero" : table?.external === true ? bytes.slice() : bytes;
    const tenant = new Tenant(gpu, copy);
    this.#tenants.set(buffer, tenant);
    if (bytes !== undefined) this.#upload(gpu, 0, bytes);
    const settled = (error: { readonly message: string } | null) => {
      if (error !== null) {
        tenant.failure = new TtmError("ENOMEM", `the device has no memory for ${buffer}: ${error.message}`);
      } else if (!keepHostCopies && tenant.copy === copy && copy !== "zero") tenant.copy = null;
    };
    // Error scopes of a lost device may reject.
    Promise.all(scopes).then(([inner, outer]) => settled(inner ?? outer ?? null), () => {});
  }

  #takeBack(buffer: BufferView, table: TranslationTable): Postponed | void {
    const tenant = this.#tenantOf(buffer);
    const { copy } = tenant;
    if (copy === null) return this.#readBack(tenant);
    const target = table.contents as Uint8Array;
    if (copy === "zero") target.fill(0);
    else if (target !== copy) target.set(copy);
    if (!tenant.wasReadBack) this.#stats.cleanEvictions++;
    this.#destroy(buffer);
  }

  #readBack(tenant: Tenant): Postponed {
    tenant.mustBeReadable();
    this.#life.check();
    const arrived = tenant.whenArrived();
    const { fence, started } = this.#readbacks.start(tenant.gpu, (bytes) => {
      this.#stats.readBackBytes += bytes.length;
      arrived(bytes);
    });
    if (started) fence.onSignal((error) => error !== undefined && tenant.noteReadFailed(error));
    return { retryAfter: fence };
  }

  /** Writes whole words, without a host copy. */
  #write(tenant: Tenant, offset: number, bytes: Uint8Array): void {
    this.#life.check();
    tenant.noteWritten();
    this.#upload(tenant.gpu, offset, bytes.slice());
  }

  /** Writes via the host copy, which completes the whole words that WebGPU requires. */
  #writeThrough(tenant: Tenant, known: HostCopy, offset: number, bytes: Uint8Array): void {
    this.#life.check();
    const copy = known instanceof Uint8Array ? known : new Uint8Array(tenant.gpu.size);
    tenant.noteWritten();
    copy.set(bytes, offset);
    const start = offset - offset % 4;
    const end = Math.ceil((offset + bytes.length) / 4) * 4;
    this.#upload(tenant.gpu, start, copy.subarray(start, end));
    if (this.#options.keepHostCopies) tenant.copy = copy;
  }

  #upload(gpu: GpuBuffer, offset: number, bytes: Uint8Array<ArrayBuffer>): void {
    for (let at = 0; at < bytes.length; at += WRITE_BYTES) {
      this.#options.device.queue.writeBuffer(gpu, offset + at, bytes.subarray(at, at + WRITE_BYTES));
    }
    this.#unflushed.bytes += bytes.length;
    this.#stats.uploadedBytes += bytes.length;
  }

  /** Signals when the writes so far have ended and their staging memory is free. */
  #flushed(): Fence {
    const unflushed = this.#unflushed;
    if (unflushed.fence === null) {
      unflushed.fence = this.#line.follow(this.#queueDone());
      unflushed.fence.onSignal(() => this.#unflushed = { bytes: 0, fence: null });
    }
    return unflushed.fence;
  }

  #destroy(buffer: BufferView): void {
    const tenant = this.#tenants.get(buffer);
    if (tenant === undefined) return;
    this.#tenants.delete(buffer);
    tenant.gpu.destroy();
    const { size } = tenant.gpu;
    this.#retiringBytes += size;
    this.retired.onSignal(() => this.#retiringBytes -= size);
  }

  /** Settles when the queue is empty, or the device is lost and all its memory with it. */
  async #queueDone(): Promise<void> {
    await this.#life.until(this.#options.device.queue.onSubmittedWorkDone()).catch(() => {});
  }

  #tenantOf(buffer: BufferView): Tenant {
    const tenant = this.#tenants.get(buffer);
    if (tenant === undefined) throw new TtmError("EIO", `${buffer} is not on the device`);
    return tenant;
  }
}
