// Replays traces for the fuzzer, in a process that may loop for ever or crash: each input line is a JSON array of the
// lines of a trace, each output line is its result. Input is read only between replays, so that a replay that waits for
// ever leaves the event loop empty, which distinguishes it from a slow one.
import { readSync, writeSync } from "node:fs";
import process from "node:process";
import { replayLines } from "./families.ts";
import { TraceError } from "./trace.ts";

const buffer = new Uint8Array(1 << 20);
const decoder = new TextDecoder();
let rest = "";
let current = 0;

function readLine(): string | undefined {
  const parts = [rest];
  for (;;) {
    const last = parts.at(-1) ?? "";
    const end = last.indexOf("\n");
    if (end >= 0) {
      rest = last.slice(end + 1);
      parts[parts.length - 1] = last.slice(0, end);
      return parts.join("");
    }
    const count = readSync(0, buffer);
    if (count === 0) return undefined;
    parts.push(decoder.decode(buffer.subarray(0, count), { stream: true }));
  }
}

async function answer(lines: readonly string[]): Promise<object> {
  try {
    return await replayLines(lines);
  } catch (error) {
    return { error: String(error), ...(error instanceof TraceError && { refusedLine: error.line }) };
  }
}

function reply(id: number, result: object): void {
  if (id !== current) return;
  const data = new TextEncoder().encode(`${JSON.stringify(result)}\n`);
  for (let at = 0; at < data.length;) at += writeSync(1, data, at);
  serveNext();
}

function serveNext(): void {
  const id = ++current;
  const line = readLine();
  if (line === undefined) process.exit();
  answer(JSON.parse(line)).then((result) => reply(id, result));
}

process.on("beforeExit", () => reply(current, { asleep: true }));
serveNext();
