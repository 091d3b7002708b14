/**
 * Range managers for `@ttm/core`: {@linkcode firstFit} gives each buffer the lowest range of a memory type that fits,
 * {@linkcode rangeManager} the range that TTM's own manager chooses. Their {@linkcode RangeAllocator} does the same for
 * anything else that is addressed by whole numbers, at the addresses that Linux's `drm_mm` chooses. It depends only on
 * the core's error and types, and runs wherever JavaScript does.
 *
 * @example Placing ranges with alignment and limits
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RangeAllocator } from "@ttm/first-fit";
 *
 * const space = new RangeAllocator({ start: 1000, size: 500, orders: ["lowest"] });
 * const node = space.insert({ size: 24, alignment: 48, lo: 1100, hi: 1400 });
 * assertEquals(node?.start, 1104);
 * assertEquals(space.holes(), [{ start: 1000, size: 104 }, { start: 1128, size: 372 }]);
 * ```
 *
 * @module
 */
export { RangeScan, type ScanRequest } from "./range_scan.ts";
export { firstFit, type FirstFitOptions } from "./first_fit.ts";
export { rangeManager, type RangeManagerOptions } from "./range_manager.ts";
export { RangeAllocator } from "./range_allocator.ts";
export type {
  HoleSortKey,
  InsertRequest,
  RangeAllocatorOptions,
  RangeHole,
  RangeNode,
  ReserveRequest,
  SearchOrder,
} from "./range_requests.ts";
export type { AllocationRequest, MemTypeManager } from "@ttm/core";
