// deno-lint-ignore-file no-console -- this is a command
/**
 * Breaks each function in a copy of the repository and sees that its test fails. `deno task break` does all, with a word
 * as argument those whose original name contains it.
 *
 * @module
 */
import { runCommand, UsageError } from "../command.ts";
import { areas } from "./table.ts";
import type { Row } from "./rows.ts";

const PATIENCE_MS = 60_000;
const root = new URL("../../", import.meta.url);

/** What git ignores: a built kernel alone has 80,000 files. */
const LEFT_OUT: ReadonlySet<string> = new Set(["node_modules", "coverage", "build"]);

async function copyTree(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (name.startsWith(".") || LEFT_OUT.has(name)) continue;
    if (isDirectory) await copyTree(new URL(`${name}/`, from), `${to}/${name}`);
    else await Deno.copyFile(new URL(name, from), `${to}/${name}`);
  }
}

/** How many tests of that name fail; a test that never ends fails, too. */
async function failures(copy: string, { testFile, test }: Row): Promise<number> {
  const args = ["test", "--lock=deno.lock", "--no-check", "--filter", test, `core/${testFile}`];
  const command = new Deno.Command(Deno.execPath(), {
    args,
    cwd: copy,
    env: { NO_COLOR: "1" },
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  const { stdout } = await command.output();
  const summary = /(\d+) passed.* \| (\d+) failed/.exec(new TextDecoder().decode(stdout));
  return summary === null ? 1 : Number(summary[2]);
}

/** Breaks a function and says whether its test sees it. */
async function isSeen(copy: string, row: Row): Promise<boolean> {
  const file = `${copy}/core/${row.file}`;
  const source = await Deno.readTextFile(file);
  const before = await failures(copy, row);
  await Deno.writeTextFile(file, source.replace(row.line, () => row.broken));
  const after = await failures(copy, row);
  await Deno.writeTextFile(file, source);
  return before === 0 && after > 0;
}

await runCommand({
  help: `Breaks each function of the table in core/README.md in a copy of the repository and sees its test fail.

Usage: deno task break [TEXT]

  TEXT    only the functions that have it in their original name
  --help

Exit status: 0 every break was seen, 1 some were missed, 2 wrong arguments.`,
  options: {},
  arguments: 1,
  async run(_values, [wanted = ""]) {
    const rows = Object.values(areas).flat().filter(({ original }) => original.includes(wanted));
    if (rows.length === 0) {
      throw new UsageError(`Cannot break ${JSON.stringify(wanted)}: no function of the table has it in its name`);
    }
    const remaining = rows.values();
    let missed = 0;
    /** Breaks what remains, a row after another, in a copy of its own. */
    const breakRemaining = async () => {
      const copy = await Deno.makeTempDir();
      await copyTree(root, copy);
      for (const row of remaining) {
        const seen = await isSeen(copy, row);
        if (!seen) missed++;
        console.log(`${seen ? "seen  " : "MISSED"} ${row.original}: ${row.test}`);
      }
      await Deno.remove(copy, { recursive: true });
    };
    await Promise.all(Array.from({ length: navigator.hardwareConcurrency }, breakRemaining));
    console.log(missed === 0 ? `each of ${rows.length} breaks was seen` : `${missed} breaks were missed`);
    return missed === 0 ? 0 : 1;
  },
});
