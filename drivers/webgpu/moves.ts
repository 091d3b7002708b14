import { type BufferView, type Fence, FenceContext, type Postponed, type TranslationTable, TtmError } from "@ttm/core";
import type { Bindings } from "./bindings.ts";
import type { Range } from "./chunk.ts";
import type { CpuAccess } from "./cpu_access.ts";
import type { DeviceLife } from "./device_life.ts";
import type { GpuBuffer, GpuDevice } from "./gpu_types.ts";
import { type HostCopy, Tenant } from "./tenant.ts";
import type { Timeline } from "./timeline.ts";
import type { Uploads } from "./uploads.ts";

/** What moves use. */
export interface MoveParts<Device extends GpuDevice> {
  readonly life: DeviceLife<Device>;
  readonly timeline: Timeline;
  readonly uploads: Uploads;
  readonly cpu: CpuAccess<Device>;
  readonly bindings: Bindings<Device>;
  readonly keepHostCopies: boolean;
}

/** Moves contents between host pages and the device, and within it. */
export class Moves<Device extends GpuDevice> {
  /** Number of buffers evicted without a readback. */
  cleanEvictions = 0;
  #parts: MoveParts<Device>;
  #losses: FenceContext = new FenceContext("webgpu losses");
  /** Bytes on their way to the host, by the table that they go to. */
  #arriving: Map<TranslationTable, { readonly buffer: BufferView; readonly fence: Fence }> = new Map();

  constructor(parts: MoveParts<Device>) {
    this.#parts = parts;
  }

  /** Buffers whose bytes are on their way to the host. */
  get arriving(): BufferView[] {
    return Array.from(this.#arriving.values(), ({ buffer }) => buffer);
  }

  /** Uploads the contents of a table, or clears the range if there is none. */
  toDevice(buffer: BufferView, table: TranslationTable | null, range: Range): Postponed | void {
    const { life, timeline, uploads, bindings, keepHostCopies } = this.#parts;
    const bytes = table?.contents as Uint8Array<ArrayBuffer> | undefined;
    const arriving = table === null ? undefined : this.#arriving.get(table)?.fence;
    if (arriving !== undefined) return { retryAfter: arriving };
    const postponed = life.check() ?? uploads.check(bytes?.length ?? 0);
    if (postponed !== null) return postponed;
    const gpu = range.chunk.buffer as GpuBuffer;
    if (bytes === undefined) uploads.clear(range);
    else uploads.write(gpu, range.offset, bytes);
    // The owner of imported pages may change them. What a store has needs no second copy.
    let copy: HostCopy = bytes === undefined ? "zero" : table?.external === true ? bytes.slice() : bytes;
    if (buffer.clean) copy = null;
    const tenant = range.tenant = new Tenant(buffer, copy);
    bindings.noteArrived(buffer, range);
    if (keepHostCopies || copy === "zero" || copy === null) return;
    timeline.work().observe((error) => {
      if (error === undefined && tenant.copy === copy) tenant.copy = null;
    });
  }

  /** Brings contents to a table; what the host knows already without a readback. */
  toHost(range: Range, table: TranslationTable): Fence | Postponed | void {
    const tenant = range.tenant as Tenant;
    const { buffer, copy } = tenant;
    const target = table.contents as Uint8Array;
    if (tenant.lost !== null) return this.#lostFence(tenant.lost);
    if (copy !== null) {
      if (copy === "zero") target.fill(0);
      else if (target !== copy) target.set(copy);
      if (!tenant.wasReadBack) this.cleanEvictions++;
      return;
    }
    const answer = this.#parts.cpu.readBack(range, tenant, 0, range.bytes, target);
    if ("retryAfter" in answer || !answer.isQueued) {
      return { retryAfter: "retryAfter" in answer ? answer.retryAfter : answer.fence };
    }
    const { fence } = answer;
    this.#arriving.set(table, { buffer, fence });
    fence.observe(() => this.#arriving.delete(table));
    return fence;
  }

  /** Uploads what the host knows, from a range that the new device had no memory for. */
  toNewDevice(source: Range, target: Range): Postponed | void {
    const tenant = source.tenant as Tenant;
    const { life, uploads, bindings } = this.#parts;
    const { copy } = tenant;
    const bytes = copy instanceof Uint8Array ? copy : null;
    const postponed = life.check() ?? uploads.check(bytes?.length ?? 0);
    if (postponed !== null) return postponed;
    if (bytes === null) uploads.clear(target);
    else uploads.write(target.chunk.buffer as GpuBuffer, target.offset, bytes);
    target.tenant = tenant;
    bindings.noteArrived(tenant.buffer, target);
  }

  /** Copies within the device. */
  within(source: Range, target: Range): void {
    if (source.chunk === target.chunk) {
      throw new TtmError("EINVAL", "bytes cannot be copied within one GPUBuffer");
    }
    const { uploads, bindings } = this.#parts;
    uploads.copy(source, target);
    target.tenant = source.tenant;
    if (target.tenant !== null) bindings.noteArrived(target.tenant.buffer, target);
  }

  /** A fence by which the core learns that contents are lost. */
  #lostFence(error: TtmError): Fence {
    const fence = this.#losses.next();
    fence.signal(error);
    return fence;
  }
}
