/**
 * A fast range manager for `@ttm/core`: {@linkcode goodFit} gives each buffer one range of a memory type, in constant
 * time and from a hole that is nearly the smallest that fits; its {@linkcode GoodFitAllocator} does the same for
 * anything else that is addressed by whole numbers. It depends only on the core's error and types, and runs wherever
 * JavaScript does.
 *
 * @example Placing ranges with alignment and limits
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { GoodFitAllocator } from "@ttm/good-fit";
 *
 * const space = new GoodFitAllocator({ start: 1000, size: 500 });
 * const node = space.insert({ size: 24, alignment: 48, lo: 1100, hi: 1400 });
 * assertEquals(node?.start, 1104);
 * assertEquals(space.holes(), [{ start: 1000, size: 104 }, { start: 1128, size: 372 }]);
 * ```
 *
 * @module
 */
export { goodFit } from "./good_fit.ts";
export { GoodFitAllocator } from "./good_fit_allocator.ts";
export type { GoodFitNode, GoodFitOptions, GoodFitRange, GoodFitRequest } from "./good_fit_requests.ts";
export type { AllocationRequest, MemTypeManager } from "@ttm/core";
