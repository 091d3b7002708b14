import { assert, assertEquals, assertRejects } from "@std/assert";
import { replay, type ReplayOptions, type Report, type Workload, workloads } from "./mod.ts";
import { shortened } from "./shipped_testing.ts";
import { type BuiltBuffer, WorkloadBuilder } from "./workloads/builder.ts";

/** Allocates, uses and frees buffers of many sizes in a pseudo-random order. */
function churn(jobs: number): Workload {
  const builder = new WorkloadBuilder("churn", "seq");
  let state = 1;
  const random = (below: number) => (state = (state * 48_271) % 2_147_483_647) % below;
  const live: BuiltBuffer[] = [];
  for (let at = 0; at < jobs; at++) {
    while (live.length < 8 || (live.length < 24 && random(3) === 0)) {
      live.push(builder.alloc(1 + random(1 << (12 + random(6))), "churn"));
    }
    const used = new Set(Array.from({ length: 1 + random(5) }, () => live[random(live.length)] as BuiltBuffer));
    const written = new Set([...used].filter(() => random(2) === 0));
    builder.job([...used].filter((buffer) => !written.has(buffer)), [...written]);
    if (random(2) === 0) builder.free(live.splice(random(live.length), 1)[0] as BuiltBuffer);
  }
  return builder.finish();
}

async function reportOf(workload: Workload, options: ReplayOptions): Promise<Report> {
  return (await replay(workload, options)).report;
}

const small = churn(1000);

Deno.test("replay() defaults to VRAM of half the peak, GTT of the peak, and stamps", async () => {
  const { peakBytes, device, verified } = await reportOf(small, {});
  const half = Math.ceil(peakBytes / 2 / 4096) * 4096;
  assertEquals(device, {
    driver: "radeon-sim",
    manager: "range",
    policy: "lru",
    vram: half,
    gtt: peakBytes,
    contents: "stamps",
  });
  assertEquals(verified, 0);
  assertEquals((await reportOf(small, { contents: "bytes" })).device.contents, "bytes");
});

Deno.test("replay() takes sizes and names of parts", async () => {
  const options = { vram: "1M", gtt: "300%", manager: "first-fit", driver: "radeon-sim", policy: "mru" };
  const { peakBytes, device } = await reportOf(small, { ...options, contents: "stamps" });
  const parts = { driver: "radeon-sim", manager: "first-fit", policy: "mru", contents: "stamps" };
  assertEquals<unknown>(device, { ...parts, vram: 2 ** 20, gtt: 3 * peakBytes });
  await assertRejects(() => replay(small, { vram: "much" }), RangeError, 'Cannot use --vram "much"');
  await assertRejects(() => replay(small, { gtt: "0" }), RangeError, 'Cannot use --gtt "0"');
  await assertRejects(() => replay(small, { manager: "none" }), RangeError, 'Cannot use manager "none"');
  await assertRejects(() => replay(small, { driver: "none" }), RangeError, 'Cannot use driver "none"');
});

Deno.test("replay() replays a workload without events", async () => {
  const { report, text } = await replay({ name: "empty", time: "us", events: [] }, { verify: true });
  assertEquals([report.events, report.peakBytes, report.simulatedMs, report.bytesPerSecond], [0, 4096, 0, 0]);
  assert(text.startsWith("empty: "));
});

Deno.test("replay() gives the same report for the same arguments", async () => {
  for (const vram of ["20%", "60%"]) {
    const options = { vram, verify: true };
    assertEquals(await replay(churn(200), options), await replay(churn(200), options));
    const [first, second] = [
      await reportOf(small, options),
      await reportOf(small, { ...options, manager: "first-fit" }),
    ];
    assert(first.fragmentation.mean !== second.fragmentation.mean, "it is the arguments that decide");
  }
});

Deno.test("replay() with stamps gives the same figures as with bytes", async () => {
  for (const vram of ["20%", "60%", "100%"]) {
    const [bytes, stamps] = await Promise.all((["bytes", "stamps"] as const).map(async (contents) => {
      const report = await reportOf(small, { vram, contents, verify: true });
      return { ...report, device: { ...report.device, contents: "either" } };
    }));
    assertEquals(stamps, bytes);
    assert((bytes?.verified ?? 0) > 500 && bytes?.losses.length === 0);
    assert(vram !== "20%" || (bytes?.evictions ?? 0) > 100, `${bytes?.evictions}`);
  }
});

Deno.test("replay() with verify gives the same figures as without", async () => {
  for (const vram of ["20%", "60%"]) {
    const [plain, verified] = [
      await reportOf(small, { vram }),
      await reportOf(small, { vram, verify: true }),
    ];
    assert((verified?.verified ?? 0) > 500);
    assertEquals<unknown>({ ...verified, verified: 0 }, plain);
  }
});

Deno.test("replay() reports its progress", async () => {
  const told: number[] = [];
  await replay(small, { onProgress: (done) => told.push(done) });
  assertEquals([told[0], told.at(-1)], [0, small.events.length]);
  assertEquals(told, told.toSorted((a, b) => a - b));
});

Deno.test("replay() accepts every shipped workload by name", () => {
  assertEquals(Object.keys(workloads), Object.keys(shortened));
});

for (const [name, workload] of Object.entries(shortened)) {
  for (const vram of ["25%", "50%", "100%"]) {
    Deno.test(`replay() of ${name} with ${vram} of VRAM loses no contents`, async () => {
      const report = await reportOf(workload, { vram, contents: "stamps", verify: true });
      assertEquals([report.losses.slice(0, 3), report.failureReasons, report.failures], [[], {}, 0]);
      assertEquals(report.vramFinalBytes > 0, workload.events.at(-1)?.op !== "free");
      assert(report.verified > report.jobs && report.simulatedMs > 0);
      assert(report.vramPeakBytes <= report.device.vram);
      if (vram === "25%") assert(report.evictions > 100 && report.bytesIn > 0);
    });
  }
}
