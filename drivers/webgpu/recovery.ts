import type { BufferView, TtmError } from "@ttm/core";
import type { Bindings } from "./bindings.ts";
import type { LostDevice } from "./device_life.ts";
import type { GpuDevice } from "./gpu_types.ts";
import type { GpuMemory } from "./memory.ts";
import type { Uploads } from "./uploads.ts";

/**
 * The device is lost. Returns the buffers whose only copy was there, besides those of `arriving`; `isInStore` is told of
 * those whose contents a store has.
 */
export function loseContents(
  error: TtmError,
  { reason }: LostDevice,
  memory: GpuMemory,
  arriving: readonly BufferView[],
  isInStore: (buffer: BufferView) => void,
): BufferView[] {
  // What a device could not hold, the next one may not hold either.
  if (reason !== "destroyed") memory.budget.noteLost(memory.held);
  const buffers = new Set(arriving);
  for (const { tenant } of memory.ranges) {
    if (tenant === null || tenant.lost !== null || tenant.copy !== null) continue;
    tenant.lost = error;
    if (tenant.buffer.clean) isInStore(tenant.buffer);
    else buffers.add(tenant.buffer);
  }
  memory.lose();
  return [...buffers];
}

/** Builds everything up on the next device, from what the host knows. */
export async function rebuildContents<Device extends GpuDevice>(
  memory: GpuMemory,
  uploads: Uploads,
  bindings: Bindings<Device>,
): Promise<void> {
  await memory.rebuild();
  for (const range of memory.ranges) {
    const { tenant, chunk: { buffer } } = range;
    if (tenant === null || buffer === null) continue;
    if (tenant.copy instanceof Uint8Array) uploads.write(buffer, range.offset, tenant.copy);
    bindings.noteArrived(tenant.buffer, range);
  }
}
