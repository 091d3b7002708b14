import { peakBytes, type Workload } from "@ttm/replay";
import { managers } from "../../replay/parts.ts";
import { Player } from "../../replay/player.ts";
import { formatSize, parseSize } from "../../replay/size.ts";
import { CountingManager } from "./counting_manager.ts";
import { sum } from "./devices.ts";

/** What a replay copied into and out of VRAM, in bytes, and how many uses it had to serve from GTT. */
export interface Migration {
  readonly bytes: number;
  readonly fallbacks: number;
}

/** A workload on VRAM of one size. */
export interface Comparison {
  readonly workload: string;
  /** Size of VRAM as a share of the workload's peak. */
  readonly vram: string;
  /** With a manager that only counts pages: whenever enough of them are free there is room. */
  readonly counted: Migration;
  /** With managers of addresses, in the order of {@linkcode MANAGERS}. */
  readonly addressed: readonly Migration[];
}

/** The managers that are compared, by name. */
export const MANAGERS: readonly string[] = Object.keys(managers);

/** Replays a workload on a card whose VRAM and GTT are in charge of a manager. */
export async function playOn(workload: Workload, vram: string, manager: string): Promise<Player> {
  const gtt = peakBytes(workload);
  const player = new Player(workload, {
    vram: parseSize("vram", vram, gtt),
    gtt,
    contents: "stamps",
    manager: manager === "counted" ? () => new CountingManager() : manager,
  });
  await player.play();
  return player;
}

/** Replays a workload with each manager, and with the one that only counts. */
export async function compare(workload: Workload, vram: string): Promise<Comparison> {
  const migration = async (manager: string): Promise<Migration> => {
    const { counters: { bytesIn, bytesOut }, fallbacks } = await playOn(workload, vram, manager);
    return { bytes: bytesIn + bytesOut, fallbacks };
  };
  const addressed: Migration[] = [];
  for (const manager of MANAGERS) addressed.push(await migration(manager));
  return { workload: workload.name, vram, counted: await migration("counted"), addressed };
}

/** Writes a table: a line for each comparison, a column for each manager, and geometric means at the end. */
export function formatComparisons(comparisons: readonly Comparison[]): string {
  const shares = [...new Set(comparisons.map(({ vram }) => vram))];
  const means = [...shares, "all"].map((share) => {
    const chosen = comparisons.filter(({ vram }) => share === "all" || vram === share);
    return ["geometric mean", share, "", ...MANAGERS.map((_, at) => formatRatio(meanRatio(chosen, at)))];
  });
  const together = ["all bytes together", "all", formatSize(sum(comparisons.map(({ counted }) => counted.bytes)))];
  means.push([...together, ...MANAGERS.map((_, at) => formatRatio(totalRatio(comparisons, at)))]);
  const table = [["workload", "VRAM", "counted", ...MANAGERS], ...comparisons.map(cellsOf), ...means];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  const lines = table.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
  lines.splice(lines.length - means.length, 0, "");
  return [
    ...lines,
    "",
    "Bytes copied into and out of VRAM / those of a memory that only counts pages, and so has no fragmentation.",
    "Means leave out where that one copied nothing. (+1): one use more had to be served from GTT.",
  ].join("\n");
}

function cellsOf({ workload, vram, counted, addressed }: Comparison): string[] {
  const cells = addressed.map(({ bytes, fallbacks }) => {
    const more = fallbacks - counted.fallbacks;
    return formatRatio(bytes / counted.bytes) + (more === 0 ? "" : ` (${more > 0 ? "+" : ""}${more})`);
  });
  return [workload, vram, formatSize(counted.bytes), ...cells];
}

/** The geometric mean of one manager's ratios; NaN if there are none. */
export function meanRatio(comparisons: readonly Comparison[], manager: number): number {
  const ratios = comparisons.map(({ counted, addressed }) => (addressed[manager]?.bytes ?? NaN) / counted.bytes);
  const logarithms = ratios.filter(Number.isFinite).map(Math.log);
  return Math.exp(sum(logarithms) / logarithms.length);
}

/** All bytes that one manager's devices copied, to those of the counting ones: large workloads count for more. */
export function totalRatio(comparisons: readonly Comparison[], manager: number): number {
  const bytes = comparisons.map(({ addressed }) => addressed[manager]?.bytes ?? NaN);
  return sum(bytes) / sum(comparisons.map(({ counted }) => counted.bytes));
}

function formatRatio(ratio: number): string {
  if (Number.isNaN(ratio)) return "-";
  return ratio === Infinity ? "∞" : ratio.toFixed(3);
}
