import { builtinsOf } from "./graph.ts";
import type { Member } from "../members.ts";
import type { PackageReport } from "./programs/check.ts";

/** A runtime by name and version, and how the packages did there. */
export interface Column {
  readonly runtime: string;
  readonly version: string;
  readonly reports: Readonly<Record<string, PackageReport>>;
}

/** A table as it stands in a file: cells by package, then by runtime, without its version. */
export type Cells = Readonly<Record<string, Readonly<Record<string, string>>>>;

const BEGIN = "<!-- compat:begin -->";
const END = "<!-- compat:end -->";

/** `✓`, `–` if it cannot be imported, `✗` if it does not work; and why. */
export async function cell(member: Member, report: PackageReport): Promise<string> {
  const { notImported, failed, untried } = report;
  if (failed.length > 0) return `✗ (${failed[0]?.split("\n")[0]})`;
  const missing = Object.keys(notImported);
  const unused = Object.entries(untried).map(([entry, why]) => `${entry} not used: ${why}`);
  if (missing.length === 0) return unused.length === 0 ? "✓" : `✓ (${unused.join("; ")})`;
  const builtins = await builtinsOf(member);
  const why = builtins.length > 0 ? `needs ${builtins.join(", ")}` : Object.values(notImported)[0];
  return member.name in notImported ? `– (${why})` : `✓ (without ${missing.join(", ")}: ${why})`;
}

/** The table of all packages. */
export async function render(members: readonly Member[], columns: readonly Column[]): Promise<string> {
  const header = ["package", ...columns.map(({ runtime, version }) => `${runtime} ${version}`)];
  const rows = members.map(async (member) => {
    const cells = columns.map(async ({ reports }) => {
      const report = reports[member.name];
      return report === undefined ? "✗ (not tried)" : await cell(member, report);
    });
    return [`\`${member.name}\``, ...await Promise.all(cells)];
  });
  const line = (cells: string[]) => `| ${cells.join(" | ")} |`;
  return [header, header.map(() => "---"), ...await Promise.all(rows)].map(line).join("\n");
}

/** The text with this table in the place of the one that stands there between marks. */
export function replaceTable(text: string, table: string): string {
  const [before, after] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`Cannot write the table: no ${BEGIN} and ${END}`);
  return `${text.slice(0, before + BEGIN.length)}\n\n${table}\n\n${text.slice(after)}`;
}

/** The table that stands in a text. */
export function parseTable(text: string): Cells {
  const lines = text.slice(text.indexOf(BEGIN), text.indexOf(END)).split("\n").filter((line) => line.startsWith("|"));
  const [header = [], , ...rows] = lines.map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
  const runtimes = header.slice(1).map((title) => title.split(" ")[0] ?? "");
  return Object.fromEntries(rows.map(([name = "", ...cells]) => {
    return [name.replaceAll("`", ""), Object.fromEntries(runtimes.map((runtime, i) => [runtime, cells[i] ?? ""]))];
  }));
}
