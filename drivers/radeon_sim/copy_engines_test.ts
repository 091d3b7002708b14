import { assertEquals } from "@std/assert";
import { PAGE_SIZE } from "@ttm/core";
import { type Bench, bench, SLOW } from "./testing_bench.ts";

/** Two buffers that do not fit together evict each other from VRAM three times; returns the simulated time. */
function pushEachOther({ make, bring, fill, holds, clock }: Bench): number {
  const [a, b] = [make(6, "vram"), make(6, "gtt")];
  fill(a, 1);
  fill(b, 2);
  clock.runUntilIdle();
  const begin = clock.now();
  for (let turn = 0; turn < 6; turn++) {
    const [comes, goes] = turn % 2 === 0 ? [b, a] : [a, b];
    goes.unreserve();
    bring(comes, "vram");
    goes.tryReserve();
  }
  clock.runUntilIdle();
  assertEquals([holds(a, 1), holds(b, 2)], [true, true]);
  return clock.now() - begin;
}

Deno.test("one copy engine carries everything, one copy after the other", async () => {
  await bench(SLOW, ({ gpu, make, bring, clock }) => {
    const [out, into] = [make(4, "vram"), make(4, "gtt")];
    clock.runUntilIdle();
    const begin = clock.now();
    bring(out, "gtt");
    bring(into, "vram");
    clock.runUntilIdle();
    assertEquals([clock.now() - begin, gpu.copyEngineStats.length], [8, 1]);
  });
});

Deno.test("with two copy engines copies out of VRAM and into it overlap", async () => {
  await bench({ ...SLOW, copyEngines: 2 }, ({ gpu, make, bring, clock }) => {
    const [out, into] = [make(4, "vram"), make(4, "gtt")];
    clock.runUntilIdle();
    const begin = clock.now();
    bring(out, "gtt");
    bring(into, "vram");
    clock.runUntilIdle();
    assertEquals(clock.now() - begin, 4);
    assertEquals(gpu.copyEngineStats.map(({ tasks, busyMs }) => [tasks, busyMs]), [[1, 4], [2, 8]]);
    assertEquals(gpu.copyStats, { tasks: 3, busyMs: 12, stalls: 0, stalledMs: 0 });
  });
});

Deno.test("with two copy engines a range is overwritten only after the copy out of it has ended", async () => {
  for (const contents of ["bytes", "stamps"] as const) {
    await bench({ ...SLOW, contents, copyEngines: 2 }, (on) => {
      const took = pushEachOther(on);
      assertEquals(took, 72, "the range is one and the same: nothing can overlap");
    });
  }
});

Deno.test("with two copy engines an eviction runs at the same time as an upload into another range", async () => {
  const times: number[] = [];
  for (const copyEngines of [1, 2] as const) {
    await bench({ ...SLOW, copyEngines }, ({ device, make, bring, fill, holds, clock }) => {
      const old = [make(4, "vram"), make(4, "vram")];
      const fresh = [make(4, "gtt"), make(4, "gtt")];
      for (const buffer of [...old, ...fresh]) fill(buffer, buffer.id + 1);
      clock.runUntilIdle();
      for (const buffer of old) buffer.unreserve();
      const begin = clock.now();
      for (const buffer of fresh) bring(buffer, "vram");
      assertEquals([clock.now(), device.usage("vram").usedPages], [begin, 8], "nothing has waited");
      clock.runUntilIdle();
      assertEquals([...old, ...fresh].map((buffer) => holds(buffer, buffer.id + 1)), [true, true, true, true]);
      times.push(clock.now() - begin);
    });
  }
  assertEquals(times, [16, 12]);
});

Deno.test("with two copy engines evictAll() waits for all copies out of the memory type", async () => {
  await bench({ ...SLOW, copyEngines: 2, visibleVram: 4 * PAGE_SIZE }, async ({ device, make, fill, holds, clock }) => {
    const buffers = [make(2, "vram"), make(2, "vram"), make(2, "vram")];
    for (const buffer of buffers) {
      fill(buffer, buffer.id + 1);
      buffer.unreserve();
    }
    await device.evictAll("vram");
    assertEquals([device.moveFence("vram")?.signalled, device.usage("vram").usedPages], [true, 0]);
    assertEquals(buffers.map((buffer) => holds(buffer, buffer.id + 1)), [true, true, true]);
    clock.runUntilIdle();
  });
});
