// deno-lint-ignore-file no-console -- this is a command
/**
 * Runs the packages on Deno, Node and Chromium, and writes the table in the README anew: `deno task compat`.
 *
 * @module
 */
import { runCommand } from "../command.ts";
import { readMembers, ROOT } from "../members.ts";
import { findChromium } from "./chromium.ts";
import { run, versionOf } from "./process.ts";
import { onChromium, onDeno, onNode } from "./runs.ts";
import { render, replaceTable } from "./table.ts";

const README = new URL("README.md", ROOT);

async function mustHave(name: string, program: string | null): Promise<string> {
  const version = program === null ? null : await versionOf(program);
  if (version === null) throw new Error(`Cannot write the table: no ${name} here`);
  return version;
}

await runCommand({
  help: `Runs the packages on Deno, Node and Chromium, and writes the table in README.md anew.

Usage: deno task compat

  --help

Chromium is found on the path, or where CHROMIUM says.`,
  options: {},
  async run() {
    const versions = { node: await mustHave("Node", "node"), chromium: await mustHave("Chromium", findChromium()) };
    const table = await render(readMembers(), [
      { runtime: "Deno", version: Deno.version.deno, ...await onDeno() },
      { runtime: "Node", version: versions.node, ...await onNode() },
      { runtime: "Chromium", version: versions.chromium, ...await onChromium() },
    ]);
    await Deno.writeTextFile(README, replaceTable(await Deno.readTextFile(README), table));
    await run(Deno.execPath(), ["fmt", "README.md"], { cwd: ROOT });
    console.log(table);
    return 0;
  },
});
