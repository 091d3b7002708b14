import { assertEquals } from "@std/assert";
import { PAGE_SIZE } from "@ttm/core";
import { bench } from "./testing_bench.ts";

/** Copies take 1 ms a page, bindings 10 ms and 2 ms a page. */
const COSTLY = { copyLatencyMs: 0, copyBytesPerMs: PAGE_SIZE, bindLatencyMs: 10, bindMsPerPage: 2 };

Deno.test("binding takes no time by default", async () => {
  await bench({}, ({ gpu, clock, make }) => {
    make(4, "gtt");
    gpu.submit({ buffers: [], durationMs: 1 });
    clock.runUntilIdle();
    assertEquals([clock.now(), gpu.gartStats.tasks], [1, 0]);
  });
});

Deno.test("a job starts after the bindings that were made before it", async () => {
  await bench(COSTLY, ({ gpu, clock, make, fill, holds }) => {
    const buffers = [make(3, "gtt"), make(1, "gtt")];
    for (const buffer of buffers) fill(buffer, 5);
    clock.runUntilIdle();
    assertEquals(clock.now(), 10 + 3 * 2 + 10 + 2 + 2);
    assertEquals(gpu.gartStats, { tasks: 2, busyMs: 28, stalls: 0, stalledMs: 0 });
    assertEquals([gpu.graphicsStats.stalls, gpu.graphicsStats.stalledMs], [1, 28]);
    assertEquals(buffers.map((buffer) => holds(buffer, 5)), [true, true]);
  });
});

Deno.test("a job does not wait for later bindings", async () => {
  await bench(COSTLY, ({ gpu, clock, make }) => {
    const job = gpu.submit({ buffers: [], durationMs: 1 });
    make(4, "gtt");
    clock.advanceTo(1);
    assertEquals([job.signalled, gpu.gartStats.tasks], [true, 0]);
  });
});

Deno.test("a copy to GTT waits for the binding, and the old pages are unbound when a copy from it has ended", async () => {
  for (const contents of ["bytes", "stamps"] as const) {
    await bench({ ...COSTLY, contents }, ({ gpu, clock, make, bring, fill, holds }) => {
      const buffer = make(2, "vram");
      fill(buffer, 7);
      clock.runUntilIdle();
      const begin = clock.now();
      bring(buffer, "gtt");
      clock.runUntilIdle();
      assertEquals([clock.now() - begin, gpu.gartStats.tasks, holds(buffer, 7)], [14 + 2, 1, true]);
      bring(buffer, "vram");
      clock.runUntilIdle();
      assertEquals([clock.now() - begin, gpu.gartStats.tasks, holds(buffer, 7)], [16 + 2 + 14, 2, true]);
    });
  }
});

Deno.test("a move to SYSTEM unbinds the pages, which takes as long as binding", async () => {
  await bench(COSTLY, ({ gpu, clock, make, bring, fill, holds }) => {
    const buffer = make(1, "gtt");
    fill(buffer, 3);
    clock.runUntilIdle();
    bring(buffer, "system");
    clock.runUntilIdle();
    assertEquals([gpu.gartStats.busyMs, holds(buffer, 3)], [24, true]);
  });
});
