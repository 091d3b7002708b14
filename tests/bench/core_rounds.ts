/**
 * What the core costs, in figures that hold on a machine that others use, too: `deno task bench:rounds`. Variants take
 * turns in one process, times are CPU times, and ratios are medians of those within each round.
 *
 * Only rows whose name contains a given text: `deno task bench:rounds -- "in place"`; `--rounds 21` for more of them.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { parseArgs } from "node:util";
import { CORE_ROWS } from "./core_rows.ts";
import { bytesPerBuffer } from "./memory.ts";
import { calibrated, calibration, measure, type Measured } from "./rounds.ts";

const { values, positionals } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "--"),
  options: { rounds: { type: "string", default: "11" } },
  allowPositionals: true,
});
const rounds = Number(values.rounds);
if (!Number.isSafeInteger(rounds) || rounds < 1) {
  console.error("Usage: deno task bench:rounds -- [--rounds NUMBER] [TEXT]");
  Deno.exit(2);
}
const text = positionals[0] ?? "";

// Before the rows, whose garbage would be counted with it.
const bytes = bytesPerBuffer();
console.log(
  bytes === null
    ? "bytes a live buffer: not counted without --v8-flags=--expose-gc"
    : `bytes a live buffer: ${bytes.inVram.toFixed(0)} in VRAM, ${bytes.inSystem.toFixed(0)} evicted to SYSTEM`,
);
console.log("ns an operation, CPU time                                        best   median  × first");
for (const { name, make } of CORE_ROWS.filter(({ name }) => name.includes(text))) {
  const measured = await measure([...make(), calibration], { rounds });
  console.log(`${name}  (calibration ${measured.pop()?.median.toFixed(2)})`);
  for (const row of measured) console.log(formatLine(row));
}
if (calibrated() === 0) console.log("the calibration loop did nothing");

function formatLine({ name, best, median, ratio }: Measured): string {
  const figures = [best.toFixed(1), median.toFixed(1), ratio.toPrecision(3)];
  return `  ${name.padEnd(58)}${figures.map((figure) => figure.padStart(9)).join("")}`;
}
