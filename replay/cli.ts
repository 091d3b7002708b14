/**
 * The command line of replay: `deno run --allow-read jsr:@ttm/replay/cli --help`.
 *
 * Exit status: 0 done and no contents lost, 1 contents were lost or an invariant broke, 2 wrong arguments or workload.
 *
 * @module
 */
import { type DeviceRecord, recorder } from "@ttm/explain";
import { chromeTrace } from "@ttm/export";
import { closeSync, existsSync, openSync, writeFileSync } from "node:fs";
import process from "node:process";
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

/** How many events a recorder keeps for a trace: it takes about 100 MB for them. */
const RECORDED = { events: 2 ** 20 };

/** Writes the file piece by piece, and says if the record has lost its beginning. */
function writeTrace(file: string, record: DeviceRecord): void {
  const to = openSync(file, "w");
  try {
    for (const piece of inBatches(chromeTrace(record))) writeFileSync(to, piece);
  } finally {
    closeSync(to);
  }
  const { lost } = record.header;
  if (lost > 0) process.stderr.write(`${file}: the first ${lost} events are missing, for no more are kept\n`);
}

/** A name, or the default export of the module if the value is a path. */
async function partOf<Factory extends (...args: never[]) => unknown>(
  option: string,
  value: string | undefined,
): Promise<string | Factory | undefined> {
  return value === undefined || !isModulePath(value) ? value : await loadFactory<Factory>(option, value);
}

async function main(args: string[]): Promise<number> {
  const { values } = readArguments(args, OPTIONS);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const { workload: name, seed, json, vram, gtt, contents, verify, chrome } = values;
  if (contents !== undefined && contents !== "bytes" && contents !== "stamps") {
    throw new UsageError(`Cannot use --contents ${JSON.stringify(contents)}: choose bytes or stamps`);
  }
  if (chrome !== undefined && values.report !== undefined) {
    throw new UsageError("Cannot use --chrome with --report: choose one");
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
    const recording = page?.recorder(workload) ?? (chrome === undefined ? undefined : recorder(RECORDED));
    const bar = progressBar(workload.events.length);
    const how = { gtt, contents, verify, tracer: recording?.tracer, onProgress: bar?.update } as const;
    const { report, text } = await replay(workload, { ...parts, vram: variant.vram, ...how });
    bar?.clear();
    process.stdout.write(`${json ? JSON.stringify(report) : text}\n`);
    if (recording !== undefined) page?.add(report, recording, workload.time);
    if (chrome !== undefined && recording !== undefined) writeTrace(chrome, recording.record());
    lossless &&= report.losses.length === 0;
  }
  await page?.write();
  return lossless ? 0 : 1;
}

await runMain(main);
