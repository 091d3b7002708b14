// Replays traces for the fuzzer, in a process that may hang or die: each line in is a JSON array of the lines of a
// trace, each line out what came of it.
import process from "node:process";
import { createInterface } from "node:readline";
import { replayLines } from "./families.ts";
import { TraceError } from "./trace.ts";

async function answer(lines: readonly string[]): Promise<object> {
  try {
    return await replayLines(lines);
  } catch (error) {
    return { error: String(error), refused: error instanceof TraceError };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
}
