/**
 * Runs the benchmarks and prints how they compare: `deno task bench`. With a text, only the files that have it in their
 * names: `deno task bench -- lru`; with `--json` one object for machines.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { parseArgs } from "node:util";
import { type BenchOutput, formatReport, reportOf } from "./report.ts";

const { values, positionals } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "--"),
  options: { json: { type: "boolean", default: false } },
  allowPositionals: true,
});
const files = positionals.length === 0 ? "**/*_bench.ts" : `**/*${positionals[0]}*_bench.ts`;
const { success, stdout } = await new Deno.Command(Deno.execPath(), {
  args: ["bench", "--json", "--allow-read", "--allow-env=TTM_TRACES", files],
  cwd: new URL("../../", import.meta.url),
  stderr: "inherit",
}).output();
if (stdout.length === 0) Deno.exit(1);
const report = reportOf(JSON.parse(new TextDecoder().decode(stdout)) as BenchOutput);
console.log(values.json ? JSON.stringify(report) : formatReport(report));
if (!success || report.failed.length > 0) Deno.exit(1);
