import type { VmaPool, VmaStats } from "./vma_format.ts";

/** Counts what is in pools, as VMA does: minimum and maximum only where there are two. */
export function statsOf(pools: readonly VmaPool[]): VmaStats {
  const blocks = pools.flatMap(({ Blocks }) => Object.values(Blocks));
  const inBlocks = blocks.flatMap(({ Suballocations }) => Suballocations);
  const dedicated = pools.flatMap(({ DedicatedAllocations }) => DedicatedAllocations).map(({ Size }) => Size);
  const unused = inBlocks.filter(({ Type }) => Type === "FREE").map(({ Size }) => Size);
  const allocations = inBlocks.filter(({ Type }) => Type !== "FREE").map(({ Size }) => Size).concat(dedicated);
  return {
    BlockCount: blocks.length + dedicated.length,
    BlockBytes: sum(blocks.map(({ TotalBytes }) => TotalBytes)) + sum(dedicated),
    AllocationCount: allocations.length,
    AllocationBytes: sum(allocations),
    UnusedRangeCount: unused.length,
    ...(allocations.length > 1 ? { AllocationSizeMin: least(allocations), AllocationSizeMax: most(allocations) } : {}),
    ...(unused.length > 1 ? { UnusedRangeSizeMin: least(unused), UnusedRangeSizeMax: most(unused) } : {}),
  };
}

// Spread arguments would not do for as many values as there are.
const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);
const least = (values: readonly number[]) => values.reduce((least, value) => Math.min(least, value));
const most = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value));
