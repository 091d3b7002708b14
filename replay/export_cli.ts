/**
 * The command line of exports: writes a record of a device in a form that other tools read.
 *
 * Exit status: 0 done, 2 wrong arguments or record; then nothing is written.
 *
 * @module
 */
import { type DeviceRecord, readRecord } from "@ttm/explain";
import { chromeTrace, vmaDumpAt } from "@ttm/export";
import { createReadStream, statSync } from "node:fs";
import process from "node:process";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { inBatches, readArguments, runMain } from "./main.ts";
import { UsageError } from "./usage_error.ts";

const HELP = `Writes a record of a device to standard output in a form that other tools read.

Usage: export FILE --chrome > trace.json
       export FILE --vma [--time MS] > dump.json

  FILE         a record in lines of JSON, as writeRecord of @ttm/explain makes them
  --chrome     a Chrome trace, for ui.perfetto.dev: memory, moves, evictions, operations, waits and failures over time
  --vma        all memory types at one moment, in the form of the Vulkan Memory Allocator's dumps, for GpuMemDumpVis
  --time MS    of a dump: the moment, in milliseconds on the device's clock [the end of the record]
  --help

Exit status: 0 done, 2 wrong arguments or record.
`;

const OPTIONS = {
  chrome: { type: "boolean" },
  vma: { type: "boolean" },
  time: { type: "string" },
  help: { type: "boolean" },
} as const;

interface Values {
  readonly chrome?: boolean | undefined;
  readonly vma?: boolean | undefined;
  readonly time?: string | undefined;
}

/** The text of the form that the options choose, in pieces. */
function formOf({ chrome = false, vma = false, time }: Values): (record: DeviceRecord) => Iterable<string> {
  if (chrome === vma) throw new UsageError("Cannot export: choose --chrome or --vma");
  if (chrome && time !== undefined) throw new UsageError("Cannot use --time with --chrome: a trace has all times");
  if (chrome) return chromeTrace;
  if (time !== undefined && !/^\d+(\.\d+)?$/.test(time)) {
    throw new UsageError(`Cannot use --time ${JSON.stringify(time)}: give milliseconds, such as 3200 or 0.5`);
  }
  const at = time === undefined ? undefined : Number(time);
  return (record) => [`${JSON.stringify(vmaDumpAt(record, at), null, 2)}\n`];
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS, 1);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [file] = positionals;
  if (file === undefined) throw new UsageError("Cannot export: name a FILE");
  const form = formOf(values);
  if (statSync(file).isDirectory()) throw new UsageError(`Cannot export ${JSON.stringify(file)}: it is a folder`);
  const record = await readRecord(file, Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>);
  await pipeline(Readable.from(inBatches(form(record))), process.stdout, { end: false });
  return 0;
}

await runMain(main);
