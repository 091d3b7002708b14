import { type Fence, PAGE_SIZE } from "@ttm/core";
import { GoodFitAllocator } from "@ttm/good-fit";
import { type GpuBuffer, GpuUsage } from "./gpu_types.ts";
import type { Tenant } from "./tenant.ts";

/** Page addresses of each chunk: 8 GiB. */
export const SPAN: number = 2 ** 21;

/** How the device uses the buffers of a slab; a `GPUBuffer` cannot be bound both ways in one dispatch. */
export type Access = "read" | "write";

/** What a chunk is for. */
export interface ChunkKind {
  /** Flags of `GPUBufferUsage`. */
  readonly usage: number;
  /** Whether it is a slab, which buffer objects share. */
  readonly slab: Access | null;
}

/** Staging is the kind of `GPUBuffer` that the CPU maps. */
export const STAGING: ChunkKind = { usage: GpuUsage.MAP_READ | GpuUsage.COPY_DST, slab: null };

/** Whether chunks of two kinds serve the same requests. */
export function isSameKind(a: ChunkKind, b: ChunkKind): boolean {
  return a.usage === b.usage && a.slab === b.slab;
}

/**
 * A `GPUBuffer` of the driver's: a slab that buffer objects share, one that a buffer object has for itself, or a staging
 * buffer. Whoever takes a range over comes after its former tenant in the order of the queue.
 */
export class Chunk {
  readonly id: number;
  /** Size in bytes. */
  readonly size: number;
  readonly kind: ChunkKind;
  /** The `GPUBuffer`; null if the device had no memory for it after a recovery. */
  buffer: GpuBuffer | null;
  /** Number of the `GPUBuffer`, which changes with it. */
  epoch: number;
  /** Signals when the device has said whether it has the memory; null once it has said yes. */
  creation: Fence | null = null;
  /** Whether it is in use. */
  users = 0;
  #allocator: GoodFitAllocator | null;
  /** Pages below were in use at some time. */
  #usedPages = 0;

  constructor(id: number, size: number, kind: ChunkKind, buffer: GpuBuffer, epoch: number) {
    this.id = id;
    this.size = size;
    this.kind = kind;
    this.buffer = buffer;
    this.epoch = epoch;
    this.#allocator = kind.slab === null ? null : new GoodFitAllocator({ size: size / PAGE_SIZE });
  }

  /** Whether it can serve requests, for lack of which it may be destroyed if it has no user. */
  get ready(): boolean {
    return this.creation === null && this.buffer !== null;
  }

  /** Takes pages; null if no hole fits. A chunk that is no slab serves one request at a time. */
  take(pages: number, alignment: number): Range | null {
    const allocator = this.#allocator;
    const block = allocator?.take(alignment === 1 ? pages : { size: pages, alignment }) ?? 0;
    if (allocator === null ? this.users > 0 : block === 0) return null;
    const page = allocator?.startOf(block) ?? 0;
    const isFresh = page >= this.#usedPages;
    this.#usedPages = Math.max(this.#usedPages, page + pages);
    this.users++;
    return new Range(this, page, pages, block, isFresh);
  }

  /** Gives pages back. */
  give({ block }: Range): void {
    if (block !== 0) this.#allocator?.give(block);
    this.users--;
  }

  /** The `GPUBuffer` was created anew, zeroed; users keep their ranges. */
  renew(buffer: GpuBuffer | null, epoch: number): void {
    this.buffer = buffer;
    this.epoch = epoch;
  }
}

/** Pages of a chunk that a buffer object lives in. */
export class Range {
  /** Page address, which encodes the chunk and the page in it. */
  readonly start: number;
  /** Size in pages. */
  readonly pages: number;
  readonly chunk: Chunk;
  /** Handle of the chunk's allocator; 0 for a whole chunk. */
  readonly block: number;
  /** Handle of the manager; 0 before it is handed out. */
  handle = 0;
  /** Whether nobody had used the bytes before since the `GPUBuffer` was created, so that they were zero. */
  readonly isFresh: boolean;
  /** Who lives here; null before its bytes have come. */
  tenant: Tenant | null = null;

  constructor(chunk: Chunk, page: number, pages: number, block: number, isFresh: boolean) {
    this.chunk = chunk;
    this.start = chunk.id * SPAN + page;
    this.pages = pages;
    this.block = block;
    this.isFresh = isFresh;
  }

  /** Offset in the `GPUBuffer`, in bytes. */
  get offset(): number {
    return this.start % SPAN * PAGE_SIZE;
  }

  /** Size in bytes. */
  get bytes(): number {
    return this.pages * PAGE_SIZE;
  }

  /** A number that no other `GPUBuffer` or offset has, now or later. */
  get generation(): number {
    return this.chunk.epoch * SPAN + this.start % SPAN;
  }
}
