/**
 * The command line of views: writes a page that shows recordings.
 *
 * Exit status: 0 done, 2 wrong arguments or recording; then nothing is written.
 *
 * @module
 */
import { openRecord, report, type ReportedRecord } from "@ttm/report";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { openFile, readArguments, RECORDING_HELP, RECORDING_OPTIONS, runMain } from "./main.ts";

const HELP = `Writes one HTML file that shows recordings of GPU memory on one axis of time, and names it.

Usage: view [FILE…] [options]

  FILE                  a record of @ttm/explain, or a recording of another tool, plain or gzip'd; the format is
                        recognised from the contents. Without a FILE the page waits for files that are dropped on it
  --out FILE            the page                                               [report.html]
${RECORDING_HELP}
  --help

The page asks for nothing from anywhere. It shows what was allocated where, when, and for how long; what a device would
have done with it is shown by: replay --workload FILE --report PAGE.

Exit status: 0 done, 2 wrong arguments or recording.
`;

/** The most recordings on one axis. */
const MOST_FILES = 16;

async function main(args: string[]): Promise<number> {
  const options = { ...RECORDING_OPTIONS, out: { type: "string" }, help: { type: "boolean" } } as const;
  const { values, positionals } = readArguments(args, options, MOST_FILES);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const records: ReportedRecord[] = [];
  for (const file of positionals) records.push(await openRecord(file, ...openFile(file, values)));
  const { out = "report.html" } = values;
  writeFileSync(out, await report(records));
  process.stdout.write(`${out}\n`);
  return 0;
}

await runMain(main);
