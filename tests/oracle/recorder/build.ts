/**
 * Builds the kernel that records traces: `deno task oracle:build`.
 *
 * @module
 */
import { runCommand } from "../../command.ts";
import { ROOT } from "../../members.ts";

async function succeeds(command: string, args: readonly string[]): Promise<boolean> {
  const { success } = await new Deno.Command(command, { args: [...args], cwd: ROOT }).spawn().status;
  return success;
}

await runCommand({
  help: `Builds the kernel that records traces, on Debian 12 with apt-get, and lets it record the known ones again.

Usage: deno task oracle:build

  --help

It takes a few minutes, and writes to tests/oracle/recorder/build.`,
  options: {},
  async run() {
    const folder = new URL("tests/oracle/traces/", ROOT);
    const traces = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".gz")).sort();
    const built = await succeeds("sh", ["tests/oracle/recorder/kernel/build.sh"]);
    const check = ["task", "oracle:record", "--check", ...traces.map((name) => `tests/oracle/traces/${name}`)];
    return built && await succeeds(Deno.execPath(), check) ? 0 : 1;
  },
});
