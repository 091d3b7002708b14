import { type BufferView, TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import type { Chunk, Range } from "./chunk.ts";
import type { BindGroupOf, BufferOf, GpuDevice, LayoutOf } from "./gpu_types.ts";

/** Where a buffer object is on the device, as `GPUBufferBinding`. After the callback its members throw `ESTALE`. */
export interface Binding<Device extends GpuDevice = GpuDevice> {
  /** The `GPUBuffer`, which other buffer objects may share. */
  readonly buffer: BufferOf<Device>;
  /** Where the bytes begin in it, in bytes. */
  readonly offset: number;
  /** Size of the buffer object in bytes as asked for, rounded up to whole words. */
  readonly size: number;
}

/** An entry of a bind group: a buffer object, or whatever else WebGPU binds. */
export type BindGroupEntry =
  | { readonly binding: number; readonly buffer: BufferView }
  | { readonly binding: number; readonly resource: object };

/** A bind group of buffer objects. */
export interface BindGroupRequest<Device extends GpuDevice = GpuDevice> {
  /** The layout, as of the device. */
  readonly layout: LayoutOf<Device>;
  /** Its entries. */
  readonly entries: readonly BindGroupEntry[];
}

interface CachedGroup {
  readonly group: object;
  readonly chunks: ReadonlySet<Chunk>;
}

/** Bind groups that are kept; the ones that were made first go first. */
const MAX_GROUPS = 4096;

/** What the callback of a submission can bind, and the bind groups of earlier callbacks. */
export class Bindings<Device extends GpuDevice> {
  #device: () => Device;
  #rangesBy: (handle: number) => Range | null;
  #onRebound: ((buffer: BufferView) => void) | undefined;
  #submission: { readonly buffers: ReadonlySet<BufferView>; open: boolean } | null = null;
  #groups: Map<string, CachedGroup> = new Map();
  #names: WeakMap<object, number> = new WeakMap();
  #lastName = 0;
  #generations: WeakMap<BufferView, number> = new WeakMap();

  constructor(
    device: () => Device,
    rangesBy: (handle: number) => Range | null,
    onRebound: ((buffer: BufferView) => void) | undefined,
  ) {
    this.#device = device;
    this.#rangesBy = rangesBy;
    this.#onRebound = onRebound;
  }

  /** The callback of a submission of these buffers begins. */
  open(buffers: ReadonlySet<BufferView>): void {
    this.#submission = { buffers, open: true };
  }

  /** The callback has ended: its bindings are stale. */
  close(): void {
    if (this.#submission !== null) this.#submission.open = false;
    this.#submission = null;
  }

  /** A buffer object has come to a range; tells whoever may have bound it elsewhere. */
  noteArrived(buffer: BufferView, { generation }: Range): void {
    const before = this.#generations.get(buffer);
    this.#generations.set(buffer, generation);
    if (before !== undefined && before !== generation) this.#onRebound?.(buffer);
  }

  /** Where a buffer object is on the device. */
  bind(buffer: BufferView): Binding<Device> {
    const what = `bind ${buffer}`;
    const submission = this.#submission;
    if (submission === null) throw new TtmError("EINVAL", `Cannot ${what}: it is not the callback of a submission`);
    const range = this.#rangeOf(what, buffer);
    const [gpu, offset, size] = [range.chunk.buffer as BufferOf<Device>, range.offset, wholeWords(buffer.bytes)];
    const check = () => {
      if (!submission.open) {
        throw new TtmError("ESTALE", `Cannot use the binding of ${buffer}: the callback that it was made in has ended`);
      }
    };
    return {
      get buffer() {
        check();
        return gpu;
      },
      get offset() {
        check();
        return offset;
      },
      get size() {
        check();
        return size;
      },
    };
  }

  /** A bind group, made only if there is none of the same layout, places and sizes. */
  bindGroup({ layout, entries }: BindGroupRequest<Device>): BindGroupOf<Device> {
    const what = "make a bind group";
    const chunks = new Set<Chunk>();
    let key = `${this.#nameOf(layout)}`;
    for (const entry of entries) {
      if ("buffer" in entry) {
        const { chunk, generation } = this.#rangeOf(what, entry.buffer);
        chunks.add(chunk);
        key += `,${entry.binding}:${generation}+${entry.buffer.bytes}`;
      } else key += `,${entry.binding}=${this.#nameOf(entry.resource)}`;
    }
    const known = this.#groups.get(key);
    if (known !== undefined) return known.group as BindGroupOf<Device>;
    const group = this.#device().createBindGroup({ layout, entries: entries.map((entry) => this.#bound(entry)) });
    this.#groups.set(key, { group, chunks });
    const oldest = this.#groups.keys().next().value;
    if (this.#groups.size > MAX_GROUPS && oldest !== undefined) this.#groups.delete(oldest);
    return group as BindGroupOf<Device>;
  }

  /** Forgets the bind groups with a `GPUBuffer` that is about to go. */
  forget(chunk: Chunk): void {
    for (const [key, { chunks }] of this.#groups) if (chunks.has(chunk)) this.#groups.delete(key);
  }

  #bound(entry: BindGroupEntry): object {
    if (!("buffer" in entry)) return entry;
    const { buffer, offset, size } = this.bind(entry.buffer);
    return { binding: entry.binding, resource: { buffer, offset, size } };
  }

  #rangeOf(what: string, buffer: BufferView): Range {
    const submission = this.#submission;
    if (submission === null) throw new TtmError("EINVAL", `Cannot ${what}: it is not the callback of a submission`);
    if (!submission.buffers.has(buffer)) {
      throw new TtmError("EINVAL", `Cannot ${what}: ${show(`${buffer}`)} is not part of the submission`);
    }
    const range = this.#rangesBy(buffer.handle);
    if (range === null) {
      throw new TtmError("EINVAL", `Cannot ${what}: ${buffer} is in ${buffer.memoryType}, not in vram`);
    }
    return range;
  }

  #nameOf(object: object): number {
    const name = this.#names.get(object) ?? ++this.#lastName;
    this.#names.set(object, name);
    return name;
  }
}

function wholeWords(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
