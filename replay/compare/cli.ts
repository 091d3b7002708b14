/**
 * The command line of the comparison of eviction policies, `deno task compare`.
 *
 * Exit status: 0 done, 2 wrong arguments or workload.
 *
 * @module
 */
import { existsSync, readdirSync, statSync } from "node:fs";
import process from "node:process";
import { readArguments, runMain } from "../main.ts";
import { choose, managers, policies } from "../parts.ts";
import { progressBar } from "../progress.ts";
import { UsageError } from "../usage_error.ts";
import { workloads } from "../workloads/mod.ts";
import { AHEAD, type Job } from "./job.ts";
import { patterns, ROOM } from "./patterns.ts";
import { runJobs } from "./run_jobs.ts";
import { formatDetails, formatOverview } from "./table.ts";
import { mistakes } from "./wrong_hints.ts";

const BESIDE = "../shared/traces";
const SIZES = "25,50,75";
const HELP =
  `Compares eviction policies: bytes copied in and out of VRAM, relative to an order that knows the future (Belady: the
buffer whose next use is furthest away is evicted) and to what cannot be avoided (bound: PFOO-L).

Usage: compare [options] [WORKLOAD]

  WORKLOAD         a pattern, a shipped workload, a recording, or a folder of bo-trace v1 files
                   [all, and the folder TTM_TRACES, or ${BESIDE} if it is there]
  --sizes LIST     VRAM in percent of the workload's peak       [${SIZES}; of patterns ${100 * ROOM}]
  --policies LIST  ${Object.keys(policies).join(",")}  [all]
  --managers LIST  run the whole device with these managers: ${Object.keys(managers).join(",")}
                   [none: a model of one memory type that counts pages]
  --hints PERCENT  tell policies what comes, right in so many percent: uses of ${AHEAD} times as many bytes as VRAM has
  --wrong KIND     in which way the rest is wrong: ${Object.keys(mistakes).join(", ")} [other]
  --seed NUMBER    of patterns and of shipped workloads with random parts    [1]
  --details        a line for each policy: hits, misses, time
  --json           print one JSON array
  --help

Patterns: ${Object.keys(patterns).join(", ")}
Shipped workloads: ${Object.keys(workloads).join(", ")}
`;

const OPTIONS = {
  sizes: { type: "string" },
  policies: { type: "string" },
  managers: { type: "string" },
  hints: { type: "string" },
  wrong: { type: "string", default: "other" },
  seed: { type: "string", default: "1" },
  details: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/** The recordings of a folder, or of a file that is one. */
function recordingsIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  const files = readdirSync(path).filter((name) => /\.jsonl(\.gz)?$/.test(name)).sort();
  if (files.length === 0) {
    throw new UsageError(`Cannot compare ${JSON.stringify(path)}: it has no .jsonl or .jsonl.gz file`);
  }
  return files.map((name) => `${path}/${name}`);
}

/** The names of patterns and workloads, and the paths of recordings. */
function sourcesOf(asked: string | undefined): string[] {
  const names = [...Object.keys(patterns), ...Object.keys(workloads)];
  if (asked === undefined) {
    const folder = process.env.TTM_TRACES ?? (existsSync(BESIDE) ? BESIDE : undefined);
    return folder === undefined ? names : [...names, ...sourcesOf(folder)];
  }
  if (names.includes(asked)) return [asked];
  if (asked !== "" && existsSync(asked)) return recordingsIn(asked);
  throw new UsageError(`Cannot compare ${JSON.stringify(asked)}: no such file, and not one of ${names.join(", ")}`);
}

/** The whole numbers of a list in a range. */
function numbers(option: string, list: string, least: number, most: number): number[] {
  return list.split(",").map((text) => {
    const number = Number(text);
    if (/^\d{1,9}$/.test(text) && number >= least && number <= most) return number;
    throw new UsageError(
      `Cannot use --${option} ${JSON.stringify(list)}: give whole numbers from ${least} to ${most}`,
    );
  });
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS, 1);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const chosen = values.policies?.split(",") ?? Object.keys(policies);
  for (const policy of chosen) choose("policy", policies, policy);
  const managed = values.managers?.split(",") ?? [];
  for (const manager of managed) choose("manager", managers, manager);
  const [seed = 1] = numbers("seed", values.seed, 0, 999_999_999);
  const [hints = null] = values.hints === undefined ? [] : numbers("hints", values.hints, 0, 100);
  if (hints !== null && managed.length > 0) throw new UsageError("Cannot use --hints with --managers: choose one");
  choose("kind of wrong hints", mistakes, values.wrong);
  const jobs = sourcesOf(positionals[0]).map((source): Job => ({
    source,
    sizes: numbers("sizes", values.sizes ?? (source in patterns ? `${100 * ROOM}` : SIZES), 1, 100),
    policies: chosen,
    managers: managed,
    seed,
    hints,
    wrong: values.wrong,
  }));
  const bar = progressBar(jobs.length);
  const results = await runJobs(jobs, bar?.update);
  bar?.clear();
  const text = values.json ? JSON.stringify(results) : (values.details ? formatDetails : formatOverview)(results);
  process.stdout.write(`${text}\n`);
  return 0;
}

await runMain(main);
