import {
  type BoDevice,
  type BufferObject,
  type BufferOptions,
  checkInvariants,
  type GroupLimits,
  type MemoryGroup,
  PAGE_SIZE,
} from "../mod.ts";
import { only, put } from "../testing_devices.ts";

/** Limits in pages, for VRAM. */
export function vram(limits: GroupLimits): { readonly limits: Record<string, GroupLimits> } {
  return {
    limits: { vram: Object.fromEntries(Object.entries(limits).map(([name, pages]) => [name, pages * PAGE_SIZE])) },
  };
}

/** Places so many buffers of one page in VRAM, or of as many as said. */
export function fill(
  device: BoDevice,
  group: MemoryGroup | null,
  count: number,
  options: { pages?: number } = {},
): BufferObject[] {
  const owner: Partial<BufferOptions> = group === null ? {} : { group };
  return Array.from({ length: count }, () => put(device, "vram", { ...owner, ...options }));
}

/** How many of them are in VRAM. */
export function inVram(buffers: readonly BufferObject[]): number {
  return buffers.filter(({ memoryType }) => memoryType === "vram").length;
}

/** Tries to place one more buffer in VRAM; the code of the error if that fails. */
export async function want(device: BoDevice, group: MemoryGroup | null, pages = 1): Promise<string> {
  const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE, ...(group === null ? {} : { group }) });
  buffer.tryReserve();
  try {
    await buffer.validate(only("vram"));
    return "placed";
  } catch (error) {
    return (error as { code: string }).code;
  } finally {
    buffer.unreserve();
    checkInvariants(device);
  }
}
