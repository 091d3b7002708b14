import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LineProcess } from "./line_process.ts";
import { type Header, lineOf, type Operation, requestOf, type State, wasDone, worldOf } from "./operations.ts";

/** Time limit of an operation; a longer one sleeps for a lock that will not be released. */
const PATIENCE_MS = 5000;
/** Operations between two lines with all of an allocator's state. */
const DUMP_EVERY = 50;

const built = new URL("./build/linux", import.meta.url);

/** The message if the kernel is not built. */
export const HOW_TO_BUILD: string =
  "Cannot record: the kernel is not built. Build it on Debian 12 (a few minutes, apt-get as " +
  "root): deno task oracle:build, or name one: TTM_RECORDER=FILE";

/** The kernel's file; undefined if it is not built. */
export function findKernel(): string | undefined {
  const file = Deno.env.get("TTM_RECORDER") ?? fileURLToPath(built);
  return existsSync(file) ? file : undefined;
}

/** The result of one operation. */
export interface Step {
  /** The line of the trace. */
  readonly line: string;
  readonly state: State;
  /** Whether the operation was done; if not, nothing has changed, and the line is not part of the trace. */
  readonly done: boolean;
}

/** A trace that is being recorded. */
export interface Session {
  /** Does one operation; the last one records all of an allocator's state. */
  step(operation: Operation, last?: boolean): Promise<Step>;
}

/** A recorder of traces. */
export interface Recorder {
  /** Makes the world of a header. `answer` has the values that only the kernel knows. */
  begin(header: Header): Promise<{ readonly session: Session; readonly answer: Readonly<Record<string, number>> }>;
}

/** The recorder: a User Mode Linux kernel that answers operations. One session at a time; any number in one boot. */
export class Kernel implements Recorder, AsyncDisposable {
  #process: LineProcess;

  constructor(file: string) {
    this.#process = new LineProcess([file, "mem=512M", "con=null", "oracle=0,1"]);
  }

  /** @throws {NoAnswer} As its session does, if the kernel hangs or dies. The next session is one of a fresh kernel. */
  async begin(header: Header): ReturnType<Recorder["begin"]> {
    const answer = JSON.parse(`{${await this.#process.ask(worldOf(header), PATIENCE_MS)}}`);
    return { session: new KernelSession(this.#process, header.kind), answer };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.close();
  }
}

class KernelSession implements Session {
  #process: LineProcess;
  #kind: string;
  #count = 0;

  constructor(process: LineProcess, kind: string) {
    this.#process = process;
    this.#kind = kind;
  }

  async step(operation: Operation, last = false): Promise<Step> {
    const dump = last || this.#count % DUMP_EVERY === DUMP_EVERY - 1;
    const answer = await this.#process.ask(requestOf(this.#kind, operation, dump), PATIENCE_MS);
    const line = lineOf(this.#kind, this.#count, operation, answer);
    const state: State = JSON.parse(line);
    const done = wasDone(state);
    if (done) this.#count++;
    return { line, state, done };
  }
}

/** Records the trace of a script or of another trace. Impossible operations are left out. */
export async function* recordScript(recorder: Recorder, lines: readonly string[]): AsyncGenerator<string> {
  const [header, ...operations] = lines.filter((line) => line !== "").map((line) => JSON.parse(line));
  const { session } = await recorder.begin(header);
  yield JSON.stringify(header);
  for (const [at, operation] of operations.entries()) {
    const { line, done } = await session.step(operation, at === operations.length - 1);
    if (done) yield line;
  }
}
