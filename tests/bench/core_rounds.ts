/**
 * What the core costs, in figures that hold on a machine that others use, too: `deno task bench:rounds`. Variants take
 * turns in one process, times are CPU times, and ratios are medians of those within each round.
 *
 * Only rows whose name contains a given text: `deno task bench:rounds -- "in place"`; `--rounds 21` for more of them,
 * `--json` for machines.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { runCommand, UsageError, wholeNumber } from "../command.ts";
import { EVICTION_ROWS } from "./eviction_bench.ts";
import { LRU_ROWS } from "./lru_bench.ts";
import { MANAGER_ROWS } from "./manager_bench.ts";
import { bytesPerBuffer } from "./memory.ts";
import { RESERVATION_ROWS } from "./reservation_bench.ts";
import { RESERVE_LIST_ROWS } from "./reserve_list_bench.ts";
import { calibration, measure } from "./rounds.ts";
import { jsonLines, tableLines } from "./rounds_report.ts";
import { SCALING_ROWS } from "./scaling_bench.ts";
import { VALIDATE_ROWS } from "./validate_bench.ts";
import type { Row } from "./variant.ts";

const ROWS = [VALIDATE_ROWS, RESERVATION_ROWS, EVICTION_ROWS, RESERVE_LIST_ROWS, LRU_ROWS, MANAGER_ROWS, SCALING_ROWS]
  .flat();

await runCommand({
  help: `Measures what the core costs on a busy machine: variants by turns, CPU time, ratios.

Usage: deno task bench:rounds [options] [TEXT]

  TEXT             only the rows that have it in their names: "in place"
  --rounds NUMBER  how often each variant is measured   [11]
  --json           print a JSON object for each variant of a row, in a line of its own:
                   row, variant, best, median, ratio
  --help`,
  options: { rounds: { type: "string", default: "11" }, json: { type: "boolean" } },
  arguments: 1,
  async run({ json = false, ...values }, [text = ""]) {
    const rounds = wholeNumber("rounds", values.rounds, 1);
    const rows = ROWS.filter(({ name }) => name.includes(text));
    if (rows.length === 0) throw new UsageError(`Cannot measure ${JSON.stringify(text)}: no row has it in its name`);
    await printRows(rows, rounds, json);
    await printBytes(json);
    return 0;
  },
});

async function printRows(rows: readonly Row[], rounds: number, json: boolean): Promise<void> {
  if (!json) console.log("ns an operation, CPU time                                        best   median  × first");
  for (const { name, variants } of rows) {
    const measured = await measure([...variants, calibration], { rounds });
    for (const line of json ? jsonLines(name, measured) : tableLines(name, measured)) console.log(line);
  }
}

async function printBytes(json: boolean): Promise<void> {
  const bytes = await bytesPerBuffer();
  if (bytes === null) {
    // The command itself gives the flag.
    if (!json) console.log("bytes a live buffer: not counted without --v8-flags=--expose-gc");
    return;
  }
  const counted = [["in VRAM", bytes.inVram], ["evicted to SYSTEM", bytes.inSystem]] as const;
  const figures = counted.map(([name, count]) => ({ name, best: count, median: count, ratio: count / bytes.inVram }));
  if (json) { for (const line of jsonLines("bytes a live buffer", figures)) console.log(line); }
  else console.log(`bytes a live buffer: ${counted.map(([name, count]) => `${count.toFixed(0)} ${name}`).join(", ")}`);
}
