import { type Member, ROOT, specifiers } from "../members.ts";
import { run } from "./process.ts";

const FOLDER = new URL("tests/consumer/programs/", ROOT);
const NAMES = ["first", "together", "suites", "check"];

/** A module that checks all packages and prints the reports. It is the same text in every language. */
function checkAll(members: readonly Member[], extension: string): string {
  const packages = members.map((member) => {
    const loads = specifiers(member).map((specifier) => `"${specifier}": () => import("${specifier}")`);
    return `"${member.name}": { ${loads.join(", ")} }`;
  });
  return [
    `import { check } from "./check.${extension}";`,
    `const packages = { ${packages.join(", ")} };`,
    "console.log(JSON.stringify(await check(packages)));",
  ].join("\n");
}

/** Writes the programs as somebody would who has neither a configuration nor an import map: each import says where from. */
export async function writeForJsr(folder: string, members: readonly Member[]): Promise<void> {
  const text = (name: string) => Deno.readTextFile(new URL(`${name}.ts`, FOLDER));
  const fromJsr = (text: string) => text.replaceAll(/(from |import\()"@ttm\//g, '$1"jsr:@ttm/');
  for (const name of NAMES) await Deno.writeTextFile(`${folder}/${name}.ts`, fromJsr(await text(name)));
  await Deno.writeTextFile(`${folder}/main.ts`, fromJsr(checkAll(members, "ts")));
}

/** Writes the programs as modules of JavaScript. */
export async function writeForNpm(folder: string, members: readonly Member[]): Promise<void> {
  const files = NAMES.map((name) => `${name}.ts`);
  await run(Deno.execPath(), ["transpile", "--no-check", `--outdir=${folder}`, ...files], { cwd: FOLDER });
  for (const name of NAMES) {
    const text = await Deno.readTextFile(`${folder}/${name}.js`);
    await Deno.writeTextFile(`${folder}/${name}.js`, text.replaceAll(/(from "\.[^"]*)\.ts"/g, '$1.js"'));
  }
  await Deno.writeTextFile(`${folder}/main.js`, checkAll(members, "js"));
}
