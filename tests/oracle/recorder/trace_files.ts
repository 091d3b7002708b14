import type { Recorder } from "./kernel.ts";
import { recordScript } from "./kernel.ts";
import { unzipLines } from "../families.ts";

const GZIP_MAGIC = 0x1f;

/** The lines of a trace or a script, plain or gzip'd, without empty ones. */
export async function readLines(file: string | URL): Promise<string[]> {
  const data = await Deno.readFile(file);
  const lines = data[0] === GZIP_MAGIC ? await unzipLines(data) : new TextDecoder().decode(data).split("\n");
  return lines.filter((line) => line !== "");
}

/** The first lines that differ between a trace and a new recording of its inputs. */
export interface Mismatch {
  /** Line number in the file, from 1. */
  readonly number: number;
  readonly recorded: string | undefined;
  readonly again: string | undefined;
}

/** Records a trace's operations again. Undefined if the result has the same bytes. */
export async function recordAgain(recorder: Recorder, lines: readonly string[]): Promise<Mismatch | undefined> {
  let count = 0;
  for await (const again of recordScript(recorder, lines)) {
    const recorded = lines[count++];
    if (recorded !== again) return { number: count, recorded, again };
  }
  return count === lines.length ? undefined : { number: count + 1, recorded: lines[count], again: undefined };
}
