export {
  BuddyAllocation,
  BuddyAllocator,
  type BuddyBlock,
  type BuddyOptions,
  type BuddyRequest,
  type FreeBlocks,
} from "./buddy_allocator.ts";
