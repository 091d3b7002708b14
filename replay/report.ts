import type { ReplayedDevice } from "./compose.ts";
import { PAGE_SIZE } from "@ttm/core";
import type { Player } from "./player.ts";
import { formatSize } from "./size.ts";
import type { TagReport } from "./tag_counters.ts";
import { drawMap, fragmentation, usedRanges } from "./vram_map.ts";
import type { Loss } from "./verifier.ts";
import type { Workload } from "@ttm/import";

const TAGS_SHOWN = 5;
const TAG_WIDTH = 44;

/**
 * The figures of a replay. Sizes are in bytes. With cma-sim, VRAM stands for the carve-out, and GTT for the memory
 * behind the IOMMU.
 */
export interface Report {
  /** Name of the workload. */
  readonly workload: string;
  /** The parts: names and sizes. */
  readonly device: ReplayedDevice;
  /** Allocations, uses and frees. */
  readonly events: number;
  /** Submissions. */
  readonly jobs: number;
  /** Uses of buffers that were in VRAM already. */
  readonly hits: number;
  /** Uses of buffers that had to stay in GTT. */
  readonly fallbacks: number;
  /** Buffers evicted from VRAM. */
  readonly evictions: number;
  /** Copied into VRAM. */
  readonly bytesIn: number;
  /** Copied out of VRAM. */
  readonly bytesOut: number;
  /** Cleared in VRAM for buffers without contents. */
  readonly bytesCleared: number;
  /** Bytes of pages bound for the GPU, for a GPU that copies nothing; else 0. */
  readonly bytesBound: number;
  /** Copied in and out, in bytes a second of simulated time. */
  readonly bytesPerSecond: number;
  /** Jobs for which the GPU was idle but whose buffers were still being moved. */
  readonly stalls: number;
  /** Total duration of these stalls, in milliseconds. */
  readonly stalledMs: number;
  /** Times that the CPU waited for the GPU. */
  readonly waits: number;
  /** Peak size of the workload's live buffers, rounded up to pages; percentages refer to it. */
  readonly peakBytes: number;
  /** Peak use of VRAM. */
  readonly vramPeakBytes: number;
  /** VRAM in use at the end. */
  readonly vramFinalBytes: number;
  /** 1 - largest hole / free bytes of VRAM: mean over the run, and at the end. */
  readonly fragmentation: { readonly mean: number; readonly final: number };
  /** Jobs that were refused, since their buffers did not fit into the memory that the GPU can reach. */
  readonly failures: number;
  /** The same by reason. */
  readonly failureReasons: Readonly<Record<string, number>>;
  /** Comparisons of a buffer's contents with what was last written; 0 without `--verify`. */
  readonly verified: number;
  /** Comparisons that could not be made, because the driver gives no access to the contents. */
  readonly unverified: number;
  /** Comparisons that failed. */
  readonly losses: readonly Loss[];
  /** Simulated time of the whole run, in milliseconds. */
  readonly simulatedMs: number;
  /** Figures by tag, for buffers that have one, in descending order of bytes moved. */
  readonly tags: readonly TagReport[];
}

/** Collects the report of a replay that has ended. */
export function reportOf(workload: Workload, peakBytes: number, player: Player): Report {
  const { counters, verifier, samples, composition: { device, gpu, clock, fast, parts } } = player;
  const vram = device.usage(fast);
  const { stalls, stalledMs } = gpu.graphicsStats;
  const seconds = clock.now() / 1000;
  return {
    workload: workload.name,
    device: parts,
    events: player.events,
    jobs: player.jobs,
    hits: player.hits,
    fallbacks: player.fallbacks,
    evictions: counters.evictions,
    bytesIn: counters.bytesIn,
    bytesOut: counters.bytesOut,
    bytesCleared: counters.bytesCleared,
    bytesBound: counters.bytesBound,
    bytesPerSecond: seconds === 0 ? 0 : Math.round((counters.bytesIn + counters.bytesOut) / seconds),
    stalls,
    stalledMs,
    waits: player.waits,
    peakBytes,
    vramPeakBytes: samples.peakBytes,
    vramFinalBytes: vram.usedPages * PAGE_SIZE,
    fragmentation: {
      mean: samples.meanFragmentation,
      final: fragmentation(usedRanges(device, fast), vram.pages),
    },
    failures: [...player.failures.values()].reduce((sum, count) => sum + count, 0),
    failureReasons: Object.fromEntries(player.failures),
    verified: verifier.verified,
    unverified: verifier.unverified,
    losses: verifier.losses,
    simulatedMs: clock.now(),
    tags: player.tags.reports(),
  };
}

/** Formats the report as text. */
export function formatReport(report: Report, player: Player): string {
  const { device } = report;
  const { copies } = player.composition;
  const fast = player.composition.fast.toUpperCase();
  const fallback = player.composition.fallback?.toUpperCase();
  const number = (value: number) => value.toLocaleString("en-US");
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const time = `${number(Math.round(report.simulatedMs))} ms of simulated time`;
  const rows: [string, string][] = [
    ["events", `${number(report.events)} (${number(report.jobs)} jobs)`],
    ["hits", `${number(report.hits)} uses found their buffer in ${fast}`],
    ...(fallback === undefined ? [] : [fallbackRow(report, fast, fallback)]),
    ["evictions", number(report.evictions)],
    ...(copies ? busRows(report, time) : bindRows(report, time)),
    ["stalls", `${number(report.stalls)} jobs waited ${number(Math.round(report.stalledMs))} ms for their buffers`],
    [`${fast} used`, `${formatSize(report.vramPeakBytes)} at most, ${formatSize(report.vramFinalBytes)} at the end`],
    ["fragmentation", `${percent(report.fragmentation.mean)} mean, ${percent(report.fragmentation.final)} at the end`],
    ["failures", number(report.failures)],
  ];
  for (const [reason, count] of Object.entries(report.failureReasons)) rows.push(["", `${number(count)} × ${reason}`]);
  if (report.verified > 0 || report.losses.length > 0) {
    rows.push(["verified", `${number(report.verified)} comparisons, ${number(report.losses.length)} lost`]);
  }
  if (report.unverified > 0) {
    rows.push(["unverified", `${number(report.unverified)} comparisons, for ${device.driver} shows no contents there`]);
  }
  const width = Math.max(...rows.map(([name]) => name.length));
  const parts = [device.manager, ...(device.policy === "lru" ? [] : [device.policy])];
  if (device.contents !== "own") parts.push(device.contents);
  const second = fallback === undefined ? "" : ` + ${formatSize(device.gtt)} ${fallback}`;
  return [
    `${report.workload}: ${formatSize(report.peakBytes)} at its peak, on ${device.driver} with ` +
    `${formatSize(device.vram)} ${fast}${second}, ${parts.join(", ")}`,
    "",
    ...rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`),
    ...(report.tags.length === 0 ? [] : ["", ...tagTable(report.tags, copies)]),
    "",
    `  ${fast} at its fullest`,
    ...frame(drawMap(player.samples.fullest, Math.floor(device.vram / PAGE_SIZE))),
  ].join("\n");
}

function fallbackRow({ fallbacks }: Report, fast: string, fallback: string): [string, string] {
  const uses = `${fallbacks.toLocaleString("en-US")} uses were served from ${fallback}`;
  return ["fallbacks", `${uses}, for ${fast} could not be cleared for them`];
}

function tagTable(tags: readonly TagReport[], copies: boolean): string[] {
  const title = tags.length > TAGS_SHOWN ? `tags moved most, of ${tags.length.toLocaleString("en-US")}` : "tag";
  const head = [title, "buffers", "bytes", ...(copies ? ["in", "out"] : ["bound"]), "evictions"];
  const lines = tags.slice(0, TAGS_SHOWN).map(({ tag, buffers, bytes, bytesIn, bytesOut, bytesBound, evictions }) => [
    tag.length > TAG_WIDTH ? `${tag.slice(0, TAG_WIDTH - 1)}…` : tag,
    buffers.toLocaleString("en-US"),
    ...[bytes, ...(copies ? [bytesIn, bytesOut] : [bytesBound])].map(formatSize),
    evictions.toLocaleString("en-US"),
  ]);
  const table = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  return table.map(([name = "", ...cells]) =>
    `  ${[name.padEnd(widths[0] ?? 0), ...cells.map((cell, at) => cell.padStart(widths[at + 1] ?? 0))].join("  ")}`
  );
}

function busRows({ bytesIn, bytesOut, bytesPerSecond }: Report, time: string): [string, string][] {
  return [
    ["bytes in / out", `${formatSize(bytesIn)} / ${formatSize(bytesOut)}`],
    ["bus", `${formatSize(bytesPerSecond)}/s over ${time}`],
  ];
}

function bindRows({ bytesBound }: Report, time: string): [string, string][] {
  return [["bytes bound", `${formatSize(bytesBound)}, none copied`], ["time", time]];
}

function frame(lines: readonly string[]): string[] {
  const edge = "─".repeat(lines[0]?.length ?? 0);
  return [`  ┌${edge}┐`, ...lines.map((line) => `  │${line}│`), `  └${edge}┘`];
}
