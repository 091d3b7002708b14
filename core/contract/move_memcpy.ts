import type { Driver, Location, MoveRequest } from "./driver.ts";
import { TtmError } from "../base/errors.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** Maximum size in pages of a window that is requested from a driver. */
const PAGES_AT_ONCE = 256;

/**
 * Copies bytes by the CPU, through the aperture for device-resident memory (`ttm_bo_move_memcpy`). The core uses it for
 * drivers without a `move`; a driver can fall back on it. The work on the buffer must have ended.
 *
 * @throws {TtmError} `EINVAL` if the CPU cannot access the source or the destination; `ENODEV` if the host pages are
 * not bytes. A part may have been copied by then, but never into imported pages; the source is unchanged.
 *
 * @example A driver that leaves all moves to the CPU
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Driver, moveMemcpy } from "@ttm/core";
 *
 * const vram = new Uint8Array(8192).fill(9);
 * const driver: Pick<Driver, "ioMemReserve"> = {
 *   ioMemReserve: (_memoryType, start, pages) => vram.subarray(start * 4096, (start + pages) * 4096),
 * };
 * const clear = { source: null, destination: { memoryType: "vram", start: 1, table: null }, pages: 1 };
 * moveMemcpy(driver, clear);
 * assertEquals([vram[4095], vram[4096]], [9, 0]);
 * ```
 */
export function moveMemcpy(
  driver: Pick<Driver, "ioMemReserve" | "ioMemFree">,
  { source, destination, pages }: Pick<MoveRequest, "source" | "destination" | "pages">,
): void {
  // Checks the whole source first: imported pages must get all of the bytes or none.
  if (destination.table?.external === true && source !== null) {
    eachPiece(pages, (first, count) => withBytes(driver, source, first, count, () => {}));
  }
  eachPiece(pages, (first, count) => {
    withBytes(driver, destination, first, count, (target) => {
      if (source === null) target.fill(0);
      else withBytes(driver, source, first, count, (bytes) => target.set(bytes));
    });
  });
}

function eachPiece(pages: number, use: (first: number, count: number) => void): void {
  for (let first = 0; first < pages; first += PAGES_AT_ONCE) use(first, Math.min(PAGES_AT_ONCE, pages - first));
}

function withBytes(
  driver: Pick<Driver, "ioMemReserve" | "ioMemFree">,
  { memoryType, start, table }: Location,
  first: number,
  pages: number,
  use: (bytes: Uint8Array) => void,
): void {
  if (table !== null) {
    if (!(table.contents instanceof Uint8Array)) {
      throw new TtmError("ENODEV", `Cannot copy by the CPU: the host pages of ${memoryType} are not bytes`);
    }
    return use(table.contents.subarray(first * PAGE_SIZE, (first + pages) * PAGE_SIZE));
  }
  const window = driver.ioMemReserve?.(memoryType, start + first, pages) ?? null;
  if (window === null) {
    const range = `pages ${start + first} to ${start + first + pages} of ${memoryType}`;
    throw new TtmError("EINVAL", `Cannot copy by the CPU: it cannot see ${range}`);
  }
  try {
    use(window);
  } finally {
    driver.ioMemFree?.(memoryType, start + first, pages);
  }
}
