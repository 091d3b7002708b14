import { fileURLToPath } from "node:url";
import { type Difference, differenceAt, refusal } from "./fuzz_difference.ts";
import { LineProcess, NoAnswer } from "./recorder/line_process.ts";
import { TraceError } from "./trace.ts";

const START_PATIENCE_MS = 60_000;
/** Time limit of a replay, ten times what it takes on a busy machine; a longer one counts as an endless loop. */
const PATIENCE_MS = { script: 2000, operation: 10 };

/** Compares traces with the core. */
export interface Comparer {
  /** The first difference between core and trace; undefined if there is none. */
  compare(lines: readonly string[]): Promise<Difference | undefined>;
}

/** The replayer in a separate process, so that endless loops, endless waits and crashes are reported as differences. */
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
    // An empty trace starts the process, so that its start does not count in the time limit.
    if (!this.#process.isRunning) await this.#process.ask("[]", START_PATIENCE_MS);
    const patience = PATIENCE_MS.script + PATIENCE_MS.operation * lines.length;
    const { asleep, error, first, refusedLine } = JSON.parse(await this.#process.ask(JSON.stringify(lines), patience));
    if (refusedLine !== undefined) throw new TraceError(error, refusedLine);
    if (asleep) throw new NoAnswer("waits for ever");
    if (error !== undefined) return refusal(error);
    return first && differenceAt(lines, first.operation, first.expected, first.found);
  }

  /** The operation at which a replay hangs or crashes, if it does not differ before. */
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
