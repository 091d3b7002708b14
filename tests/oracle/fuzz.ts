/**
 * Compares the core with the kernel on random sequences: `deno task oracle:fuzz -- --help`.
 *
 * Exit status: 0 no difference, 1 a difference, 2 wrong arguments, there is no kernel, or it ended or slept.
 *
 * @module
 */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { Arguments } from "../../replay/main.ts";
import { progressBar } from "../../replay/progress.ts";
import { runCommand, UsageError } from "../command.ts";
import { complaint, Findings } from "./fuzz_findings.ts";
import { type Comparer, ReplayProcess } from "./fuzz_replay.ts";
import { shrink } from "./fuzz_shrink.ts";
import { compareAll, type Compared } from "./fuzz_survey.ts";
import type { TraceRequest } from "./recorder/generate.ts";
import { findKernel, HOW_TO_BUILD, Kernel, type Recorder } from "./recorder/kernel.ts";
import { NoAnswer } from "./recorder/line_process.ts";
import { textOf } from "./recorder/operations.ts";
import { requestsOf, SEED_OPTIONS } from "./recorder/seeds.ts";
import { readLines, recordAgain } from "./recorder/trace_files.ts";
import { TraceError } from "./trace.ts";

const FOUND = fileURLToPath(new URL("./recorder/build/found", import.meta.url));
const TRACES = new URL("./traces/", import.meta.url);
const HELP =
  `Lets the kernel and the core do the same random operations and compares everything after each one. Stops at the
first difference, looks for the shortest script that shows it, and writes that as a trace.

Usage: oracle:fuzz --family NAME --seeds A-B [options]

${SEED_OPTIONS}  --keep-going    do all seeds, sort the differences by kind, shrink one of each
  --out FOLDER    where shrunk traces are written                  [${relative(".", FOUND)}]
  --help

An endless loop, an endless wait or a crash of the core is a difference, too. If the kernel ends or sleeps the recorder
has failed: that is told, with status 2, since nobody knows what it would have done.
The kernel is built by: deno task oracle:build
`;

const OPTIONS = {
  "family": { type: "string" },
  "seeds": { type: "string" },
  "ops": { type: "string", default: "400" },
  "profile": { type: "string" },
  "keep-going": { type: "boolean" },
  "out": { type: "string", default: FOUND },
} as const;

async function compareSeeds(values: Arguments<typeof OPTIONS>["values"]): Promise<number> {
  const { family, ops, out, profile, seeds } = values;
  const requests = requestsOf({ family, ops, profile, seeds });
  const file = findKernel();
  if (file === undefined) throw new UsageError(HOW_TO_BUILD);
  await using kernel = new Kernel(file);
  await using replayer = new ReplayProcess();
  await prove(kernel, family ?? "");
  const { kinds, status } = await survey(kernel, replayer, requests, values["keep-going"] ?? false);
  for (const [first] of kinds.values()) if (first !== undefined) await shrinkTo(out, kernel, replayer, first);
  return status;
}

/**
 * Checks that the recorder reproduces the known traces of the family, if there are any; its traces are useless
 * otherwise.
 */
async function prove(recorder: Recorder, family: string): Promise<void> {
  const names = (await readdir(TRACES)).filter((name) => name.endsWith(".gz"));
  const own = names.filter((name) => name.startsWith(`${family}-`));
  for (const name of own.length > 0 ? own : names) {
    const mismatch = await recordAgain(recorder, await readLines(new URL(name, TRACES))).catch(refuseSilence);
    if (mismatch === undefined) continue;
    throw new UsageError(`Cannot use this kernel: it gives line ${mismatch.number} of ${name} differently`);
  }
}

function refuseSilence(error: unknown): never {
  throw error instanceof NoAnswer ? new UsageError(`Cannot use this kernel: ${error.message}`) : error;
}

/** Compares until something is wrong, or all. */
async function survey(
  recorder: Recorder,
  comparer: Comparer,
  requests: readonly TraceRequest[],
  keepGoing: boolean,
): Promise<Findings> {
  const findings = new Findings();
  const start = performance.now();
  const bar = progressBar(requests.length);
  try {
    for await (const compared of compareAll(recorder, comparer, requests)) {
      findings.add(compared);
      bar?.update(findings.seeds);
      const text = complaint(compared);
      if (text !== undefined) say(text);
      if (findings.status !== 0 && !keepGoing) break;
    }
  } catch (error) {
    throw error instanceof TraceError ? new UsageError(`Cannot compare: ${error.message}`) : error;
  } finally {
    bar?.clear();
  }
  const seconds = (performance.now() - start) / 1000;
  const count = (value: number) => Math.round(value).toLocaleString("en");
  const { differing, kinds, operations, seeds, unrecorded } = findings;
  say(
    `${count(seeds)} seeds, ${count(operations)} operations, ${seconds.toFixed(1)} s ` +
      `(${count(seeds / seconds * 60)} seeds a minute): ${differing} differ` +
      (unrecorded.length > 0 ? `, ${unrecorded.length} not recorded to the end` : ""),
  );
  if (keepGoing) {
    for (const [kind, all] of kinds) {
      say(`  ${String(all.length).padStart(5)}  ${kind}: ${seedsOf(all)}`);
    }
  }
  return findings;
}

function seedsOf(all: readonly Compared[]): string {
  return all.map(({ request }) => request.seed).join(" ");
}

async function shrinkTo(folder: string, recorder: Recorder, comparer: Comparer, { lines, request }: Compared) {
  const name = `${request.family}-seed-${request.seed}`;
  const shrunk = await shrink(recorder, comparer, lines);
  if (shrunk === undefined) {
    say(`${name}: the difference does not show again`);
    return;
  }
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.jsonl`);
  await writeFile(file, `${shrunk.lines.join("\n")}\n`);
  const { attempts, lines: [, ...operations] } = shrunk;
  say(`${name}: shrunk to ${operations.length} operations by ${attempts} attempts: ${relative(".", file)}`);
  for (const line of operations) say(`  ${textOf(request.family, JSON.parse(line))}`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

await runCommand({ help: HELP, options: OPTIONS, run: compareSeeds });
