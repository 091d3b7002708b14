/**
 * A buddy manager for `@ttm/core`: {@linkcode buddy} gives each buffer one range of a memory type, cut out of blocks of
 * powers of two; its {@linkcode BuddyAllocator} allocates scattered or adjacent blocks, in ranges, from the top down,
 * and keeps cleared memory apart. It chooses the addresses that Linux's `drm_buddy` chooses. It depends only on the
 * core's error and types, and runs wherever JavaScript does.
 *
 * @example Cleared memory is kept for requests with `cleared`
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BuddyAllocator } from "@ttm/buddy";
 *
 * const space = new BuddyAllocator({ size: 16 * 4096, chunk: 4096 });
 * const old = space.allocate({ size: 4096 });
 * if (old !== null) space.release(old, true);
 * assertEquals(space.allocate({ size: 4096 })?.blocks, [{ start: 14 * 4096, size: 4096, cleared: false }]);
 * assertEquals(space.allocate({ size: 4096, cleared: true })?.blocks, [{ start: 15 * 4096, size: 4096, cleared: true }]);
 * ```
 *
 * @module
 */
export { buddy } from "./buddy.ts";
export { BuddyAllocation, type BuddyBlock, type FreeBlocks } from "./buddy_allocation.ts";
export { BuddyAllocator } from "./buddy_allocator.ts";
export type { BuddyOptions, BuddyRequest } from "./buddy_request.ts";
export type { AllocationRequest, MemTypeManager } from "@ttm/core";
