import type { BufferObject } from "@ttm/core";
import type { DriverBench } from "./driver_bench.ts";

/** Half the pages of a memory type, or 4 for SYSTEM. */
export function halfOf({ device }: DriverBench, memoryType: string): number {
  return Math.max(1, Math.floor(device.usage(memoryType).pages / 2)) || 4;
}

/** Pages of a buffer that has room twice in a memory type. */
export function pagesFor(bench: DriverBench, memoryType: string): number {
  return memoryType === "system" ? 4 : halfOf(bench, memoryType);
}

/** Makes sure that a buffer has its host pages. */
export async function populate(buffer: BufferObject): Promise<void> {
  await buffer.reserve();
  await buffer.populate();
  buffer.unreserve();
}

/** Validates a buffer to every memory type, and back. */
export async function tour({ types, make, bring }: DriverBench, seed = 0): Promise<BufferObject> {
  const buffer = await make("system", 2, seed);
  for (const type of [...types.slice(1), ...types.toReversed()]) await bring(buffer, type);
  return buffer;
}
