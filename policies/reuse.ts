import type { EvictionPolicy } from "@ttm/core";
import { PoolPolicy } from "./pools/pool_policy.ts";
import { ReusePool } from "./pools/reuse_pool.ts";

/**
 * Expects each buffer to be used again after its mean interval between uses, and evicts the one whose use is expected
 * last. What is overdue, or was used only once, is expected the later the longer it has been so. Good for loops, also
 * with other uses in between, and if some buffers are used more often than others. Each step takes the same time,
 * however many buffers there are.
 *
 * G. Keramidas, P. Petoumenos, S. Kaxiras, "Cache replacement based on reuse-distance prediction", ICCD 2007, with the
 * history of each buffer instead of that of an instruction.
 *
 * @returns A policy for one device.
 *
 * @example Three buffers in turn, room for two
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, PAGE_SIZE, SimulatedClock } from "@ttm/core";
 * import { firstFit } from "@ttm/first-fit";
 * import { reuse } from "@ttm/policies";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * const driver = new RadeonSim({ vram: 2 * PAGE_SIZE, gtt: 4 * PAGE_SIZE });
 * const managers = { vram: firstFit(), gtt: firstFit() };
 * const device = new BoDevice({ driver, managers, policy: reuse(), clock: new SimulatedClock() });
 * const placement = { placement: [{ memoryType: "vram" }] };
 * const layers = [0, 1, 2].map(() => device.createBuffer({ bytes: PAGE_SIZE }));
 * let hits = 0;
 * for (const buffer of [...layers, ...layers, ...layers, ...layers, ...layers]) {
 *   if (buffer.memoryType === "vram") hits++;
 *   await device.submit([{ buffer, placement }], () => {});
 * }
 * assertEquals(hits, 5);
 * ```
 */
export function reuse(): EvictionPolicy {
  return new PoolPolicy("reuse", (entries) => new ReusePool(entries));
}
