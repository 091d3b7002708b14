/**
 * Everything of `@ttm` that runs anywhere in one import: the core, the managers, the drivers, the stores over `unstorage` and
 * over byte ranges, the import of recordings, exports for other tools, the workload replay, and the report.
 *
 * @example A buffer moves into VRAM, is written there and is evicted
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, firstFit, RadeonSim, SimulatedClock } from "@ttm/ttm";
 *
 * const driver = new RadeonSim({ vram: 1 << 20, gtt: 4 << 20 });
 * const managers = { vram: firstFit(), gtt: firstFit() };
 * await using device = new BoDevice({ driver, managers, clock: new SimulatedClock() });
 * using buffer = device.createBuffer({ bytes: 65_536 });
 * {
 *   using _reservation = await buffer.reserve();
 *   await buffer.validate({ placement: [{ memoryType: "vram" }] });
 *   await buffer.write(new Uint8Array([1, 2, 3]));
 * }
 * await device.evictFirst("vram");
 * assertEquals(buffer.memoryType, "gtt");
 * using _reservation = await buffer.reserve();
 * assertEquals(await buffer.read({ length: 3 }), new Uint8Array([1, 2, 3]));
 * ```
 *
 * @module
 */
export * from "@ttm/core";
export * from "@ttm/buddy";
export * from "@ttm/cma-sim";
export * from "@ttm/export";
export * from "@ttm/first-fit";
export * from "@ttm/good-fit";
export * from "@ttm/import";
export * from "@ttm/policies";
export * from "@ttm/radeon-sim";
export * from "@ttm/range-store";
export * from "@ttm/replay";
export * from "@ttm/report";
export * from "@ttm/sim-parts";
export * from "@ttm/unstorage-store";
export * from "@ttm/webgpu";
