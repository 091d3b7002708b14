import { formatSize } from "../size.ts";
import type { Result } from "./job.ts";

const COLUMNS = ["workload", "VRAM", "policy", "manager", "moved", "× Belady", "× bound", "hits", "misses", "ns a use"];

/** A line for each result. */
export function formatDetails(results: readonly Result[]): string {
  return formatTable([
    COLUMNS,
    ...results.map((result) => [
      result.workload,
      `${result.size} %`,
      result.policy,
      result.manager,
      formatSize(result.bytesMoved),
      ratio(result.bytesMoved, result.belady),
      ratio(result.bytesMoved, result.lowerBound),
      result.hits.toLocaleString("en-US"),
      result.misses.toLocaleString("en-US"),
      result.nsPerUse.toFixed(0),
    ]),
  ]);
}

/** A line for each workload and size, a column for each policy: bytes moved relative to Belady. */
export function formatOverview(results: readonly Result[]): string {
  const columns = [...new Set(results.map(columnOf))];
  const lines = new Map<string, Result[]>();
  for (const result of results) {
    const key = `${result.workload} ${result.size}`;
    lines.set(key, [...lines.get(key) ?? [], result]);
  }
  const rows = [...lines.values()].map((line) => {
    const [first] = line as [Result];
    const cells = columns.map((column) => {
      const result = line.find((one) => columnOf(one) === column);
      return result === undefined ? "" : ratio(result.bytesMoved, result.belady);
    });
    const bound = ratio(first.lowerBound, first.belady);
    return [first.workload, `${first.size} %`, formatSize(first.belady), bound, ...cells];
  });
  return formatTable([["workload", "VRAM", "Belady", "bound", ...columns], ...rows]);
}

function columnOf({ policy, manager }: Result): string {
  return manager === "model" ? policy : `${policy}, ${manager}`;
}

/** `-` if nothing has to move and nothing did. */
function ratio(bytes: number, least: number): string {
  if (least > 0) return (bytes / least).toFixed(2);
  return bytes === 0 ? "-" : "∞";
}

function formatTable(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n");
}
