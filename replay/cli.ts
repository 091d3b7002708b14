/**
 * The command line of replay: `deno run --allow-read jsr:@ttm/replay/cli --help`.
 *
 * Exit status: 0 done and no contents lost, 1 contents were lost or an invariant broke, 2 wrong arguments or workload.
 *
 * @module
 */
import { type DeviceRecord, explainer, recorder, writeRecord } from "@ttm/explain";
import { chromeTrace } from "@ttm/export";
import type { BufferView } from "@ttm/core";
import type { Report } from "./report.ts";
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import process from "node:process";
import { asLines, evictionsOf, whatIsMissing } from "./explanations.ts";
import { isModulePath, loadFactory } from "./part_module.ts";
import {
  inBatches,
  readArguments,
  readRecordingFile,
  RECORDING_HELP,
  RECORDING_OPTIONS,
  type RecordingOptions,
  runMain,
} from "./main.ts";
import { type DriverFactory, drivers, type ManagerFactory, managers, policies, type PolicyFactory } from "./parts.ts";
import { progressBar } from "./progress.ts";
import { replay } from "./replay.ts";
import { ReportFile } from "./report_file.ts";
import { UsageError } from "./usage_error.ts";
import { variantsOf } from "./variants.ts";
import type { Workload } from "@ttm/import";
import { workloads } from "./workloads/mod.ts";

const HELP = `Runs a buffer workload through a simulated GPU and reports what moved.

Usage: replay [options]

  --workload NAME|FILE  a shipped workload, or a recording, plain or gzip'd          [phi3-decode]
  --vram SIZE           bytes, 512M, 2G, or a share of the workload's peak           [50%]
  --gtt SIZE            the same; of cma-sim it is what is behind the IOMMU,         [100%]
                        and --vram the carve-out
${RECORDING_HELP}
  --driver NAME         ${Object.keys(drivers).join(", ")}
  --manager NAME        ${Object.keys(managers).join(", ")}
  --policy NAME         ${Object.keys(policies).join(", ")}: the order of eviction
  --contents KIND       stamps, which are compared as well as bytes at a fraction    [stamps]
                        of the time, or bytes: each is written and copied
  --seed NUMBER         of shipped workloads with random parts                       [1]
  --report FILE         write a page that shows what moved, was evicted and failed, and why; then --manager, --policy
                        and --vram take several values, divided by commas, and the page has all of these replays
  --verify              compare contents and check invariants on the way
  --explain NUMBER|NAME print why buffers were evicted, in place of the report: one by its number in order of
                        creation, from 0, or all of a tag
  --record FILE         save what the device did and why, for deno task explain
  --json                print one JSON object
  --chrome FILE         write a trace for ui.perfetto.dev: memory, moves, evictions and their causes over time
  --help

Recordings, recognised from their contents: bo-trace v1, CUDA memory snapshots of PyTorch, gem_wsim workloads, RMM's CSV
log, ftrace text with amdgpu's events, Chrome traces of PyTorch's profiler with [memory] events, recordings of the Radeon
Memory Visualizer.

Parts of your own: --driver, --manager and --policy also take a file with a slash in its name or ending in .ts, .js or
.mjs. Its default export is a function that makes the part, anew for each call:

  --policy ./sieve.ts   () => EvictionPolicy
  --manager ./mine.ts   () => MemTypeManager, one for each memory type
  --driver ./card.ts    ({ vram, gtt, contents }) => Driver, sizes in bytes

Shipped workloads:
${Object.entries(workloads).map(([name, { description }]) => `  ${name.padEnd(20)}  ${description}`).join("\n")}
`;

const OPTIONS = {
  workload: { type: "string", default: "phi3-decode" },
  ...RECORDING_OPTIONS,
  vram: { type: "string" },
  gtt: { type: "string" },
  driver: { type: "string" },
  manager: { type: "string" },
  policy: { type: "string" },
  contents: { type: "string" },
  seed: { type: "string", default: "1" },
  report: { type: "string" },
  verify: { type: "boolean" },
  explain: { type: "string" },
  record: { type: "string" },
  json: { type: "boolean" },
  chrome: { type: "string" },
  help: { type: "boolean" },
} as const;

async function load(nameOrFile: string, seed: string, options: RecordingOptions): Promise<Workload> {
  if (!/^\d{1,9}$/.test(seed)) throw new UsageError(`Cannot use --seed ${JSON.stringify(seed)}: give a whole number`);
  const shipped = Object.hasOwn(workloads, nameOrFile) ? workloads[nameOrFile] : undefined;
  if (shipped !== undefined) {
    const option = Object.keys(RECORDING_OPTIONS).find((option) => options[option as keyof RecordingOptions]);
    if (option !== undefined) {
      throw new UsageError(`Cannot use --${option} with a shipped workload: it is for recordings`);
    }
    return shipped.make({ seed: Number(seed) });
  }
  if (nameOrFile === "" || !existsSync(nameOrFile)) {
    const names = Object.keys(workloads).join(", ");
    throw new UsageError(`Cannot use --workload ${JSON.stringify(nameOrFile)}: no such file, and not one of ${names}`);
  }
  const { workload, uses } = await readRecordingFile(nameOrFile, options);
  return uses === "lifetimes" ? { ...workload, name: `${workload.name} (lifetimes only)` } : workload;
}

/** What is done with the record of a replay. */
interface RecordOptions {
  readonly chrome?: string | undefined;
  readonly explain?: string | undefined;
  readonly json?: boolean | undefined;
  readonly record?: string | undefined;
}

/** How many events a recorder keeps, in about 100 MB. */
const RECORDED = { events: 2 ** 20, tagOf: ({ label = "" }: BufferView) => label };

/** Writes a file piece by piece, and says if the record has lost its beginning. */
function write(file: string, pieces: Iterable<string>, { header: { lost } }: DeviceRecord): void {
  const to = openSync(file, "w");
  try {
    for (const piece of inBatches(pieces)) writeFileSync(to, piece);
  } finally {
    closeSync(to);
  }
  if (lost > 0) process.stderr.write(`${file}: the first ${lost} events are missing, for no more are kept\n`);
}

/** A name, or the default export of the module if the value is a path. */
async function partOf<Factory extends (...args: never[]) => unknown>(
  option: string,
  value: string | undefined,
): Promise<string | Factory | undefined> {
  return value === undefined || !isModulePath(value) ? value : await loadFactory<Factory>(option, value);
}

/** A record with a name that tells replays of one workload apart. */
function named({ header, events }: DeviceRecord, { workload, device }: Report): DeviceRecord {
  return { header: { ...header, run: `${workload}, ${device.manager}, ${device.policy}` }, events };
}

/** Saves the record in the forms that are asked for, and prints why buffers were evicted. */
function useRecord(record: DeviceRecord, { chrome, explain: name, json, record: file }: RecordOptions): void {
  if (chrome !== undefined) write(chrome, chromeTrace(record), record);
  if (file !== undefined) write(file, linesOf(record), record);
  if (name === undefined) return;
  const explain = explainer(record);
  const found = evictionsOf(explain, name);
  process.stderr.write(whatIsMissing(explain));
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : asLines(found, `Buffer ${name} was not evicted`));
}

function* linesOf(record: DeviceRecord): Generator<string, void> {
  for (const line of writeRecord(record)) yield `${line}\n`;
}

async function main(args: string[]): Promise<number> {
  const { values } = readArguments(args, OPTIONS);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { workload: name, seed, json, vram, gtt, contents, verify } = values;
  if (contents !== undefined && contents !== "bytes" && contents !== "stamps") {
    throw new UsageError(`Cannot use --contents ${JSON.stringify(contents)}: choose bytes or stamps`);
  }
  const oneReplay = (["chrome", "explain", "record"] as const).find((option) => values[option] !== undefined);
  if (oneReplay !== undefined && values.report !== undefined) {
    throw new UsageError(`Cannot use --${oneReplay} with --report: choose one`);
  }
  const workload = await load(name, seed, values);
  const page = values.report === undefined ? undefined : new ReportFile(values.report);
  const given = { manager: values.manager, policy: values.policy, vram };
  let lossless = true;
  for (const variant of page === undefined ? [given] : variantsOf(given)) {
    const parts = {
      driver: await partOf<DriverFactory>("driver", values.driver),
      manager: await partOf<ManagerFactory>("manager", variant.manager),
      policy: await partOf<PolicyFactory>("policy", variant.policy),
    };
    const recording = page?.recorder(workload) ?? (oneReplay === undefined ? undefined : recorder(RECORDED));
    const bar = progressBar(workload.events.length);
    const how = { gtt, contents, verify, tracer: recording?.tracer, onProgress: bar?.update } as const;
    const { report, text } = await replay(workload, { ...parts, vram: variant.vram, ...how });
    bar?.clear();
    if (values.explain === undefined) process.stdout.write(`${json ? JSON.stringify(report) : text}\n`);
    if (recording !== undefined) page?.add(report, recording, workload.time);
    if (oneReplay !== undefined && recording !== undefined) useRecord(named(recording.record(), report), values);
    lossless &&= report.losses.length === 0;
  }
  await page?.write();
  return lossless ? 0 : 1;
}

await runMain(main);
