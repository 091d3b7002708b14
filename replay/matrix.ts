import { drivers, managers } from "./parts.ts";
import { replay, type ReplayOptions } from "./replay.ts";
import type { Report } from "./report.ts";
import { formatSize } from "./size.ts";
import type { Workload } from "@ttm/import";

/** Every driver with every manager, by name. */
export const pairs: readonly { readonly driver: string; readonly manager: string }[] = Object.keys(drivers).flatMap(
  (driver) => Object.keys(managers).map((manager) => ({ driver, manager })),
);

/** Replays a workload on every pair, comparing contents. */
export async function replayOnAll(
  workload: Workload,
  options: Omit<ReplayOptions, "driver" | "manager">,
): Promise<Report[]> {
  const reports: Report[] = [];
  for (const pair of pairs) reports.push((await replay(workload, { ...options, ...pair, verify: true })).report);
  return reports;
}

/** Formats the reports of {@linkcode replayOnAll} as a table: a line for each workload, a column for each pair. */
export function formatMatrix(rows: readonly (readonly Report[])[]): string {
  const cells = rows.map((reports) => [reports[0]?.workload ?? "", ...reports.map(cellOf)]);
  const driverNames = pairs.map(({ driver }, at) => driver === pairs[at - 1]?.driver ? "" : driver);
  const table = [["", ...driverNames], ["workload", ...pairs.map(({ manager }) => manager)], ...cells];
  const widths = table[0]?.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0))) ?? [];
  const lines = table.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd());
  return [...lines, "", ...summary(rows.flat())].join("\n");
}

function cellOf({ evictions, bytesIn, bytesOut, bytesBound, failures, losses }: Report): string {
  return [
    `${evictions.toLocaleString("en-US")} / ${formatSize(bytesIn + bytesOut + bytesBound)}`,
    ...(failures === 0 ? [] : [`${failures} failed`]),
    ...(losses.length === 0 ? [] : [`${losses.length} LOST`]),
  ].join(", ");
}

function summary(reports: readonly Report[]): string[] {
  const verified = reports.reduce((sum, report) => sum + report.verified, 0);
  const lost = reports.reduce((sum, { losses }) => sum + losses.length, 0);
  return [
    "Evictions / bytes: copied in and out by radeon-sim, bound by cma-sim, which copies none.",
    `${verified.toLocaleString("en-US")} comparisons of contents, ${lost.toLocaleString("en-US")} lost.`,
  ];
}
