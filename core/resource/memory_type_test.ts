import { assertEquals, assertThrows } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { MemoryType } from "./memory_type.ts";
import { type MemoryTypeOptions, type MemTypeManager, TtmError } from "../mod.ts";

const rows: readonly (readonly [string, number, unknown, string])[] = [
  ["nothing", 1, undefined, "memory type 1 must be an object, not undefined"],
  ["no name", 1, {}, "memory type 1 cannot be named undefined"],
  ["an empty name", 1, { name: "", pages: 1 }, 'memory type 1 cannot be named ""'],
  ["another first type than system", 0, { name: "vram", pages: 1 }, 'memory type 0 cannot be named "vram"'],
  ["system in another place", 1, { name: "system", pages: 1 }, 'memory type 1 cannot be named "system"'],
  ["no size", 1, { name: "vram" }, 'the pages of "vram" must be a whole number from 1'],
  ["half a page", 1, { name: "vram", pages: 0.5 }, 'the pages of "vram" must be a whole number from 1'],
  ["a size that is no number", 1, { name: "vram", pages: NaN }, 'the pages of "vram" must be'],
  ["a size beyond whole numbers", 1, { name: "vram", pages: 2 ** 53 }, 'the pages of "vram" must be'],
  ["a negative offset", 1, { name: "vram", pages: 1, gpuOffset: -1 }, 'the gpuOffset of "vram" must be'],
  ["no caching", 1, { name: "vram", pages: 1, availableCaching: [] }, "has an unknown caching attribute"],
  ["unknown default caching", 1, { name: "vram", pages: 1, defaultCaching: "x" }, "has an unknown caching attribute"],
  ["SYSTEM as fixed memory", 0, { name: "system", fixed: true }, "memory type 0 cannot be fixed"],
  ["unknown caching", 1, { name: "vram", pages: 1, availableCaching: ["x"] }, "has an unknown caching attribute"],
];
for (const [name, index, options, message] of rows) {
  Deno.test(`a memory type with ${name} is refused`, () => {
    const error = assertThrows(() => new MemoryType(options as MemoryTypeOptions, index, null), TtmError, message);
    assertEquals(error.code, "EINVAL");
  });
}

Deno.test("a memory type without a manager holds nothing, but SYSTEM needs none", () => {
  const system = new MemoryType({ name: "system" }, 0, null);
  const vram = new MemoryType({ name: "vram", pages: 4 }, 1, null);
  assertEquals([system.usable, system.isSystem, vram.usable, vram.isSystem], [true, true, false, false]);
  assertEquals(new MemoryType({ name: "vram", pages: 4 }, 1, firstFit()).usable, true);
});

const ranges: readonly (readonly [number, number, boolean, boolean])[] = [
  // pages [4, 7): fpfn, lpfn, intersects, compatible
  [0, 4, false, false],
  [0, 5, true, false],
  [4, 7, true, true],
  [0, Infinity, true, true],
  [6, Infinity, true, false],
  [7, Infinity, false, false],
  [5, 6, true, false],
];
for (const [fpfn, lpfn, intersects, compatible] of ranges) {
  Deno.test(`pages 4 to 7 and the range [${fpfn}, ${lpfn})`, () => {
    const type = new MemoryType({ name: "vram", pages: 16 }, 1, firstFit());
    assertEquals(type.intersects(9, 4, 3, fpfn, lpfn), intersects);
    assertEquals(type.compatible(9, 4, 3, fpfn, lpfn), compatible);
  });
}

Deno.test("a manager's own intersects() and compatible() are used, and a resource without a handle fits any range", () => {
  const asked: unknown[] = [];
  const geometry = (...request: unknown[]) => asked.push(request) > 1;
  const manager = { ...firstFit(), intersects: geometry, compatible: geometry } as unknown as MemTypeManager;
  const type = new MemoryType({ name: "vram", pages: 16 }, 1, manager);
  assertEquals([type.intersects(5, 4, 3, 9, 10), type.compatible(5, 4, 3, 9, 10)], [false, true]);
  assertEquals(asked, [[5, 3, 9, 10], [5, 3, 9, 10]]);
  assertEquals([type.intersects(0, 0, 3, 9, 10), type.compatible(0, 0, 3, 9, 10), asked.length], [true, true, 2]);
});
