/**
 * The command line of explanations: answers questions about a saved record.
 *
 * Exit status: 0 done, 2 wrong arguments or record.
 *
 * @module
 */
import { type Explainer, explainer, readRecord } from "@ttm/explain";
import { createReadStream, statSync } from "node:fs";
import process from "node:process";
import { Readable } from "node:stream";
import { asLines, evictionsOf, whatIsMissing } from "./explanations.ts";
import { readArguments, runMain } from "./main.ts";
import { UsageError } from "./usage_error.ts";

const HELP = `Explains what a device did, from a record of it: deno task replay --record FILE makes one.

Usage: explain FILE [options]

  FILE                  a record
  --buffer NUMBER|NAME  why buffers were evicted: one by its number in order of creation, from 0, or all of a label or tag
  --holders TYPE        who had which pages of a memory type, such as vram
  --time MS             when, in milliseconds: with --holders                         [the end]
  --failures            which calls failed, and what kept the room
  --waits               who waited for what, and how long
  --json                print one JSON value
  --help

Without a question: what the record holds.

Exit status: 0 done, 2 wrong arguments or record.
`;

const OPTIONS = {
  buffer: { type: "string" },
  holders: { type: "string" },
  time: { type: "string" },
  failures: { type: "boolean" },
  waits: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

const QUESTIONS = ["buffer", "holders", "failures", "waits"] as const;

type Values = ReturnType<typeof readArguments<typeof OPTIONS>>["values"];

/** What is answered: as values, and as text. */
interface Answer {
  readonly found: unknown;
  readonly text: string;
}

function answer(explain: Explainer, { buffer, holders, time, failures, waits }: Values): Answer {
  const { run } = explain.header;
  if (buffer !== undefined) {
    const found = evictionsOf(explain, buffer);
    return { found, text: asLines(found, `Buffer ${buffer} was not evicted`) };
  }
  if (holders !== undefined) {
    const found = explain.holders(holders, time === undefined ? Infinity : Number(time));
    return { found, text: asLines(found, `Nobody had pages of ${holders} then`) };
  }
  if (failures) return { found: explain.failures, text: asLines(explain.failures, "No call failed") };
  if (waits) return { found: explain.waits, text: asLines(explain.waits, "Nobody waited") };
  const found = {
    header: explain.header,
    buffers: explain.buffers.length,
    evictions: explain.evictions().length,
    failures: explain.failures.length,
    waits: explain.waits.length,
  };
  const counts = `${found.evictions} evictions, ${found.failures} failures, ${found.waits} waits`;
  return { found, text: `${run}: ${found.buffers} buffers, ${counts}; --help lists the questions\n` };
}

async function main(args: string[]): Promise<number> {
  const { values, positionals: [file] } = readArguments(args, OPTIONS, 1);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (file === undefined) throw new UsageError("Cannot explain: name a FILE");
  const asked = QUESTIONS.filter((question) => values[question]);
  if (asked.length > 1) throw new UsageError(`Cannot use --${asked[0]} with --${asked[1]}: ask one question`);
  if (values.time !== undefined && values.holders === undefined) {
    throw new UsageError("Cannot use --time without --holders");
  }
  if (values.time !== undefined && !/^\d+(\.\d+)?$/.test(values.time)) {
    throw new UsageError(`Cannot use --time ${JSON.stringify(values.time)}: give a number of milliseconds`);
  }
  if (statSync(file).isDirectory()) throw new UsageError(`Cannot explain ${JSON.stringify(file)}: it is a folder`);
  const stream = Readable.toWeb(createReadStream(file)) as ReadableStream<Uint8Array>;
  const explain = explainer(await readRecord(file, stream));
  const { found, text } = answer(explain, values);
  process.stderr.write(whatIsMissing(explain));
  process.stdout.write(values.json ? `${JSON.stringify(found)}\n` : text);
  return 0;
}

await runMain(main);
