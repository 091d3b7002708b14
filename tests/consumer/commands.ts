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
