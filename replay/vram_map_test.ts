import { assertEquals } from "@std/assert";
import { PAGE_SIZE } from "@ttm/core";
import { compose } from "./compose.ts";
import { drawMap, fragmentation, type UsedRange, usedRanges } from "./vram_map.ts";

/** Ranges from pairs of first page and number of pages. */
function ranges(...pairs: readonly [start: number, pages: number][]): UsedRange[] {
  return pairs.map(([start, pages]) => ({ start, pages }));
}

Deno.test("usedRanges() lists the ranges in use by address, pinned ones too, of one memory type only", async () => {
  const { device, clock } = compose({
    vram: 16 * PAGE_SIZE,
    gtt: 16 * PAGE_SIZE,
    contents: "bytes",
    manager: "first-fit",
  });
  const buffers = [1, 2, 3, 4].map((pages) => device.createBuffer({ bytes: pages * PAGE_SIZE }));
  for (const [at, buffer] of buffers.entries()) {
    buffer.tryReserve();
    buffer.tryValidate({ placement: [{ memoryType: at === 2 ? "gtt" : "vram" }] });
    if (at % 2 === 0) buffer.pin();
  }
  buffers[0]?.unreserve();
  assertEquals(usedRanges(device, "vram"), ranges([0, 1], [1, 2], [3, 4]));
  assertEquals(usedRanges(device, "gtt"), ranges([0, 3]));
  clock.runUntilIdle();
  for (const buffer of buffers) {
    if (buffer.reserved) buffer.unreserve();
    buffer.unref();
  }
  assertEquals(usedRanges(device, "vram"), []);
  await device.close();
});

Deno.test("fragmentation() is the share of free pages outside the largest hole", () => {
  assertEquals(fragmentation([], 100), 0);
  assertEquals(fragmentation(ranges([0, 100]), 100), 0);
  assertEquals(fragmentation(ranges([0, 30], [30, 20]), 100), 0, "one hole at the end");
  assertEquals(fragmentation(ranges([50, 50]), 100), 0, "one hole at the start");
  assertEquals(fragmentation(ranges([40, 20]), 100), 1 - 40 / 80);
  assertEquals(fragmentation(ranges([10, 20], [40, 50]), 100), 1 - 10 / 30);
  assertEquals(
    fragmentation(ranges(...Array.from({ length: 50 }, (_, at): [number, number] => [2 * at, 1])), 100),
    0.98,
  );
});

Deno.test("drawMap() draws an address space row by row, the darker the fuller", () => {
  assertEquals(drawMap([], 8, 4, 2), ["    ", "    "]);
  assertEquals(drawMap(ranges([0, 8]), 8, 4, 2), ["████", "████"]);
  assertEquals(drawMap(ranges([0, 2], [5, 1]), 8, 4, 2), ["██  ", " █  "]);
  assertEquals(drawMap(ranges([0, 1], [4, 2], [8, 3], [12, 4]), 16, 4, 1), ["░▒▓█"]);
});

Deno.test("drawMap() adds up ranges that share a cell, and spreads a range over several cells", () => {
  assertEquals(drawMap(ranges([0, 1], [2, 1], [3, 1]), 8, 2, 1), ["▓ "]);
  assertEquals(drawMap(ranges([3, 6]), 12, 3, 1), ["░█░"]);
  assertEquals(drawMap(ranges([0, 1]), 2, 8, 1), ["████    "], "more cells than pages");
});

Deno.test("drawMap() draws a cell empty or full only if it is", () => {
  assertEquals(drawMap(ranges([0, 1]), 2_000_000, 2, 1), ["░ "]);
  assertEquals(drawMap(ranges([0, 999_999]), 2_000_000, 2, 1), ["▓ "]);
  // Cells of 1/3 page do not add up exactly; the picture is the same as if they did.
  for (const total of [3, 7, 10, 255, 257, 1000, 262_143]) {
    assertEquals(drawMap(ranges([0, total]), total), Array.from({ length: 4 }, () => "█".repeat(64)), `${total} pages`);
  }
});
