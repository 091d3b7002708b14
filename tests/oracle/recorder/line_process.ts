/** A process that ended, or took too long, instead of answering. */
export class NoAnswer extends Error {}

/**
 * A process that answers each line with a line. It is started by the first line, and again after it failed to answer,
 * so that a hang, a crash or exhausted memory ends only that process.
 */
export class LineProcess {
  #command: readonly string[];
  #process: Deno.ChildProcess | undefined;
  #writer: WritableStreamDefaultWriter<Uint8Array> | undefined;
  #reader: ReadableStreamDefaultReader<string> | undefined;
  #rest = "";

  constructor(command: readonly string[]) {
    this.#command = command;
  }

  /** Whether the process is running. */
  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /**
   * Sends a line and returns the answer.
   *
   * @throws {NoAnswer} If there is no answer within `patienceMs`, or the process ends; it is then killed.
   */
  async ask(line: string, patienceMs: number): Promise<string> {
    this.#process ??= this.#start();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new NoAnswer(`no answer within ${patienceMs} ms`)), patienceMs);
    });
    try {
      return await Promise.race([this.#exchange(line), tooLate]);
    } catch (error) {
      await this.#kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Closes the input of the process, which then ends. */
  async close(): Promise<void> {
    if (this.#process === undefined) return;
    await this.#writer?.close().catch(() => {});
    await this.#kill(1000);
  }

  #start(): Deno.ChildProcess {
    const [program = "", ...args] = this.#command;
    // A process group of its own, so that its children are killed with it.
    const process = new Deno.Command(program, { args, stdin: "piped", stdout: "piped", stderr: "null", detached: true })
      .spawn();
    this.#rest = "";
    this.#writer = process.stdin.getWriter();
    this.#reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    return process;
  }

  async #exchange(line: string): Promise<string> {
    const written = this.#writer?.write(new TextEncoder().encode(`${line}\n`)).catch(() => {});
    const parts = [this.#rest];
    for (;;) {
      const last = parts.at(-1) ?? "";
      const end = last.indexOf("\n");
      if (end >= 0) {
        this.#rest = last.slice(end + 1);
        parts[parts.length - 1] = last.slice(0, end);
        await written;
        return parts.join("");
      }
      const { done, value } = await (this.#reader as ReadableStreamDefaultReader<string>).read();
      if (done) throw new NoAnswer("the process ended");
      parts.push(value);
    }
  }

  async #kill(patienceMs = 0): Promise<void> {
    const process = this.#process as Deno.ChildProcess;
    const timer = setTimeout(() => {
      try {
        Deno.kill(-process.pid, "SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }, patienceMs);
    await process.status;
    clearTimeout(timer);
    await this.#writer?.abort().catch(() => {});
    await this.#reader?.cancel().catch(() => {});
    this.#process = undefined;
  }
}
