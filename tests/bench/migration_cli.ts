/**
 * What fragmentation costs: bytes copied by each manager against a memory that only counts pages, on the shipped
 * workloads and on recordings where they are, at three sizes of VRAM: `deno task bench:bytes`. Counts, no times, so that
 * they are the same on every machine. With a text, only the workloads that have it in their names.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { type Workload, workloads } from "@ttm/replay";
import { progressBar } from "../../replay/progress.ts";
import { runCommand, UsageError } from "../command.ts";
import { findRecordings, readRecording } from "../recordings.ts";
import { compare, type Comparison, formatComparisons } from "./migration.ts";

const SHARES = ["50%", "75%", "90%"];

await runCommand({
  help: `Counts what fragmentation costs: bytes copied with each manager against a memory that only counts pages.

Usage: deno task bench:bytes [TEXT]

  TEXT    only the workloads that have it in their names
  --help

Recorded workloads are taken from TTM_TRACES, or from ../shared/traces if that is there.`,
  options: {},
  arguments: 1,
  async run(_values, [text = ""]) {
    const { names, obstacle } = findRecordings();
    const sources = new Map<string, () => Workload | Promise<Workload>>();
    for (const [name, { make }] of Object.entries(workloads)) sources.set(name, () => make({ seed: 1 }));
    for (const name of names) sources.set(name, () => readRecording(name));
    const chosen = [...sources].filter(([name]) => name.includes(text));
    if (chosen.length === 0) {
      const without = obstacle === undefined ? "" : `; without recordings: ${obstacle}`;
      throw new UsageError(`Cannot compare ${JSON.stringify(text)}: no workload has it in its name${without}`);
    }
    const comparisons: Comparison[] = [];
    const bar = progressBar(chosen.length * SHARES.length);
    for (const [, load] of chosen) {
      const workload = await load();
      for (const share of SHARES) {
        comparisons.push(await compare(workload, share));
        bar?.update(comparisons.length);
      }
    }
    bar?.clear();
    console.log(formatComparisons(comparisons));
    if (obstacle !== undefined) console.log(`Without recordings: ${obstacle}.`);
    return 0;
  },
});
