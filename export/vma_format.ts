/** Counts of blocks and of the allocations and unused ranges in them; sizes in bytes. */
export interface VmaStats {
  /** Blocks of memory, an allocation that has one for itself among them. */
  readonly BlockCount: number;
  /** Bytes of these blocks. */
  readonly BlockBytes: number;
  /** Allocations. */
  readonly AllocationCount: number;
  /** Bytes of allocations. */
  readonly AllocationBytes: number;
  /** Ranges of blocks that no allocation has. */
  readonly UnusedRangeCount: number;
  /** Size of the smallest allocation; only with two or more. */
  readonly AllocationSizeMin?: number;
  /** Size of the largest allocation; only with two or more. */
  readonly AllocationSizeMax?: number;
  /** Size of the smallest unused range; only with two or more. */
  readonly UnusedRangeSizeMin?: number;
  /** Size of the largest unused range; only with two or more. */
  readonly UnusedRangeSizeMax?: number;
}

/** An allocation that has a block for itself. */
export interface VmaAllocation {
  /** `"BUFFER"` for buffer objects; `"UNKNOWN"` for what only submitted work keeps. */
  readonly Type: "BUFFER" | "UNKNOWN";
  /** Bytes, in whole pages. */
  readonly Size: number;
  /** Flags of Vulkan's usage; always 0, since buffer objects have none. */
  readonly Usage: 0;
  /** The id of the buffer object. */
  readonly CustomData: string;
  /** Its label; absent without one. */
  readonly Name?: string;
}

/** A range of a block that no allocation has. */
export interface VmaFreeRange {
  /** First byte in the block. */
  readonly Offset: number;
  /** Always `"FREE"`. */
  readonly Type: "FREE";
  /** Bytes. */
  readonly Size: number;
}

/** A block of memory: all of a memory type that has addresses. */
export interface VmaBlock {
  /** Its size in bytes. */
  readonly TotalBytes: number;
  /** Bytes that no allocation has. */
  readonly UnusedBytes: number;
  /** Number of allocations. */
  readonly Allocations: number;
  /** Number of ranges that no allocation has. */
  readonly UnusedRanges: number;
  /** All allocations and unused ranges by address, without gaps. */
  readonly Suballocations: readonly ({ readonly Offset: number } & VmaAllocation | VmaFreeRange)[];
}

/** The allocations of one memory type. */
export interface VmaPool {
  /** Size of a block, in bytes; 0 if allocations have blocks for themselves. */
  readonly PreferredBlockSize: number;
  /** Blocks by number. */
  readonly Blocks: Readonly<Record<string, VmaBlock>>;
  /** Allocations that have a block for themselves. */
  readonly DedicatedAllocations: readonly VmaAllocation[];
}

/** A heap, and the one memory type that is in it. */
export interface VmaHeap {
  /** `"DEVICE_LOCAL"` for device-resident memory. */
  readonly Flags: readonly string[];
  /** Bytes; absent for SYSTEM, which is unlimited. */
  readonly Size?: number;
  /** Bytes that may be used, absent for SYSTEM; and bytes of allocations. */
  readonly Budget: { readonly BudgetBytes?: number; readonly UsageBytes: number };
  /** Of all in it. */
  readonly Stats: VmaStats;
  /** The memory type, by `"Type N"`. */
  readonly MemoryPools: Readonly<Record<string, { readonly Flags: readonly string[]; readonly Stats: VmaStats }>>;
}

/** A dump of all memory types in the form of the Vulkan Memory Allocator; members in its order. */
export interface VmaDump {
  /** What the dump is of. */
  readonly General: {
    /** Always `"Vulkan"`: tools know no other that fits. */
    readonly API: "Vulkan";
    /** Name of the driver. */
    readonly GPU: string;
    /** Number of heaps. */
    readonly memoryHeapCount: number;
    /** Number of memory types: one in each heap. */
    readonly memoryTypeCount: number;
    /** Always `"@ttm/export"`. */
    readonly producer: "@ttm/export";
    /** Milliseconds on the device's clock. */
    readonly time: number;
    /** Names of the memory types: `Type 1` is the second. */
    readonly memoryTypes: readonly string[];
  };
  /** Of all heaps. */
  readonly Total: VmaStats;
  /** Heaps by `"Heap N"`. */
  readonly MemoryInfo: Readonly<Record<string, VmaHeap>>;
  /** Allocations of each memory type, by `"Type N"`. */
  readonly DefaultPools: Readonly<Record<string, VmaPool>>;
  /** Always empty: buffer objects have no pools. */
  readonly CustomPools: Readonly<Record<string, never>>;
}
