import type { BufferRecord } from "../state/buffer_record.ts";
import { CACHED } from "../base/caching.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { Driver } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import { Mappings } from "../state/cpu_maps.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import { plural } from "../base/plural.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** Whether the CPU maps a resource through an aperture window instead of its host pages (`ttm_mem_reg_is_pci`). */
export function isAperture(type: MemoryType, caching: number): boolean {
  if (type.fixed) return true;
  return !type.isSystem && !type.cma && caching !== CACHED;
}

/**
 * Requests an aperture window from the driver (`ttm_mem_io_reserve`). If all windows are in use, buffers with windows
 * of user maps are unmapped, the oldest first; their next access requests one again. Free the window by
 * {@linkcode closeWindow}.
 *
 * @throws {TtmError} `EINVAL` if the CPU cannot access the range; what the driver throws.
 */
export function openWindow(state: DeviceState, type: MemoryType, start: number, pages: number): Uint8Array {
  for (;;) {
    try {
      const window = type.mappable ? state.driver.ioMemReserve?.(type.name, start, pages) ?? null : null;
      if (window !== null) return checkWindow(state, window, pages);
      const range = `pages ${start} to ${start + pages} of ${type.name}`;
      throw new TtmError("EINVAL", `the CPU cannot see ${range}`);
    } catch (error) {
      const [oldest] = state.windowedUsers;
      if (!(error instanceof TtmError && error.code === "EAGAIN") || oldest === undefined) throw error;
      unmapVirtual(state, oldest);
    }
  }
}

function checkWindow({ driver }: DeviceState, window: Uint8Array, pages: number): Uint8Array {
  if (window instanceof Uint8Array && window.length === pages * PAGE_SIZE) return window;
  throw new TtmError(
    "EINVAL",
    `driver "${driver.name}" returned no window of ${plural(pages, "page")} from ioMemReserve`,
  );
}

/** Frees a window. */
export function closeWindow({ driver }: DeviceState, type: MemoryType, start: number, pages: number): void {
  driver.ioMemFree?.(type.name, start, pages);
}

/** Both functions for copies by the CPU, which name memory types. */
export function cpuWindows(state: DeviceState): Pick<Driver, "ioMemReserve" | "ioMemFree"> {
  const type = (name: string) => state.typesByName.get(name) as MemoryType;
  return {
    ioMemReserve: (memoryType, start, pages) => openWindow(state, type(memoryType), start, pages),
    ioMemFree: (memoryType, start, pages) => closeWindow(state, type(memoryType), start, pages),
  };
}

/**
 * Takes a reference to the window on a buffer's whole resource. Throws as {@linkcode openWindow}, and then takes none.
 */
export function reserveIo(state: DeviceState, buffer: BufferRecord, type: MemoryType): Uint8Array {
  const maps = mappingsOf(buffer);
  if (maps.io === null) {
    const start = buffer.start ?? 0;
    const bytes = openWindow(state, type, start, buffer.pages);
    maps.io = { type, start, pages: buffer.pages, bytes, count: 0 };
  }
  maps.io.count++;
  return maps.io.bytes;
}

/** Drops a reference to the window; the last one frees it. */
export function releaseIo(state: DeviceState, buffer: BufferRecord): void {
  const maps = mappingsOf(buffer);
  const { io } = maps;
  if (io === null || --io.count > 0) return;
  maps.io = null;
  closeWindow(state, io.type, io.start, io.pages);
}

/** The record of a buffer's maps, made on first use. */
export function mappingsOf(buffer: BufferRecord): Mappings {
  return buffer.mappings ??= new Mappings();
}

/** Unmaps the pages of a buffer from user maps; the next access faults them back in (`ttm_bo_unmap_virtual`). */
export function unmapVirtual(state: DeviceState, buffer: BufferRecord): void {
  if (buffer.mappings === null) return;
  for (const map of buffer.mappings.users) map.zap();
  if (state.windowedUsers.delete(buffer)) releaseIo(state, buffer);
}

/** Ends the kernel maps of a buffer that leaves its resource. */
export function endKernelMaps({ kernel }: Mappings): void {
  for (const map of kernel) map.end();
}

/** Ends all maps of memory that is about to be freed. */
export function dropMaps(state: DeviceState, buffer: BufferRecord): void {
  unmapVirtual(state, buffer);
  if (buffer.mappings !== null) endKernelMaps(buffer.mappings);
}
