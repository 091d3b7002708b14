/**
 * Replays trace files of the kernel, plain or gzip'd: `deno task oracle FILE…`. Prints one line for each and the
 * first divergence. Exit status: 0 all equal, 1 something differs, 2 a file cannot be replayed; then it says which line
 * of it is wrong.
 *
 * @module
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import process from "node:process";
import { runCommand, UsageError } from "../command.ts";
import { replayLines, unzipLines } from "./families.ts";
import { TraceError } from "./trace.ts";

const GZIP_MAGIC = 0x1f;

async function linesOf(file: string): Promise<string[]> {
  const data = new Uint8Array(await readFile(file));
  return data[0] === GZIP_MAGIC ? await unzipLines(data) : new TextDecoder().decode(data).split("\n");
}

async function replayFile(file: string): Promise<0 | 1 | 2> {
  const name = basename(file).replace(/(\.jsonl)?(\.gz)?$/, "");
  try {
    const { operations, divergences, first } = await replayLines(await linesOf(file));
    process.stdout.write(`${name}: ${operations} operations, ${divergences} divergences\n`);
    if (first === undefined) return 0;
    process.stdout.write(`  operation ${first.operation}\n`);
    process.stdout.write(`    expected ${JSON.stringify(first.expected)}\n`);
    process.stdout.write(`    found    ${JSON.stringify(first.found)}\n`);
    return 1;
  } catch (error) {
    const at = error instanceof TraceError ? `${file}:${error.line}` : file;
    process.stderr.write(`${name}: Cannot replay ${at}: ${(error as Error).message}\n`);
    return 2;
  }
}

await runCommand({
  help: `Replays traces that were recorded from the kernel, and compares every result and the whole state.

Usage: deno task oracle FILE…

  FILE    a trace, plain or gzip'd
  --help

Exit status: 0 all equal, 1 something differs, 2 a file cannot be replayed, or wrong arguments.`,
  options: {},
  arguments: Infinity,
  async run(_values, files) {
    if (files.length === 0) throw new UsageError("Cannot replay: name at least one FILE, or see --help");
    let status = 0;
    for (const file of files) status = Math.max(status, await replayFile(file));
    return status;
  },
});
