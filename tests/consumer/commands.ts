import { run, type RunOptions } from "./process.ts";
import type { PackageReport } from "./programs/check.ts";

/** A runtime as somebody has it who sits at a shell. */
export interface Shell extends RunOptions {
  /** What starts an entry point that is a command: program and first arguments. */
  readonly start: (entry: string) => readonly [string, ...string[]];
  /** Why what has been written cannot be run here. */
  readonly obstacle?: string | undefined;
}

type Start = (...args: string[]) => Promise<string>;

/** What each command is used for, by its entry point; says why if that is not possible. */
export const uses: Readonly<Record<string, (start: Start, shell: Shell) => Promise<string | undefined>>> = {
  "@ttm/replay/cli": async (start) => {
    const args = ["--workload=texture-streaming", "--contents=stamps", "--verify", "--json"];
    const { evictions, losses, verified } = JSON.parse(await start(...args));
    if (evictions === 0 || verified === 0 || losses.length > 0) throw new Error("a workload was not replayed as it is");
    return undefined;
  },
  "@ttm/replay/import": async (start, { cwd }) => {
    await Deno.writeTextFile(`${cwd}/frame.wsim`, "w.1.2n4096\n1.RCS.500.r1-0/w1-1.0\n");
    const lines = (await start("frame.wsim")).trimEnd().split("\n");
    if (lines.length !== 5 || !lines[1]?.includes('"op":"alloc"')) throw new Error(lines.join("\n"));
    return undefined;
  },
  "@ttm/replay/explain": async (start, { cwd }) => {
    await writeDemo(`${cwd}/explained.jsonl`);
    const printed = await start("explained.jsonl", "--holders", "system");
    if (printed !== "pages 0..0: buffer 0, since 0 ms\n") throw new Error(`a record was not explained: ${printed}`);
    return undefined;
  },
  "@ttm/replay/export": async (start, { cwd }) => {
    await writeDemo(`${cwd}/record.jsonl`);
    const { Total } = JSON.parse(await start("record.jsonl", "--vma"));
    const { traceEvents } = JSON.parse(await start("record.jsonl", "--chrome"));
    if (Total.AllocationBytes !== 4096 || traceEvents.length < 5) throw new Error("a record was not exported as it is");
    return undefined;
  },
  "@ttm/testing/new": async (start, shell) => {
    for (const kind of ["driver", "manager", "store"]) {
      const printed = await start(kind, "my-own", "--scope", "@me", "--to", `my_${kind}`);
      const [, next] = /^Now: (.+)$/m.exec(printed) ?? [];
      if (next === undefined) throw new Error(`it does not say what comes next: ${printed}`);
      if (shell.obstacle !== undefined) return shell.obstacle;
      const tested = await run("sh", ["-c", next], shell);
      const [, passed] = /(?:\| |# pass )(\d+)/.exec(tested) ?? [];
      if (!(Number(passed) > 10)) throw new Error(`a new ${kind} does not pass its suite: ${tested}`);
    }
    return undefined;
  },
};

/** Writes a record of one buffer. */
async function writeDemo(path: string): Promise<void> {
  const header = {
    ...{ format: "ttm-record", version: 1, run: "demo", pageSize: 4096, driver: "card", policy: "lru", lost: 0 },
    memoryTypes: [{ name: "system", pages: null, manager: null }],
  };
  const create = { kind: "create", time: 0, buffer: 0, label: "", tag: "", client: "", size: 1, pages: 1 };
  const move = {
    ...{ kind: "move", time: 0, buffer: 0, from: null, to: { memoryType: "system", start: 0 }, dropped: false },
    ...{ failure: null, end: 0, operation: 0, eviction: null },
  };
  await Deno.writeTextFile(path, [header, create, move].map((line) => JSON.stringify(line)).join("\n"));
}

/** Adds to the reports how the commands did. */
export async function withCommands(
  reports: Readonly<Record<string, PackageReport>>,
  shell: Shell,
): Promise<Record<string, PackageReport>> {
  const all = { ...reports };
  for (const [entry, use] of Object.entries(uses)) {
    const name = entry.split("/", 2).join("/");
    const report = all[name];
    if (report === undefined) continue;
    const [program, ...first] = shell.start(entry);
    const outcome = await use((...args) => run(program, [...first, ...args], shell), shell).catch((error) => error);
    if (outcome instanceof Error) all[name] = { ...report, failed: [...report.failed, `${entry}: ${outcome.message}`] };
    else if (outcome) all[name] = { ...report, untried: { ...report.untried, [entry]: outcome } };
    else all[name] = { ...report, passed: { ...report.passed, [entry]: 1 } };
  }
  return all;
}
