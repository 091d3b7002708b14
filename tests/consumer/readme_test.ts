import { assertEquals } from "@std/assert";
import { readMembers, ROOT, specifiers } from "../members.ts";
import { missing, type Obstacle, testUnless } from "../permissions.ts";
import { uses } from "./commands.ts";
import { ownFolder } from "./own_folder.ts";
import { run, versionOf } from "./process.ts";
import { equipped } from "./runs.ts";

const denied = missing("read", "write", "run", "env", "net");
const noNode: Obstacle = denied ?? (await versionOf("npm") === null ? "needs Node with npm" : undefined);

const readme = denied === undefined ? Deno.readTextFileSync(new URL("README.md", ROOT)) : "";
const EXAMPLES = blocks(readme, "ts");
const [forDeno = "", forTypeScript = ""] = blocks(/^## Install$[\s\S]*?(?=^## )/m.exec(readme)?.[0] ?? "", "json");

/** The blocks of code in a text that are in one language. */
function blocks(text: string, language: string): string[] {
  return Array.from(
    text.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\`$`, "gm")),
    ([, code = ""]) => code,
  );
}

/** Writes the examples as programs of a folder; their names. */
async function writeExamples(folder: string): Promise<string[]> {
  return await Promise.all(EXAMPLES.map(async (code, at) => {
    await Deno.writeTextFile(`${folder}/example_${at}.ts`, code);
    return `example_${at}.ts`;
  }));
}

testUnless(denied, "the README's examples run on Deno as it says, from a checkout and without a registry", async () => {
  const folder = ownFolder();
  const settings = JSON.parse(forDeno);
  const assertion = "jsr:@std/assert@^1";
  const links = [...settings.links.map((path: string) => path.replace("../ttm/", "")), "tests/std/assert"];
  const config = {
    imports: { ...settings.imports, "@std/assert": assertion },
    links: links.map((path) => new URL(path, ROOT).pathname),
  };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  const env = { JSR_URL: "http://127.0.0.1:9/", DENO_DIR: `${folder}/cache` };
  const names = await writeExamples(folder);
  assertEquals(names.length, 5);
  for (const args of [["check"], ...names.map((name) => ["run", name])]) {
    await run(Deno.execPath(), args, { cwd: folder, env, clean: true });
  }
});

/** The folder of the tarballs and tools, with the examples and what they import; skips the test if npm cannot get it. */
async function withExamples(t: Deno.TestContext): Promise<{ cwd: string; names: string[] } | null> {
  const cwd = await equipped();
  if (cwd === null) {
    await t.step({ name: "skipped: npm cannot get TypeScript and tsx", ignore: true, fn() {} });
    return null;
  }
  const assertion = `${ownFolder()}/assert.tgz`;
  const args = ["pack", "--no-source-maps", "--allow-dirty", `--output=${assertion}`];
  await run(Deno.execPath(), args, { cwd: new URL("tests/std/assert/", ROOT) });
  await run("tar", ["xzf", assertion], { cwd });
  await Deno.mkdir(`${cwd}/node_modules/@std`, { recursive: true });
  await Deno.remove(`${cwd}/node_modules/@std/assert`, { recursive: true }).catch(() => {});
  await Deno.rename(`${cwd}/package`, `${cwd}/node_modules/@std/assert`);
  return { cwd, names: await writeExamples(cwd) };
}

testUnless(
  noNode,
  "TypeScript takes the README's examples and all entry points with the README's settings",
  async (t) => {
    const { cwd, names = [] } = await withExamples(t) ?? {};
    if (cwd === undefined) return;
    // Commands have no types.
    const entries = readMembers().flatMap(specifiers).filter((name) => !(name in uses));
    const imports = entries.map((name, at) => `export * as entry${at} from "${name}";\n`);
    await Deno.writeTextFile(`${cwd}/entries.ts`, imports.join(""));
    // Of what our stand-in for @std/assert needs, which @std/assert does not.
    const besides = 'declare module "node:assert/strict" { export class AssertionError extends Error {} }\n';
    await Deno.writeTextFile(`${cwd}/besides.d.ts`, besides);
    const compilerOptions = { ...JSON.parse(forTypeScript).compilerOptions, strict: true, noEmit: true, types: [] };
    const settings = { compilerOptions, files: [...names, "entries.ts", "besides.d.ts"] };
    await Deno.writeTextFile(`${cwd}/tsconfig.json`, JSON.stringify(settings));
    await run("npx", ["--offline", "tsc", "--project", "."], { cwd, clean: true });
  },
);

testUnless(noNode, "the README's examples run on Node through tsx", async (t) => {
  const { cwd, names = [] } = await withExamples(t) ?? {};
  if (cwd === undefined) return;
  for (const name of names) await run("npx", ["--offline", "tsx", name], { cwd, clean: true });
});
