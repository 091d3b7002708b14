const bytes = { type: "integer", minimum: 0 } as const;
const count = bytes;
const flags = { type: "array", items: { type: "string" }, uniqueItems: true } as const;

/** An object with these members and no others. */
function closed(properties: Readonly<Record<string, object>>, optional: readonly string[] = []): object {
  const required = Object.keys(properties).filter((name) => !optional.includes(name));
  return { type: "object", properties, required, additionalProperties: false };
}

/** An object whose members have names of a form. */
function named(form: string, member: object): object {
  return { type: "object", patternProperties: { [form]: member }, additionalProperties: false };
}

const allocation = {
  Type: { enum: ["BUFFER", "UNKNOWN"] },
  Size: { ...bytes, minimum: 1 },
  Usage: { const: 0 },
  CustomData: { type: "string", pattern: "^[0-9]+$" },
  Name: { type: "string", minLength: 1 },
};

/**
 * The JSON Schema (2020-12) of what `vmaDump` and `vmaDumpAt` make. It is narrower than the one that the Vulkan Memory
 * Allocator publishes for its dumps (`GpuMemDump.schema.json`): what it allows, that one allows too.
 */
export const vmaDumpSchema: Readonly<Record<string, unknown>> = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "A dump of all memory types of a device of @ttm, in the form of the Vulkan Memory Allocator",
  ...closed({
    General: closed({
      API: { const: "Vulkan" },
      GPU: { type: "string" },
      memoryHeapCount: { ...count, minimum: 1 },
      memoryTypeCount: { ...count, minimum: 1 },
      producer: { const: "@ttm/export" },
      time: { type: "number" },
      memoryTypes: { type: "array", items: { type: "string" }, minItems: 1, uniqueItems: true },
    }),
    Total: { $ref: "#/$defs/Stats" },
    MemoryInfo: named("^Heap [0-9]+$", { $ref: "#/$defs/Heap" }),
    DefaultPools: named("^Type [0-9]+$", { $ref: "#/$defs/Pool" }),
    CustomPools: { type: "object", maxProperties: 0 },
  }),
  $defs: {
    Stats: {
      ...closed({
        BlockCount: count,
        BlockBytes: bytes,
        AllocationCount: count,
        AllocationBytes: bytes,
        UnusedRangeCount: count,
        AllocationSizeMin: bytes,
        AllocationSizeMax: bytes,
        UnusedRangeSizeMin: bytes,
        UnusedRangeSizeMax: bytes,
      }, ["AllocationSizeMin", "AllocationSizeMax", "UnusedRangeSizeMin", "UnusedRangeSizeMax"]),
      dependentRequired: {
        AllocationSizeMin: ["AllocationSizeMax"],
        AllocationSizeMax: ["AllocationSizeMin"],
        UnusedRangeSizeMin: ["UnusedRangeSizeMax"],
        UnusedRangeSizeMax: ["UnusedRangeSizeMin"],
      },
    },
    Heap: closed({
      Flags: flags,
      Size: bytes,
      Budget: closed({ BudgetBytes: bytes, UsageBytes: bytes }, ["BudgetBytes"]),
      Stats: { $ref: "#/$defs/Stats" },
      MemoryPools: named("^Type [0-9]+$", closed({ Flags: flags, Stats: { $ref: "#/$defs/Stats" } })),
    }, ["Size"]),
    Pool: closed({
      PreferredBlockSize: bytes,
      Blocks: named("^[0-9]+$", { $ref: "#/$defs/Block" }),
      DedicatedAllocations: { type: "array", items: closed(allocation, ["Name"]) },
    }),
    Block: closed({
      TotalBytes: bytes,
      UnusedBytes: bytes,
      Allocations: count,
      UnusedRanges: count,
      Suballocations: {
        type: "array",
        items: {
          if: { properties: { Type: { const: "FREE" } } },
          then: closed({ Offset: bytes, Type: { const: "FREE" }, Size: allocation.Size }),
          else: closed({ Offset: bytes, ...allocation }, ["Name"]),
        },
      },
    }),
  },
};
