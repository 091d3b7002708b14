import { assert, assertEquals, assertMatch } from "@std/assert";
import { PAGE_SIZE } from "@ttm/core";
import { Player, type PlayOptions } from "./player.ts";
import { formatReport, reportOf } from "./report.ts";
import { peakBytes, type Workload } from "@ttm/import";
import { WorkloadBuilder } from "./workloads/builder.ts";

const GIB = 2 ** 30;

/** The report on a workload, and its player. */
async function reportOn(
  workload: Workload,
  options: Partial<PlayOptions> = {},
  onProgress: (player: Player) => void = () => {},
) {
  const play: PlayOptions = { vram: 2 * GIB, gtt: 4 * GIB, contents: "stamps", ...options };
  const player: Player = new Player(workload, { ...play, onProgress: () => onProgress(player) });
  await player.play();
  const report = reportOf(workload, peakBytes(workload), player);
  return { report, text: formatReport(report, player) };
}

/** Three buffers of 1 GiB, of which two fit, used in turn: 20 jobs, each 10 ms long. */
function threeInTurn(): Workload {
  const builder = new WorkloadBuilder("three", "seq");
  const buffers = [1, 2, 3].map((id) => builder.alloc(GIB, `${id}`));
  for (let at = 0; at < 20; at++) builder.job([], buffers.slice(at % 3, at % 3 + 1), 3e9);
  return { name: "three", time: "seq", events: builder.finish().events.filter(({ op }) => op !== "free") };
}

Deno.test("reportOf() has all figures of a replay", async () => {
  const { report } = await reportOn(threeInTurn());
  assertEquals(report, {
    workload: "three",
    device: {
      driver: "radeon-sim",
      manager: "range",
      policy: "lru",
      vram: 2 * GIB,
      gtt: 4 * GIB,
      contents: "stamps",
    },
    events: 23,
    jobs: 20,
    hits: 0,
    fallbacks: 0,
    evictions: 18,
    bytesIn: 17 * GIB,
    bytesOut: 18 * GIB,
    bytesCleared: 3 * GIB,
    bytesBound: 0,
    bytesPerSecond: Math.round(35 * GIB / (report.simulatedMs / 1000)),
    stalls: 20,
    stalledMs: report.stalledMs,
    waits: 18,
    peakBytes: 3 * GIB,
    vramPeakBytes: 2 * GIB,
    vramFinalBytes: 2 * GIB,
    fragmentation: { mean: 0, final: 0 },
    failures: 0,
    failureReasons: {},
    verified: 0,
    unverified: 0,
    losses: [],
    simulatedMs: report.simulatedMs,
    tags: ["1", "2", "3"].map((tag, at) => ({
      tag,
      buffers: 1,
      bytes: GIB,
      bytesIn: (at === 2 ? 5 : 6) * GIB,
      bytesOut: 6 * GIB,
      bytesBound: 0,
      evictions: 6,
    })),
  });
  assert(Math.abs(report.simulatedMs - report.stalledMs - 200) < 1e-6, "the GPU works or waits");
  const copyMs = 0.01 + GIB / 12e6;
  assert(report.simulatedMs > 38 * copyMs && report.simulatedMs < 38 * copyMs + 200, "copies overlap with jobs");
});

Deno.test("reportOf() has the mean and the final fragmentation", async () => {
  const builder = new WorkloadBuilder("holes", "seq");
  const buffers = Array.from({ length: 8 }, () => builder.upload(PAGE_SIZE, ""));
  for (const at of [1, 5]) builder.free(buffers[at] as { id: number; bytes: number });
  for (let job = 0; job < 8; job++) builder.job([], buffers.slice(0, 1));
  const events = builder.finish().events.slice(0, -6);
  const { report } = await reportOn({ name: "holes", time: "seq", events }, { vram: 8 * PAGE_SIZE });
  assertEquals(report.fragmentation, { mean: 0.5, final: 0.5 });
  assertEquals([report.vramPeakBytes, report.vramFinalBytes], [8 * PAGE_SIZE, 6 * PAGE_SIZE]);
});

Deno.test("reportOf() lists lost contents", async () => {
  const corrupt = ({ composition: { device, gpu, clock } }: Player) => {
    clock.runUntilIdle();
    const [buffer] = device.lru("vram").flat();
    if (buffer !== undefined) gpu.contentsOf(buffer)?.fill(1e6);
  };
  const builder = new WorkloadBuilder("corrupt", "seq");
  const buffer = builder.upload(PAGE_SIZE, "weights");
  for (let job = 0; job < 70; job++) builder.job([buffer], []);
  const workload = builder.finish();
  const loss = { buffer: 'buffer 0 "weights"', page: 0, memoryType: "vram" };
  const { report, text } = await reportOn(workload, { verify: true }, corrupt);
  assertEquals([report.losses[0], report.losses.length], [loss, 7], "after the 65th event");
  assertEquals(report.verified, 1 + 64, "the clear, and the jobs before that");
  assertMatch(text, /^ {2}verified +65 comparisons, 7 lost$/m);
  const unwatched = await reportOn(workload, {}, corrupt);
  assertEquals([unwatched.report.verified, unwatched.report.losses], [0, []]);
});

Deno.test("formatReport() writes names, sizes, figures and a map", async () => {
  const { text } = await reportOn(threeInTurn());
  const [title, blank, ...rows] = text.split("\n");
  const sizes = "3.00 GiB at its peak, on radeon-sim with 2.00 GiB VRAM + 4.00 GiB GTT";
  assertEquals([title, blank], [`three: ${sizes}, range, stamps`, ""]);
  assertMatch(text, /^ {2}events +23 \(20 jobs\)$/m);
  assertMatch(text, /^ {2}hits +0 uses /m);
  assertMatch(text, /^ {2}fallbacks +0 uses /m);
  assertMatch(text, /^ {2}evictions +18$/m);
  assertMatch(text, /^ {2}bytes in \/ out +17\.0 GiB \/ 18\.0 GiB$/m);
  assertMatch(text, /^ {2}bus +\d+\.\d+ GiB\/s over [1-9],\d{3} ms of simulated time$/m);
  assertMatch(text, /^ {2}VRAM used +2\.00 GiB at most, 2\.00 GiB at the end$/m);
  assertMatch(text, /^ {2}fragmentation +0\.0 % mean, 0\.0 % at the end$/m);
  assertMatch(text, /^ {2}failures +0$/m);
  assert(!text.includes("verified"), "nothing was compared");
  const [top, bottom, full] = [`  ┌${"─".repeat(64)}┐`, `  └${"─".repeat(64)}┘`, `  │${"█".repeat(64)}│`];
  assertEquals(rows.slice(-7), ["  VRAM at its fullest", top, full, full, full, full, bottom]);
});

Deno.test("formatReport() for cma-sim has the bound bytes, and names its memory types", async () => {
  const { report, text } = await reportOn(threeInTurn(), { driver: "cma-sim" });
  assertEquals([report.evictions, report.bytesIn, report.bytesOut, report.bytesCleared], [18, 0, 0, 0]);
  assertEquals(report.bytesBound, (20 + 18) * GIB, "into the carve-out, and behind the IOMMU");
  assertMatch(
    text,
    /^three: 3\.00 GiB at its peak, on cma-sim with 2\.00 GiB CMA \+ 4\.00 GiB IOMMU, range, stamps$/m,
  );
  assertMatch(text, /^ {2}fallbacks +0 uses were served from IOMMU, for CMA could not/m);
  assertMatch(text, /^ {2}bytes bound +38\.0 GiB, none copied$/m);
  assertMatch(text, /^ {2}time +200 ms of simulated time$/m);
  assertMatch(text, /^ {2}CMA used +2\.00 GiB at most/m);
  assertMatch(text, /^ {2}CMA at its fullest$/m);
});

Deno.test("formatReport() lists failures by reason, and comparisons", async () => {
  const builder = new WorkloadBuilder("crowd", "seq");
  const buffers = Array.from({ length: 4 }, () => builder.alloc(PAGE_SIZE, ""));
  builder.job([], buffers);
  builder.job([], buffers.slice(1, 2));
  const { report, text } = await reportOn(builder.finish(), { vram: PAGE_SIZE, gtt: PAGE_SIZE, verify: true });
  assertEquals(report.failures, 1);
  assertMatch(text, /^ {2}failures +1\n {18}1 × gtt: never fits, vram: never fits$/m);
  assertMatch(text, /^ {2}verified +\d+ comparisons, 0 lost$/m);
});
