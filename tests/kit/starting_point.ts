import { TtmError } from "@ttm/core";
import { checkWord, show } from "@ttm/core/arguments";
import type { Origin } from "./origin.ts";

/** The kinds of part that `new` can create. */
export type PartKind = "driver" | "manager" | "store";

/** The example of the guide that each kind starts from. */
const EXAMPLES: Readonly<Record<PartKind, string>> = {
  driver: "tiny-card",
  manager: "page-map",
  store: "small-shelf",
};

/** Names that clash with a file or function of each starting point: `mod.ts`, `testDriver`. */
const TAKEN: ReadonlySet<string> = new Set(["mod", "test"]);

/** The names of a part. */
export interface PartName {
  readonly kind: PartKind;
  /** Name of its package, `my-gpu`. */
  readonly name: string;
  /** Name of its folder and files, `my_gpu`. */
  readonly file: string;
  /** Name of its function, `myGpuDriver`. */
  readonly identifier: string;
}

/**
 * Checks the kind and name of a new part.
 *
 * @throws {TtmError} `EINVAL` if it is of no known kind, or its name cannot name a package, a file and a function.
 */
export function partName(kind: unknown, name: unknown): PartName {
  checkWord("start a part", "the kind", kind, Object.keys(EXAMPLES));
  const isName = typeof name === "string" && name.length <= 24 && /^[a-z][a-z0-9]*([-_][a-z0-9]+)*$/.test(name);
  if (!isName) {
    const rule = "lower-case letters, digits and single hyphens or underscores, a letter first, at most 24";
    throw new TtmError("EINVAL", `Cannot start a ${kind}: its name must be ${rule}, not ${show(name)}`);
  }
  if (TAKEN.has(name)) {
    throw new TtmError("EINVAL", `Cannot start a ${kind}: the name ${show(name)} would hide a part of every package`);
  }
  return namesOf(kind as PartKind, name);
}

function namesOf(kind: PartKind, name: string): PartName {
  const words = name.split(/[-_]/);
  const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
  const camel = words.map((word, at) => at === 0 ? word : capital(word)).join("");
  return { kind, name: words.join("-"), file: words.join("_"), identifier: camel + capital(kind) };
}

/** The files that a guide shows, by the file name above each. */
export function shownFiles(guide: string): Map<string, string> {
  const blocks = guide.matchAll(/^`(\w+\.ts)`:\n\n```ts[^\n]*\n([\s\S]*?)^```$/gm);
  return new Map(Array.from(blocks, ([, name = "", code = ""]) => [name, code]));
}

/** The guide, scope and origin of a new package. */
export interface PackageOptions {
  /** The text of the guide. */
  readonly guide: string;
  /** Scope of the package's name, `@me`. */
  readonly scope: string;
  /** Origin of the imported packages; null in a workspace that contains them. */
  readonly origin: Origin | null;
}

/** The name of a part's test file. */
export function testFile({ file }: PartName): string {
  return `${file}_test.ts`;
}

/** The files of a new package, by name: the example of the guide, renamed. */
export function startingPoint(part: PartName, { guide, scope, origin }: PackageOptions): Map<string, string> {
  const { kind, file, identifier } = part;
  const example = namesOf(kind, EXAMPLES[kind]);
  const shown = shownFiles(guide);
  const rename = (code: string) =>
    code.replaceAll(example.identifier, identifier).replaceAll(example.file, file).replaceAll(example.name, part.name);
  const code = rename(shown.get(`${example.file}.ts`) ?? "");
  const test = rename(shown.get(testFile(example)) ?? "");
  const name = `${scope}/${part.name}`;
  const isForNode = origin?.from === "npm";
  return new Map([
    ["README.md", readme(part, name, isForNode ? `tsx --test ${testFile(part)}` : "deno test")],
    isForNode
      ? ["package.json", manifestForNode(name, code, test, origin.versions)]
      : ["deno.json", manifest(name, code + test, origin)],
    ["mod.ts", entry(part)],
    [`${file}.ts`, code],
    [testFile(part), isForNode ? underNode(test) : test],
  ]);
}

function readme({ kind, identifier }: PartName, name: string, command: string): string {
  return `# ${name}

A ${kind} for \`@ttm/core\`: \`${identifier}()\`.

\`${command}\` runs the suite of \`@ttm/testing\` on it.
`;
}

function manifest(name: string, code: string, origin: Origin | null): string {
  const { versions, links = {} } = origin ?? {};
  const names = importsOf(code);
  const linked = names.flatMap((name) => links[name] ?? []);
  return asJson({
    name,
    version: "0.1.0",
    license: "MIT",
    exports: "./mod.ts",
    publish: { exclude: ["**/*_test.ts"] },
    ...(origin && { imports: Object.fromEntries(names.map((name) => [name, `jsr:${name}@${versions}`])) }),
    ...(linked.length > 0 && { links: linked }),
  });
}

function manifestForNode(name: string, code: string, test: string, versions: string): string {
  const versionsOf = (names: string[]) => Object.fromEntries(names.map((name) => [name, versions]));
  const needed = importsOf(code);
  return asJson({
    name,
    version: "0.1.0",
    license: "MIT",
    type: "module",
    exports: "./mod.ts",
    dependencies: versionsOf(needed),
    devDependencies: versionsOf(importsOf(test).filter((name) => !needed.includes(name))),
  });
}

function asJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The same test file for `node:test`. */
function underNode(test: string): string {
  return `import { test } from "node:test";\n${test.replaceAll("test: Deno.test", "test")}`;
}

/** The packages that a module imports. */
function importsOf(code: string): string[] {
  return [...new Set(Array.from(code.matchAll(/from "(@[\w-]+\/[\w-]+)/g), ([, name = ""]) => name))].sort();
}

function entry({ kind, file, identifier }: PartName): string {
  return `/**
 * A ${kind} for \`@ttm/core\`: {@linkcode ${identifier}}.
 *
 * @module
 */
export { ${identifier} } from "./${file}.ts";
`;
}
