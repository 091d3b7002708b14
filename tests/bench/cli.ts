/**
 * Runs the benchmarks and prints how they compare: `deno task bench`. With a text, only the files that have it in their
 * names: `deno task bench -- lru`; with `--json` one object for machines.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { readdirSync } from "node:fs";
import { parseArgs } from "node:util";
import { type BenchOutput, formatReport, reportOf } from "./report.ts";

const args = Deno.args.filter((arg) => arg !== "--");
const { values, positionals } = parseArgs({ args, strict: false, options: { json: { type: "boolean" } } });
const root = new URL("../../", import.meta.url);
const [text = ""] = positionals;
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).sort()
  .filter((path) => path.endsWith("_bench.ts") && path.includes(text));
if (files.length === 0 || Object.keys(values).some((option) => option !== "json")) {
  console.error(`Usage: deno task bench -- [--json] [TEXT], a part of the name of a file; got ${args.join(" ")}`);
  Deno.exit(2);
}
const outputs: BenchOutput[] = [];
let failed = false;
// Each in a process of its own: what one leaves to the compiler and the collector would slow the next one down.
for (const file of files) {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["bench", "--json", "--allow-read", "--allow-env", file],
    cwd: root,
    stderr: "inherit",
  }).output();
  if (!success) failed = true;
  if (stdout.length > 0) outputs.push(JSON.parse(new TextDecoder().decode(stdout)));
}
const [first] = outputs;
if (first === undefined) Deno.exit(1);
const report = reportOf({ ...first, benches: outputs.flatMap(({ benches }) => benches) });
console.log(values.json ? JSON.stringify(report) : formatReport(report));
if (failed || report.failed.length > 0) Deno.exit(1);
