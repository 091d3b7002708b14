import { assertEquals, assertThrows } from "@std/assert";
import { PAGE_SIZE, TtmError } from "@ttm/core";
import { Contents } from "./contents.ts";
import { byteMemory, type MemoryKind } from "./memory.ts";
import { stampMemory } from "./stamp_memory.ts";

const bytes = byteMemory as MemoryKind<unknown>;
const stamps = stampMemory as MemoryKind<unknown>;

for (const [name, kind] of Object.entries({ bytes, stamps })) {
  Deno.test(`Contents of ${name} are filled and compared as a whole, counted from their own first page`, () => {
    const memory = kind.create(8);
    const [all, part] = [new Contents(kind, memory, 0, 8), new Contents(kind, memory, 2, 4)];
    part.fill(5);
    assertEquals(part.firstMismatch(5), -1);
    assertEquals(all.firstMismatch(0), 2);
    assertEquals(new Contents(kind, memory, 6, 2).firstMismatch(0), -1);
    new Contents(kind, memory, 4, 1).fill(6);
    assertEquals(part.firstMismatch(5), 2);
  });

  Deno.test(`Contents of ${name} are copied as a whole`, () => {
    const memory = kind.create(8);
    const [from, to] = [new Contents(kind, memory, 0, 3), new Contents(kind, kind.create(5), 2, 3)];
    from.fill(4);
    to.copyFrom(from);
    assertEquals([to.firstMismatch(4), from.firstMismatch(4)], [-1, -1]);
    from.fill(9);
    assertEquals(to.firstMismatch(4), -1, "a copy stays what it is");
  });
}

Deno.test("Contents.bytes is a view of the memory itself", () => {
  const memory = byteMemory.create(4);
  const contents = new Contents(bytes, memory, 1, 2);
  assertEquals(contents.bytes.length, 2 * PAGE_SIZE);
  contents.bytes[0] = 7;
  assertEquals(memory[PAGE_SIZE], 7);
  contents.fill(3);
  assertEquals(contents.bytes, memory.subarray(PAGE_SIZE, 3 * PAGE_SIZE));
});

Deno.test("Contents.bytes of stamps is ENODEV", () => {
  const contents = new Contents(stamps, stamps.create(1), 0, 1);
  assertEquals(assertThrows(() => contents.bytes, TtmError, "Cannot read bytes").code, "ENODEV");
});
