// deno-lint-ignore-file no-console -- this is a command
/**
 * Breaks each function in a copy of the repository and sees that its test fails. `deno task break` does all, with a word
 * as argument those whose original name contains it.
 *
 * @module
 */
import { areas } from "./table.ts";
import type { Row } from "./rows.ts";

const PATIENCE_MS = 60_000;
const root = new URL("../../", import.meta.url);

async function copyTree(from: URL, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (name.startsWith(".") || name === "node_modules" || name === "coverage") continue;
    if (isDirectory) await copyTree(new URL(`${name}/`, from), `${to}/${name}`);
    else await Deno.copyFile(new URL(name, from), `${to}/${name}`);
  }
}

/** How many tests of that name fail; a test that never ends fails, too. */
async function failures(copy: string, { testFile, test }: Row): Promise<number> {
  const args = ["test", "--no-check", "--filter", test, `core/${testFile}`];
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

const copy = await Deno.makeTempDir();
await copyTree(root, copy);
const wanted = Deno.args[0] ?? "";
let missed = 0;
for (const row of Object.values(areas).flat().filter(({ original }) => original.includes(wanted))) {
  const file = `${copy}/core/${row.file}`;
  const source = await Deno.readTextFile(file);
  const before = await failures(copy, row);
  await Deno.writeTextFile(file, source.replace(row.line, () => row.broken));
  const after = await failures(copy, row);
  await Deno.writeTextFile(file, source);
  const isSeen = before === 0 && after > 0;
  if (!isSeen) missed++;
  console.log(`${isSeen ? "seen  " : "MISSED"} ${row.original}: ${row.test}`);
}
await Deno.remove(copy, { recursive: true });
console.log(missed === 0 ? "every break was seen" : `${missed} breaks were missed`);
Deno.exit(missed === 0 ? 0 : 1);
