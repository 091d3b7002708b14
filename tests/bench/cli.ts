/**
 * Runs the benchmarks and prints how they compare: `deno task bench`. With a text, only the files that have it in their
 * names: `deno task bench -- lru`; with `--json` one object for machines.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { readdirSync } from "node:fs";
import { runCommand, UsageError } from "../command.ts";
import { type BenchOutput, formatReport, reportOf } from "./report.ts";

const root = new URL("../../", import.meta.url);

/** Each in a process of its own: what one leaves to the compiler and the collector would slow the next one down. */
async function runBench(file: string): Promise<{ success: boolean; output: BenchOutput | null }> {
  const { success, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["bench", "--lock=deno.lock", "--frozen", "--json", "--allow-read", "--allow-env", file],
    cwd: root,
    stderr: "inherit",
  }).output();
  return { success, output: stdout.length === 0 ? null : JSON.parse(new TextDecoder().decode(stdout)) };
}

await runCommand({
  help: `Runs the benchmarks and prints how they compare.

Usage: deno task bench [options] [TEXT]

  TEXT    only the files that have it in their names: lru
  --json  print one JSON object
  --help`,
  options: { json: { type: "boolean" } },
  arguments: 1,
  async run({ json }, [text = ""]) {
    const files = readdirSync(root, { recursive: true, encoding: "utf8" }).sort()
      .filter((path) => path.endsWith("_bench.ts") && path.includes(text));
    if (files.length === 0) {
      throw new UsageError(`Cannot run benchmarks of ${JSON.stringify(text)}: no file has it in its name`);
    }
    const results = [];
    for (const file of files) results.push(await runBench(file));
    const outputs = results.flatMap(({ output }) => output ?? []);
    const [first] = outputs;
    if (first === undefined) return 1;
    const report = reportOf({ ...first, benches: outputs.flatMap(({ benches }) => benches) });
    console.log(json ? JSON.stringify(report) : formatReport(report));
    return results.every(({ success }) => success) && report.failed.length === 0 ? 0 : 1;
  },
});
