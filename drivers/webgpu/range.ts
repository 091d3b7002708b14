import type { ManagerNode } from "@ttm/core";
import { PAGE_SIZE } from "@ttm/core";
import { type Chunk, SPAN } from "./chunk.ts";
import type { Tenant } from "./tenant.ts";

/** Pages of a chunk that a buffer object lives in. */
export class Range implements ManagerNode {
  /** Page address, which encodes the chunk and the page in it. */
  readonly start: number;
  /** Size in pages. */
  readonly pages: number;
  readonly chunk: Chunk;
  /** Handle of the chunk's allocator; 0 for a whole chunk. */
  readonly handle: number;
  /** Whether nobody has used the bytes since the `GPUBuffer` was created, so that they are zero. */
  isFresh: boolean;
  /** Who lives here; null before its bytes have come. */
  tenant: Tenant | null = null;

  constructor(chunk: Chunk, page: number, pages: number, handle: number, isFresh: boolean) {
    this.chunk = chunk;
    this.start = chunk.id * SPAN + page;
    this.pages = pages;
    this.handle = handle;
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
