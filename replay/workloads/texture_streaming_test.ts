import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { checkWorkload } from "../../import/trace_testing.ts";
import { peakBytes } from "@ttm/import";
import { allocated, assertAllFreed, taggedJobs } from "./inspect_testing.ts";
import { textureStreaming } from "./texture_streaming.ts";

Deno.test("texture-streaming is well formed and frees everything", async () => {
  const workload = textureStreaming({ frames: 120 });
  await checkWorkload(workload);
  assertAllFreed(workload);
  assertEquals([workload.name, workload.time], ["texture-streaming", "us"]);
});

Deno.test("texture-streaming draws three passes a frame at 60 Hz", () => {
  const jobs = taggedJobs(textureStreaming({ frames: 30 })).filter(({ writes }) => !writes[0]?.startsWith("tile"));
  assertEquals(jobs.length, 90);
  for (const [index, { t, writes }] of jobs.entries()) {
    assertEquals(t, Math.floor(index / 3) * 16_667);
    assertEquals(writes, index % 3 === 2 ? ["screen"] : ["colour", "depth"]);
  }
  assertEquals(allocated(textureStreaming({ frames: 1 }), /^(depth|colour|screen)$/), { count: 3, bytes: 24_883_200 });
});

Deno.test("texture-streaming allocates and frees textures while the camera moves", () => {
  const { events } = textureStreaming();
  const late = events.filter(({ t }) => t > 4e6 && t < 7e6);
  for (const op of ["alloc", "free"]) assert(late.filter((event) => event.op === op).length > 300, op);
});

Deno.test("texture-streaming needs between 1 and 2 GB, and a few thousand jobs", () => {
  for (const seed of [1, 2, 3]) {
    const workload = textureStreaming({ seed });
    const peak = peakBytes(workload);
    assert(peak > 1e9 && peak < 2e9, `seed ${seed}: ${peak} bytes`);
    const jobs = taggedJobs(workload).length;
    assert(jobs > 1500 && jobs < 3000, `seed ${seed}: ${jobs} jobs`);
  }
});

Deno.test("texture-streaming depends on the seed", () => {
  assertEquals(textureStreaming({ frames: 90 }), textureStreaming({ frames: 90, seed: 1 }));
  assertNotEquals(textureStreaming({ frames: 90 }), textureStreaming({ frames: 90, seed: 2 }));
});
