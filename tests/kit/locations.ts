import { type Driver, type Location, PAGE_SIZE } from "@ttm/core";

/** A copy of the bytes at one end of a move; null if the CPU cannot read there. */
export function look(driver: Driver, location: Location, pages: number): Uint8Array | null {
  return withBytes(driver, location, pages, (bytes) => bytes.slice());
}

/** Writes bytes to one end of a move, as a device does; false if the CPU cannot write there. */
export function scribble(driver: Driver, location: Location, bytes: Uint8Array): boolean {
  const write = (memory: Uint8Array) => {
    memory.set(bytes);
    return true;
  };
  return withBytes(driver, location, bytes.length / PAGE_SIZE, write) ?? false;
}

function withBytes<Result>(
  driver: Driver,
  { memoryType, start, table }: Location,
  pages: number,
  use: (bytes: Uint8Array) => Result,
): Result | null {
  if (table !== null) return table.contents instanceof Uint8Array ? use(table.contents) : null;
  const window = driver.ioMemReserve?.(memoryType, start, pages) ?? null;
  if (window === null) return null;
  const result = use(window);
  driver.ioMemFree?.(memoryType, start, pages);
  return result;
}
