import { PAGE_SIZE } from "@ttm/core";

/** Sizes of a memory, in bytes. */
export interface MemorySizes {
  readonly budget: number;
  /** Part of the budget that only staging buffers take. */
  readonly reserve: number;
  /** Size of a slab. */
  readonly slab: number;
  readonly maxBufferSize: number;
}

/** Sizes of a slab for a request, best first: the full one, then halves down to the request. */
export function slabSizes(largest: number, bytes: number): readonly number[] {
  const sizes = [];
  for (let size = largest; size > bytes; size = Math.floor(size / 2 / PAGE_SIZE) * PAGE_SIZE) sizes.push(size);
  return [...sizes, bytes];
}

/** Sizes of a staging buffer for a request, best first: one that others of about the same size can use, too. */
export function stagingSizes(bytes: number): readonly number[] {
  const step = Math.max(256, 2 ** Math.floor(Math.log2(bytes)) / 8);
  return [Math.ceil(bytes / step) * step, bytes];
}
