import type { Postponed } from "@ttm/core";
import type { DeviceLife } from "./device_life.ts";
import type { GpuBuffer, GpuDevice } from "./gpu_types.ts";
import type { Range } from "./chunk.ts";
import type { Readback, Readbacks } from "./readbacks.ts";
import type { Tenant } from "./tenant.ts";
import type { Uploads } from "./uploads.ts";

/**
 * The CPU's reads and writes of buffers in VRAM. WebGPU copies whole words only, so that a write of other bytes needs
 * those beside them in the first and in the last word.
 */
export class CpuAccess<Device extends GpuDevice> {
  #life: DeviceLife<Device>;
  #readbacks: Readbacks<Device>;
  #uploads: Uploads;
  #keepHostCopies: boolean;

  constructor(life: DeviceLife<Device>, readbacks: Readbacks<Device>, uploads: Uploads, keepHostCopies: boolean) {
    this.#life = life;
    this.#readbacks = readbacks;
    this.#uploads = uploads;
    this.#keepHostCopies = keepHostCopies;
  }

  /** Reads or writes bytes from an offset on; postpones it until the bytes that are needed have been read back. */
  access(range: Range, tenant: Tenant, offset: number, bytes: Uint8Array, write: boolean): Postponed | void {
    if (bytes.length === 0) return;
    return write ? this.#write(range, tenant, offset, bytes) : this.#read(range, tenant, offset, bytes);
  }

  /**
   * Begins to read bytes of a buffer back, to the host copy or to be found by the next attempt of an access; to `target`,
   * too, if there is one and the copy has been queued.
   */
  readBack(range: Range, tenant: Tenant, offset: number, size: number, target?: Uint8Array): Readback | Postponed {
    tenant.mustBeReadable();
    const postponed = this.#life.check();
    if (postponed !== null) return postponed;
    const keep = size === range.bytes && (this.#keepHostCopies || target !== undefined);
    const arrived = tenant.whenArrived(offset, keep);
    const span = { buffer: range.chunk.buffer as GpuBuffer, offset: range.offset + offset, size };
    let isQueued = false;
    const answer = this.#readbacks.start(span, (bytes) => {
      if (target !== undefined && isQueued) target.set(bytes);
      else arrived(bytes.slice());
    });
    if ("retryAfter" in answer) return answer;
    isQueued = answer.isQueued;
    if (target === undefined || !isQueued) {
      answer.fence.observe((error) => error !== undefined && tenant.noteReadFailed(error));
    }
    return answer;
  }

  #read(range: Range, tenant: Tenant, offset: number, bytes: Uint8Array): Postponed | void {
    const { copy } = tenant;
    if (copy === null) {
      const found = this.#words(range, tenant, offset, bytes.length);
      if ("retryAfter" in found) return found;
      bytes.set(found);
      tenant.dropPieces();
    } else if (copy === "zero") bytes.fill(0);
    else bytes.set(copy.subarray(offset, offset + bytes.length));
  }

  #write(range: Range, tenant: Tenant, offset: number, bytes: Uint8Array): Postponed | void {
    const postponed = this.#life.check() ?? this.#uploads.check(bytes.length);
    if (postponed !== null) return postponed;
    const end = offset + bytes.length;
    const [first, last] = [offset - offset % 4, Math.ceil(end / 4) * 4];
    const words = new Uint8Array(last - first);
    const edges = [...(first < offset ? [first] : []), ...(end < last ? [last - 4] : [])];
    // All edges are asked for before one is waited for.
    const found = edges.map((edge) => this.#known(range, tenant, edge));
    for (const [at, word] of found.entries()) {
      if ("retryAfter" in word) return found.findLast((other) => "retryAfter" in other) as Postponed;
      words.set(word, (edges[at] as number) - first);
    }
    words.set(bytes, offset - first);
    if (range.chunk.buffer !== null) this.#uploads.write(range.chunk.buffer, range.offset + first, words);
    this.#noteWritten(range, tenant, offset, bytes);
  }

  /** What the host knows after a write: more than before only if everything was written. */
  #noteWritten(range: Range, tenant: Tenant, offset: number, bytes: Uint8Array): void {
    const isWhole = bytes.length >= tenant.buffer.bytes;
    if (isWhole) tenant.lost = null;
    const keep = this.#keepHostCopies || range.chunk.buffer === null;
    let { copy } = tenant;
    if (copy === "zero" || isWhole) copy = new Uint8Array(range.bytes);
    if (!keep) copy = null;
    copy?.set(bytes, offset);
    tenant.copy = copy;
    tenant.noteChanged();
  }

  #known(range: Range, tenant: Tenant, edge: number): Uint8Array | Postponed {
    const { copy } = tenant;
    if (copy === "zero") return new Uint8Array(4);
    return copy === null ? this.#words(range, tenant, edge, 4) : copy.subarray(edge, edge + 4);
  }

  /** Bytes that only the device has; whole words are read back for them. */
  #words(range: Range, tenant: Tenant, offset: number, length: number): Uint8Array | Postponed {
    const found = tenant.piece(offset, length);
    if (found !== null) return found;
    const first = offset - offset % 4;
    const answer = this.readBack(range, tenant, first, Math.ceil((offset + length) / 4) * 4 - first);
    return "retryAfter" in answer ? answer : { retryAfter: answer.fence };
  }
}
