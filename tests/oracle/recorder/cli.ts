/**
 * Makes traces with the kernel: `deno task oracle:record -- --help`.
 *
 * Exit status: 0 done, 1 a trace came out different, 2 wrong arguments, or there is no kernel.
 *
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import process from "node:process";
import type { Arguments } from "../../../replay/main.ts";
import { runCommand, UsageError } from "../../command.ts";
import { generate } from "./generate.ts";
import { findKernel, HOW_TO_BUILD, Kernel, recordScript } from "./kernel.ts";
import { NoAnswer } from "./line_process.ts";
import { requestsOf, SEED_OPTIONS } from "./seeds.ts";
import { readLines, recordAgain } from "./trace_files.ts";

const HELP = `Makes traces with the kernel: of scripts, which are traces with the inputs only, or random ones.

Usage: oracle:record --check FILE…             the same operations again: the same bytes?
       oracle:record --out FOLDER SCRIPT…
       oracle:record --out FOLDER --family NAME --seeds A-B [--ops N] [--profile NAME]

${SEED_OPTIONS}  --check         compare traces with their own operations, done again
  --out FOLDER    where traces are written
  --help
`;

const OPTIONS = {
  check: { type: "boolean" },
  out: { type: "string" },
  family: { type: "string" },
  seeds: { type: "string" },
  ops: { type: "string", default: "400" },
  profile: { type: "string" },
} as const;

async function record(values: Arguments<typeof OPTIONS>["values"], files: readonly string[]): Promise<number> {
  const { check, family, ops, out, profile, seeds } = values;
  const random = family !== undefined || seeds !== undefined;
  if (random === files.length > 0) throw new UsageError("Cannot go without either files or --family and --seeds");
  if (check ? random || out !== undefined : out === undefined) {
    throw new UsageError(check ? "Cannot use --check with more than files" : "Cannot go without --out");
  }
  const requests = random ? requestsOf({ family, ops, profile, seeds }) : [];
  const file = findKernel();
  if (file === undefined) throw new UsageError(HOW_TO_BUILD);
  await using kernel = new Kernel(file);
  if (check) return await checkAll(kernel, files);
  const folder = out ?? "";
  await mkdir(folder, { recursive: true });
  for (const script of files) {
    const name = basename(script).replace(/\.gz$/, "");
    await write(join(folder, name), recordScript(kernel, await readLines(script)));
  }
  for (const request of requests) {
    await write(join(folder, `${request.family}-seed-${request.seed}.jsonl`), generate(kernel, request));
  }
  return 0;
}

async function write(file: string, trace: AsyncIterable<string>): Promise<void> {
  const lines = await Array.fromAsync(trace);
  await writeFile(file, `${lines.join("\n")}\n`);
  process.stdout.write(`${file}: ${lines.length - 1} operations\n`);
}

async function checkAll(kernel: Kernel, files: readonly string[]): Promise<number> {
  let same = 0;
  for (const file of files) {
    const difference = await differenceOf(kernel, file);
    if (difference === undefined) same++;
    else process.stdout.write(`${file}: ${difference}\n`);
  }
  process.stdout.write(`${same} of ${files.length} traces came out the same\n`);
  return same === files.length ? 0 : 1;
}

async function differenceOf(kernel: Kernel, file: string): Promise<string | undefined> {
  try {
    const mismatch = await recordAgain(kernel, await readLines(file));
    if (mismatch === undefined) return undefined;
    const { again, number, recorded } = mismatch;
    return `line ${number} differs\n  recorded ${recorded}\n  again    ${again}`;
  } catch (error) {
    if (error instanceof NoAnswer) return error.message;
    throw error;
  }
}

await runCommand({ help: HELP, options: OPTIONS, arguments: Infinity, run: record });
