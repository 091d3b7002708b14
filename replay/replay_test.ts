import { assert, assertEquals, assertThrows } from "@std/assert";
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

function reportOf(workload: Workload, options: ReplayOptions): Report {
  return replay(workload, options).report;
}

const small = churn(1000);

Deno.test("replay() defaults to VRAM of half the peak, GTT of the peak, and stamps", () => {
  const { peakBytes, device, verified } = reportOf(small, {});
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
  assertEquals(reportOf(small, { contents: "bytes" }).device.contents, "bytes");
});

Deno.test("replay() takes sizes and names of parts", () => {
  const options = { vram: "1M", gtt: "300%", manager: "first-fit", driver: "radeon-sim", policy: "mru" };
  const { peakBytes, device } = reportOf(small, { ...options, contents: "stamps" });
  const parts = { driver: "radeon-sim", manager: "first-fit", policy: "mru", contents: "stamps" };
  assertEquals<unknown>(device, { ...parts, vram: 2 ** 20, gtt: 3 * peakBytes });
  assertThrows(() => replay(small, { vram: "much" }), RangeError, 'Cannot use --vram "much"');
  assertThrows(() => replay(small, { gtt: "0" }), RangeError, 'Cannot use --gtt "0"');
  assertThrows(() => replay(small, { manager: "none" }), RangeError, 'Cannot use manager "none"');
  assertThrows(() => replay(small, { driver: "none" }), RangeError, 'Cannot use driver "none"');
});

Deno.test("replay() replays a workload without events", () => {
  const { report, text } = replay({ name: "empty", time: "us", events: [] }, { verify: true });
  assertEquals([report.events, report.peakBytes, report.simulatedMs, report.bytesPerSecond], [0, 4096, 0, 0]);
  assert(text.startsWith("empty: "));
});

Deno.test("replay() gives the same report for the same arguments", () => {
  for (const vram of ["20%", "60%"]) {
    const options = { vram, verify: true };
    assertEquals(replay(churn(200), options), replay(churn(200), options));
    const [first, second] = [reportOf(small, options), reportOf(small, { ...options, manager: "first-fit" })];
    assert(first.fragmentation.mean !== second.fragmentation.mean, "it is the arguments that decide");
  }
});

Deno.test("replay() with stamps gives the same figures as with bytes", () => {
  for (const vram of ["20%", "60%", "100%"]) {
    const [bytes, stamps] = (["bytes", "stamps"] as const).map((contents) => {
      const report = reportOf(small, { vram, contents, verify: true });
      return { ...report, device: { ...report.device, contents: "either" } };
    });
    assertEquals(stamps, bytes);
    assert((bytes?.verified ?? 0) > 500 && bytes?.losses.length === 0);
    assert(vram !== "20%" || (bytes?.evictions ?? 0) > 100, `${bytes?.evictions}`);
  }
});

Deno.test("replay() with verify gives the same figures as without", () => {
  for (const vram of ["20%", "60%"]) {
    const [plain, verified] = [false, true].map((verify) => reportOf(small, { vram, verify }));
    assert((verified?.verified ?? 0) > 500);
    assertEquals<unknown>({ ...verified, verified: 0 }, plain);
  }
});

Deno.test("replay() reports its progress", () => {
  const told: number[] = [];
  replay(small, { onProgress: (done) => told.push(done) });
  assertEquals([told[0], told.at(-1)], [0, small.events.length]);
  assertEquals(told, told.toSorted((a, b) => a - b));
});

Deno.test("replay() accepts every shipped workload by name", () => {
  assertEquals(Object.keys(workloads), Object.keys(shortened));
});

for (const [name, workload] of Object.entries(shortened)) {
  for (const vram of ["25%", "50%", "100%"]) {
    Deno.test(`replay() of ${name} with ${vram} of VRAM loses no contents`, () => {
      const report = reportOf(workload, { vram, contents: "stamps", verify: true });
      assertEquals([report.losses.slice(0, 3), report.failureReasons, report.failures], [[], {}, 0]);
      assertEquals(report.vramFinalBytes > 0, workload.events.at(-1)?.op !== "free");
      assert(report.verified > report.jobs && report.simulatedMs > 0);
      assert(report.vramPeakBytes <= report.device.vram);
      if (vram === "25%") assert(report.evictions > 100 && report.bytesIn > 0);
    });
  }
}
