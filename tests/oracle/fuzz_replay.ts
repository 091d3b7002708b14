import { fileURLToPath } from "node:url";
import { type Difference, differenceAt, refusal } from "./fuzz_difference.ts";
import { LineProcess, NoAnswer } from "./recorder/line_process.ts";
import { TraceError } from "./trace.ts";

const START_PATIENCE_MS = 60_000;
/** The slowest replay that is no endless loop: a busy machine takes a tenth of it. */
const PATIENCE_MS = { script: 2000, operation: 10 };

/** Compares traces with the core. */
export interface Comparer {
  /** Where the core first differs from the trace, undefined if it does not. */
  compare(lines: readonly string[]): Promise<Difference | undefined>;
}

/** The replayer, as a process of its own: an endless loop, an endless wait and a crash are differences like any other. */
export class ReplayProcess implements Comparer, AsyncDisposable {
  #process: LineProcess;

  constructor(command: readonly string[] = replayer()) {
    this.#process = new LineProcess(command);
  }

  /** @throws {TraceError} If the trace is of a family that cannot be replayed. */
  async compare(lines: readonly string[]): Promise<Difference | undefined> {
    try {
      return await this.#replay(lines);
    } catch (error) {
      if (error instanceof NoAnswer) return await this.#locate(lines, error.message);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.close();
  }

  async #replay(lines: readonly string[]): Promise<Difference | undefined> {
    // Whatever it says to no lines at all: starting is not part of the replay.
    if (!this.#process.isRunning) await this.#process.ask("[]", START_PATIENCE_MS);
    const patience = PATIENCE_MS.script + PATIENCE_MS.operation * lines.length;
    const { asleep, error, first, refusedLine } = JSON.parse(await this.#process.ask(JSON.stringify(lines), patience));
    if (refusedLine !== undefined) throw new TraceError(error, refusedLine);
    if (asleep) throw new NoAnswer("waits for ever");
    if (error !== undefined) return refusal(error);
    return first && differenceAt(lines, first.operation, first.expected, first.found);
  }

  /** The operation at which a replay without an answer hangs or dies, if it does not differ before. */
  async #locate(lines: readonly string[], symptom: string): Promise<Difference | undefined> {
    let [good, bad] = [0, lines.length - 1];
    while (bad - good > 1) {
      const middle = (good + bad) >> 1;
      try {
        const difference = await this.#replay(lines.slice(0, middle + 1));
        if (difference !== undefined) return difference;
        good = middle;
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        bad = middle;
      }
    }
    const { op } = JSON.parse(lines[bad] ?? "{}");
    const kind = `${op}: ${symptom.replaceAll(/ within \d+ ms/g, " in time")}`;
    return { operation: bad - 1, kind, detail: symptom };
  }
}

function replayer(): string[] {
  return [Deno.execPath(), "run", "--no-prompt", fileURLToPath(new URL("./fuzz_replayer.ts", import.meta.url))];
}
