import type { BufferRecord } from "../state/buffer_record.ts";
import { CACHED } from "../base/caching.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { Driver } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import { Mappings } from "../state/cpu_maps.ts";
import type { MemoryType } from "../state/memory_type.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** Whether the CPU maps a place through a window of the device instead of its host pages (`ttm_mem_reg_is_pci`). */
export function isAperture(type: MemoryType, caching: number): boolean {
  if (type.fixed) return true;
  return !type.isSystem && !type.cma && caching !== CACHED;
}

/**
 * Asks the driver for a window (`ttm_mem_io_reserve`). If all are taken, the maps of users give theirs up, the oldest
 * first; they get one again when they are used. Give the window back by {@linkcode closeWindow}.
 *
 * @throws {TtmError} `EINVAL` if the CPU cannot see the range; what the driver throws.
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
  throw new TtmError("EINVAL", `driver "${driver.name}" returned no window of ${pages} pages from ioMemReserve`);
}

/** Gives a window back. */
export function closeWindow({ driver }: DeviceState, type: MemoryType, start: number, pages: number): void {
  driver.ioMemFree?.(type.name, start, pages);
}

/** Both for copies by the CPU, which know memory types by name. */
export function cpuWindows(state: DeviceState): Pick<Driver, "ioMemReserve" | "ioMemFree"> {
  const type = (name: string) => state.typesByName.get(name) as MemoryType;
  return {
    ioMemReserve: (memoryType, start, pages) => openWindow(state, type(memoryType), start, pages),
    ioMemFree: (memoryType, start, pages) => closeWindow(state, type(memoryType), start, pages),
  };
}

/** Takes a share in the window on a buffer's whole place. Throws as {@linkcode openWindow}; nothing is held then. */
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

/** Gives one share back; with the last the window goes. */
export function releaseIo(state: DeviceState, buffer: BufferRecord): void {
  const maps = mappingsOf(buffer);
  const { io } = maps;
  if (io === null || --io.count > 0) return;
  maps.io = null;
  closeWindow(state, io.type, io.start, io.pages);
}

/** What is mapped of a buffer; from now on there is a record of it. */
export function mappingsOf(buffer: BufferRecord): Mappings {
  return buffer.mappings ??= new Mappings();
}

/** Takes the pages of a buffer from the maps of users; they fault back in (`ttm_bo_unmap_virtual`). */
export function unmapVirtual(state: DeviceState, buffer: BufferRecord): void {
  if (buffer.mappings === null) return;
  for (const map of buffer.mappings.users) map.zap();
  if (state.windowedUsers.delete(buffer)) releaseIo(state, buffer);
}

/** Ends the maps of the kernel, since the buffer leaves the place that they show. */
export function endKernelMaps(buffer: BufferRecord): void {
  if (buffer.mappings === null) return;
  for (const map of buffer.mappings.kernel) map.end();
}

/** Ends all maps of memory that is about to go. */
export function dropMaps(state: DeviceState, buffer: BufferRecord): void {
  unmapVirtual(state, buffer);
  endKernelMaps(buffer);
}
