/**
 * What the core costs, in figures that hold on a machine that others use, too: `deno task bench:rounds`. Variants take
 * turns in one process, times are CPU times, and ratios are medians of those within each round.
 *
 * Only rows whose name contains a given text: `deno task bench:rounds -- "in place"`; `--rounds 21` for more of them.
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
import { calibration, measure, type Measured } from "./rounds.ts";
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
  --help`,
  options: { rounds: { type: "string", default: "11" } },
  arguments: 1,
  async run(values, [text = ""]) {
    const rounds = wholeNumber("rounds", values.rounds, 1);
    const rows = ROWS.filter(({ name }) => name.includes(text));
    if (rows.length === 0) throw new UsageError(`Cannot measure ${JSON.stringify(text)}: no row has it in its name`);
    await printRows(rows, rounds);
    await printBytes();
    return 0;
  },
});

async function printRows(rows: readonly Row[], rounds: number): Promise<void> {
  console.log("ns an operation, CPU time                                        best   median  × first");
  for (const { name, variants } of rows) {
    const measured = await measure([...variants, calibration], { rounds });
    console.log(`${name}  (calibration ${measured.pop()?.median.toFixed(2)})`);
    for (const row of measured) console.log(formatLine(row));
  }
}

async function printBytes(): Promise<void> {
  const bytes = await bytesPerBuffer();
  console.log(
    bytes === null
      ? "bytes a live buffer: not counted without --v8-flags=--expose-gc"
      : `bytes a live buffer: ${bytes.inVram.toFixed(0)} in VRAM, ${bytes.inSystem.toFixed(0)} evicted to SYSTEM`,
  );
}

function formatLine({ name, best, median, ratio }: Measured): string {
  const figures = [best.toFixed(1), median.toFixed(1), ratio.toPrecision(3)];
  return `  ${name.padEnd(58)}${figures.map((figure) => figure.padStart(9)).join("")}`;
}
