import type { Driver, Location, MoveRequest } from "./driver.ts";
import { TtmError } from "./errors.ts";
import { PAGE_SIZE } from "./memory_type.ts";

/** Bounds the windows that are asked of a driver at a time. */
const PAGES_AT_ONCE = 256;

/**
 * Moves bytes by the CPU, through the aperture where an end is device-resident (`ttm_bo_move_memcpy`). The core does so
 * for drivers without a `move`; a driver can fall back on it. The work on the buffer must have ended.
 *
 * @throws {TtmError} `EINVAL` if the CPU cannot see an end; `ENODEV` if the host pages are no bytes. A part may have been
 * copied then; the source is as it was.
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
  driver: Pick<Driver, "ioMemReserve">,
  { source, destination, pages }: Pick<MoveRequest, "source" | "destination" | "pages">,
): void {
  for (let first = 0; first < pages; first += PAGES_AT_ONCE) {
    const count = Math.min(PAGES_AT_ONCE, pages - first);
    const target = bytesAt(driver, destination, first, count);
    if (source === null) target.fill(0);
    else target.set(bytesAt(driver, source, first, count));
  }
}

function bytesAt(driver: Pick<Driver, "ioMemReserve">, location: Location, first: number, pages: number): Uint8Array {
  const { memoryType, table } = location;
  if (table !== null) {
    if (table.contents instanceof Uint8Array) {
      return table.contents.subarray(first * PAGE_SIZE, (first + pages) * PAGE_SIZE);
    }
    throw new TtmError("ENODEV", `Cannot copy by the CPU: the host pages of ${memoryType} are no bytes`);
  }
  const start = location.start + first;
  const window = driver.ioMemReserve?.(memoryType, start, pages) ?? null;
  if (window !== null) return window;
  const range = `pages ${start} to ${start + pages} of ${memoryType}`;
  throw new TtmError("EINVAL", `Cannot copy by the CPU: it cannot see ${range}`);
}
