/**
 * The command line of imports: writes a recording of any format as bo-trace.
 *
 * Exit status: 0 done, 2 wrong arguments or recording; then nothing is written.
 *
 * @module
 */
import { boTraceLines, type Workload } from "@ttm/import";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { inBatches, readArguments, readRecordingFile, RECORDING_HELP, RECORDING_OPTIONS, runMain } from "./main.ts";
import { UsageError } from "./usage_error.ts";

const HELP = `Reads a recording of GPU memory and writes it to standard output as bo-trace v1.

Usage: import FILE [options] > out.jsonl

  FILE                  a recording, plain or gzip'd; its format is recognised from its contents
${RECORDING_HELP}
  --help

Formats: bo-trace v1, CUDA memory snapshots of PyTorch, gem_wsim workloads of i915, RMM's CSV log, ftrace text with
amdgpu's events, Chrome traces of PyTorch's profiler with [memory] events, recordings of the Radeon Memory
Visualizer.

Exit status: 0 done, 2 wrong arguments or recording.
`;

function* linesOf(workload: Workload): Generator<string, void> {
  for (const line of boTraceLines(workload)) yield `${line}\n`;
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { ...RECORDING_OPTIONS, help: { type: "boolean" } }, 1);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [file] = positionals;
  if (file === undefined) throw new UsageError("Cannot import: name a FILE");
  const { workload } = await readRecordingFile(file, values);
  await pipeline(Readable.from(inBatches(linesOf(workload))), process.stdout, { end: false });
  return 0;
}

await runMain(main);
