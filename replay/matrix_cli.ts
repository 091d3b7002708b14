/**
 * The command line of the matrix: every workload on every simulated driver and manager.
 *
 * Exit status: 0 done and no contents lost, 1 contents were lost or an invariant broke, 2 wrong arguments or workload.
 *
 * @module
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import process from "node:process";
import { readArguments, readRecordingFile, runMain } from "./main.ts";
import { formatMatrix, replayOnAll } from "./matrix.ts";
import { progressBar } from "./progress.ts";
import type { Report } from "./report.ts";
import { UsageError } from "./usage_error.ts";
import type { Workload } from "@ttm/import";
import { workloads } from "./workloads/mod.ts";

const BESIDE = "../shared/traces";
const HELP = `Replays every workload on every simulated driver with every manager, compares contents on the way, and
prints one table of evictions and bytes.

Usage: matrix [options]

  --traces DIR     a folder of bo-trace v1 files to replay as well  [TTM_TRACES, or ${BESIDE} if it is there]
  --vram SIZE      bytes, 512M, 2G, or a share of each workload's peak       [50%]
  --contents KIND  bytes (real), or stamps                                   [stamps]
  --json           print one JSON array with the report of every replay
  --help
`;

const OPTIONS = {
  traces: { type: "string" },
  vram: { type: "string" },
  contents: { type: "string", default: "stamps" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** The trace files of the given folder, or of the default one. */
function traceFiles(asked: string | undefined): string[] {
  const folder = asked ?? process.env.TTM_TRACES ?? (existsSync(BESIDE) ? BESIDE : undefined);
  if (folder === undefined) return [];
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new UsageError(`Cannot use the traces in ${JSON.stringify(folder)}: there is no such folder`);
  }
  const files = readdirSync(folder).filter((name) => /\.jsonl(\.gz)?$/.test(name)).sort();
  if (files.length > 0) return files.map((name) => `${folder}/${name}`);
  throw new UsageError(`Cannot use the traces in ${JSON.stringify(folder)}: there is no .jsonl or .jsonl.gz file`);
}

async function main(args: string[]): Promise<number> {
  const { values: { contents, help, json, traces, vram } } = readArguments(args, OPTIONS);
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (contents !== "bytes" && contents !== "stamps") {
    throw new UsageError(`Cannot use --contents ${JSON.stringify(contents)}: choose bytes or stamps`);
  }
  const sources: (() => Workload | Promise<Workload>)[] = [
    ...Object.values(workloads).map(({ make }) => () => make({ seed: 1 })),
    ...traceFiles(traces).map((file) => async () => (await readRecordingFile(file, { lifetimes: true })).workload),
  ];
  const rows: Report[][] = [];
  const bar = progressBar(sources.length);
  for (const load of sources) {
    rows.push(await replayOnAll(await load(), { vram, contents }));
    bar?.update(rows.length);
  }
  bar?.clear();
  process.stdout.write(`${json ? JSON.stringify(rows.flat()) : formatMatrix(rows)}\n`);
  return rows.flat().every(({ losses }) => losses.length === 0) ? 0 : 1;
}

await runMain(main);
