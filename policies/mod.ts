/**
 * Eviction policies for `@ttm/core`. {@linkcode adaptive} is the one to take if nothing is known of the uses to come;
 * {@linkcode lookahead} evicts what is needed last, as far as hints tell (`BoDevice.hint`), and leaves the rest to
 * another policy.
 *
 * @example Hints decide who is evicted
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, lru, PAGE_SIZE, SimulatedClock } from "@ttm/core";
 * import { firstFit } from "@ttm/first-fit";
 * import { lookahead } from "@ttm/policies";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * const driver = new RadeonSim({ vram: 2 * PAGE_SIZE, gtt: 8 * PAGE_SIZE });
 * const managers = { vram: firstFit(), gtt: firstFit() };
 * const device = new BoDevice({ driver, managers, policy: lookahead(lru()), clock: new SimulatedClock() });
 * const placement = { placement: [{ memoryType: "vram" }] };
 * const layers = [0, 1, 2].map(() => device.createBuffer({ bytes: PAGE_SIZE }));
 * device.hint([...layers, ...layers]);
 * for (const buffer of layers) await device.submit([{ buffer, placement }], () => {});
 * // lru() would have evicted the first one, which is needed next.
 * assertEquals(layers.map(({ memoryType }) => memoryType), ["vram", "gtt", "vram"]);
 * ```
 *
 * @module
 */
export { adaptive } from "./adaptive.ts";
export { arc } from "./arc.ts";
export { clock } from "./clock.ts";
export { copiedPages, type Cost, gdsf } from "./gdsf.ts";
export { lirs } from "./lirs.ts";
export { reuse } from "./reuse.ts";
export { s3fifo } from "./s3_fifo.ts";
export { sieve } from "./sieve.ts";
export { twoQueues } from "./two_queues.ts";
export { lookahead } from "./lookahead.ts";
export { loops } from "./loops.ts";
export type { BufferView, EvictionCursor, EvictionPolicy, RemovalReason } from "@ttm/core";
