import { checkInteger } from "../base/arguments.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** What a buffer object, its table, and a table of device addresses take, in bytes, before rounding. */
const BUFFER_BYTES = 400;
const TABLE_BYTES = 120;
const DMA_TABLE_BYTES = 160;
const POINTER_BYTES = 8;

/**
 * The host memory that a buffer takes besides its pages, in bytes, as accounted in the zones of a `Global`
 * (`ttm_bo_acc_size`, with `dma` `ttm_bo_dma_acc_size`): its own structure, one pointer per page, and its table.
 *
 * @param bytes Size of the buffer in bytes.
 * @param dma Whether its table also keeps a DMA address per page.
 * @throws {TtmError} `EINVAL` if `bytes` is not a whole number from 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { accountedSize } from "@ttm/core";
 *
 * assertEquals([accountedSize(4096), accountedSize(4096, true)], [512 + 4096 + 128, 512 + 2 * 4096 + 256]);
 * ```
 */
export function accountedSize(bytes: number, dma = false): number {
  checkInteger("tell the accounted size", "bytes", bytes, 1, Number.MAX_SAFE_INTEGER - PAGE_SIZE);
  const pointers = roundToPages(Math.ceil(bytes / PAGE_SIZE) * POINTER_BYTES);
  const table = dma ? pointers + roundStructure(DMA_TABLE_BYTES) : roundStructure(TABLE_BYTES);
  return roundStructure(BUFFER_BYTES) + pointers + table;
}

/** The allocated size of a structure: whole pages above one page, else a power of two from 4. */
export function roundStructure(bytes: number): number {
  if (bytes === 0) return 0;
  if (bytes > PAGE_SIZE) return roundToPages(bytes);
  return Math.max(4, 2 ** Math.ceil(Math.log2(bytes)));
}

function roundToPages(bytes: number): number {
  return Math.ceil(bytes / PAGE_SIZE) * PAGE_SIZE;
}
