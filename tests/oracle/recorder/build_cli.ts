/**
 * Builds the kernel that records traces: `deno task oracle:build -- --help`.
 *
 * Exit status: 0 built, and the known traces come out the same; 1 one of them does not; 2 wrong arguments, or it cannot be
 * built.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { runCommand, UsageError } from "../../command.ts";

const TRACES = new URL("../traces/", import.meta.url);

function run(command: string, ...args: string[]): number {
  return spawnSync(command, args, { stdio: "inherit" }).status ?? 1;
}

await runCommand({
  help: `Builds the kernel that records traces, on Debian 12, and lets it record the known ones again.

Usage: deno task oracle:build

  --help

It gets what it needs with apt-get, and takes some minutes the first time.

Exit status: 0 built, and all traces come out the same, 1 one does not, 2 it cannot be built, or wrong arguments.`,
  options: {},
  run() {
    const script = fileURLToPath(new URL("kernel/build.sh", import.meta.url));
    if (run("sh", script) !== 0) throw new UsageError(`Cannot build the kernel: ${script} failed, see above`);
    const traces = readdirSync(TRACES).filter((name) => name.endsWith(".gz"));
    const files = traces.map((name) => fileURLToPath(new URL(name, TRACES)));
    return run(process.execPath, "task", "--quiet", "oracle:record", "--check", ...files);
  },
});
