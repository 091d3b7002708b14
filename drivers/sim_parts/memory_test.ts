import { assertEquals, assertNotEquals } from "@std/assert";
import { PAGE_SIZE } from "@ttm/core";
import { byteMemory } from "./memory.ts";

/** Memory of 8 pages, of which [2, 6) hold the contents of stamp 7. */
function filled(): Uint8Array {
  const memory = byteMemory.create(8);
  byteMemory.fill(memory, 2, 4, 7);
  return memory;
}

function words(memory: Uint8Array): Int32Array {
  return new Int32Array(memory.buffer, memory.byteOffset, memory.length / 4);
}

Deno.test("byteMemory.create() makes zeroed pages", () => {
  assertEquals(byteMemory.create(3), new Uint8Array(3 * PAGE_SIZE));
});

Deno.test("byteMemory.fill() fills its pages and no others", () => {
  const memory = filled();
  assertEquals(byteMemory.firstMismatch(memory, 2, 4, 7), -1);
  assertEquals(byteMemory.firstMismatch(memory, 0, 2, 0), -1);
  assertEquals(byteMemory.firstMismatch(memory, 6, 2, 0), -1);
});

Deno.test("byteMemory makes every page of every stamp different", () => {
  const memory = byteMemory.create(64);
  const stamps = [1, 2, 3, 4, 5, 255, 256, 2 ** 31 - 1];
  for (const [at, stamp] of stamps.entries()) byteMemory.fill(memory, 8 * at, 8, stamp);
  const pages = Array.from({ length: 64 }, (_, page) => memory.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE));
  assertEquals(new Set(pages.map((page) => page.join())).size, 64);
});

Deno.test("byteMemory.firstMismatch() finds a single wrong word wherever it is", () => {
  const perPage = PAGE_SIZE / 4;
  for (const page of [0, 1, 3]) {
    for (const word of [0, 1, 2, perPage / 2, perPage - 2, perPage - 1]) {
      for (const bit of [1, 1 << 31]) {
        const memory = filled();
        const at = (2 + page) * perPage + word;
        const view = words(memory);
        view[at] = (view[at] ?? 0) ^ bit;
        assertEquals(byteMemory.firstMismatch(memory, 2, 4, 7), page, `word ${word} of page ${page}`);
      }
    }
  }
});

Deno.test("byteMemory.firstMismatch() finds pages that are shifted, swapped, or from another stamp", () => {
  const memory = filled();
  assertEquals(byteMemory.firstMismatch(memory, 3, 3, 7), 0);
  assertEquals(byteMemory.firstMismatch(memory, 2, 5, 7), 4);
  assertEquals(byteMemory.firstMismatch(memory, 2, 4, 8), 0);
  const shifted = byteMemory.create(8);
  shifted.set(memory.subarray(2 * PAGE_SIZE, 6 * PAGE_SIZE), 2 * PAGE_SIZE + 4);
  assertEquals(byteMemory.firstMismatch(shifted, 2, 4, 7), 0);
  byteMemory.copy(memory, 4, memory, 3, 1);
  assertEquals(byteMemory.firstMismatch(memory, 2, 4, 7), 1);
});

Deno.test("byteMemory.firstMismatch() finds zeroed pages, and stamp 0 stands for them", () => {
  const memory = filled();
  byteMemory.fill(memory, 4, 1, 0);
  assertEquals(byteMemory.firstMismatch(memory, 2, 4, 7), 2);
  assertEquals(byteMemory.firstMismatch(memory, 4, 1, 0), -1);
  assertEquals(byteMemory.firstMismatch(memory, 2, 4, 0), 0);
  assertEquals(memory.subarray(4 * PAGE_SIZE, 5 * PAGE_SIZE), new Uint8Array(PAGE_SIZE));
  memory[5 * PAGE_SIZE - 1] = 1;
  assertEquals(byteMemory.firstMismatch(memory, 4, 1, 0), 0);
});

Deno.test("byteMemory.copy() moves pages between memories and within one, and leaves the rest alone", () => {
  const source = filled();
  const target = byteMemory.create(6);
  target.fill(0xff);
  byteMemory.copy(source, 2, target, 1, 4);
  assertEquals(byteMemory.firstMismatch(target, 1, 4, 7), -1);
  for (const page of [0, 5]) {
    assertEquals(target.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE), new Uint8Array(PAGE_SIZE).fill(0xff));
  }
  byteMemory.copy(source, 2, source, 6, 2);
  assertEquals(byteMemory.firstMismatch(source, 6, 2, 7), -1);
});

Deno.test("byteMemory works on a view of a larger array", () => {
  const whole = new Uint8Array(6 * PAGE_SIZE);
  const part = whole.subarray(2 * PAGE_SIZE, 5 * PAGE_SIZE);
  byteMemory.fill(part, 1, 2, 9);
  assertEquals(byteMemory.firstMismatch(part, 1, 2, 9), -1);
  assertEquals(byteMemory.firstMismatch(whole, 3, 2, 9), -1);
  assertNotEquals(byteMemory.firstMismatch(part, 0, 2, 9), -1);
});
