/**
 * The command line of replay: `deno run --allow-read jsr:@ttm/replay/cli --help`.
 *
 * Exit status: 0 done and no contents lost, 1 contents were lost or an invariant broke, 2 wrong arguments or workload.
 *
 * @module
 */
import { existsSync } from "node:fs";
import process from "node:process";
import { type DeviceRecord, explainer, writeRecord } from "@ttm/explain";
import { asLines, evictionsOf, whatIsMissing } from "./explanations.ts";
import { isModulePath, loadFactory } from "./part_module.ts";
import {
  readArguments,
  readRecordingFile,
  RECORDING_HELP,
  RECORDING_OPTIONS,
  type RecordingOptions,
  runMain,
  saveLines,
} from "./main.ts";
import { type DriverFactory, drivers, type ManagerFactory, managers, policies, type PolicyFactory } from "./parts.ts";
import { progressBar } from "./progress.ts";
import { replay } from "./replay.ts";
import { UsageError } from "./usage_error.ts";
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
  --verify              compare contents and check invariants on the way
  --explain NUMBER|NAME print why buffers were evicted, in place of the report: one by its number in order of
                        creation, from 0, or all of a tag
  --record FILE         save what the device did and why, for deno task explain
  --json                print one JSON object
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

/** How many events are recorded, in about 100 MB: those of all shipped workloads. */
const RECORDED_EVENTS = 2 ** 20;

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
  verify: { type: "boolean" },
  explain: { type: "string" },
  record: { type: "string" },
  json: { type: "boolean" },
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

/** A name, or the default export of the module if the value is a path. */
async function partOf<Factory extends (...args: never[]) => unknown>(
  option: string,
  value: string | undefined,
): Promise<string | Factory | undefined> {
  return value === undefined || !isModulePath(value) ? value : await loadFactory<Factory>(option, value);
}

/** Why buffers were evicted. */
function explained(record: DeviceRecord, name: string, json: boolean | undefined): string {
  const explain = explainer(record);
  const found = evictionsOf(explain, name);
  process.stderr.write(whatIsMissing(explain));
  return json ? `${JSON.stringify(found)}\n` : asLines(found, `Buffer ${name} was not evicted`);
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
  const parts = {
    driver: await partOf<DriverFactory>("driver", values.driver),
    manager: await partOf<ManagerFactory>("manager", values.manager),
    policy: await partOf<PolicyFactory>("policy", values.policy),
  };
  const workload = await load(name, seed, values);
  const bar = progressBar(workload.events.length);
  const { report, text, record } = await replay(workload, {
    ...parts,
    vram,
    gtt,
    contents,
    verify,
    record: values.explain === undefined && values.record === undefined ? undefined : RECORDED_EVENTS,
    onProgress: bar?.update,
  });
  bar?.clear();
  if (record !== null && values.record !== undefined) await saveLines(values.record, writeRecord(record));
  if (record !== null && values.explain !== undefined) process.stdout.write(explained(record, values.explain, json));
  else process.stdout.write(`${json ? JSON.stringify(report) : text}\n`);
  return report.losses.length === 0 ? 0 : 1;
}

await runMain(main);
