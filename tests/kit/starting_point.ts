import { TtmError } from "@ttm/core";
import { checkWord, show } from "@ttm/core/arguments";

/** What an author can start. */
export type PartKind = "driver" | "manager" | "store";

/** Which part of the guide each kind starts from. */
const EXAMPLES: Readonly<Record<PartKind, string>> = {
  driver: "tiny-card",
  manager: "page-map",
  store: "small-shelf",
};

/** Names that a file or a function of each starting point has already: `mod.ts`, `testDriver`. */
const TAKEN: ReadonlySet<string> = new Set(["mod", "test"]);

/** What a part is to be called. */
export interface PartName {
  readonly kind: PartKind;
  /** Of its package, `my-gpu`. */
  readonly name: string;
  /** Of its folder and its files, `my_gpu`. */
  readonly file: string;
  /** Of its function, `myGpuDriver`. */
  readonly identifier: string;
}

/**
 * Checks what a new part is to be called.
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

/** The files that a guide shows, by the name that stands above each. */
export function shownFiles(guide: string): Map<string, string> {
  const blocks = guide.matchAll(/^`(\w+\.ts)`:\n\n```ts[^\n]*\n([\s\S]*?)^```$/gm);
  return new Map(Array.from(blocks, ([, name = "", code = ""]) => [name, code]));
}

/** Where a new package will live. */
export interface PackageOptions {
  /** The text of the guide. */
  readonly guide: string;
  /** Of the package's name, `@me`. */
  readonly scope: string;
  /** The range of versions of the packages that it imports; null in a workspace that has them. */
  readonly versions: string | null;
}

/** The files of a new package, by name: the guide's example under the part's own name. */
export function startingPoint(part: PartName, { guide, scope, versions }: PackageOptions): Map<string, string> {
  const { kind, file, identifier } = part;
  const example = namesOf(kind, EXAMPLES[kind]);
  const shown = shownFiles(guide);
  const rename = (code: string) =>
    code.replaceAll(example.identifier, identifier).replaceAll(example.file, file).replaceAll(example.name, part.name);
  const code = rename(shown.get(`${example.file}.ts`) ?? "");
  const test = rename(shown.get(`${example.file}_test.ts`) ?? "");
  const name = `${scope}/${part.name}`;
  return new Map([
    ["README.md", readme(part, name)],
    ["deno.json", manifest(name, versions === null ? null : importsOf(code + test, versions))],
    ["mod.ts", entry(part)],
    [`${file}.ts`, code],
    [`${file}_test.ts`, test],
  ]);
}

function readme({ kind, identifier }: PartName, name: string): string {
  return `# ${name}

A ${kind} for \`@ttm/core\`: \`${identifier}()\`.

\`deno test\` runs the suite of \`@ttm/testing\` on it.
`;
}

function manifest(name: string, imports: Record<string, string> | null): string {
  const settings = {
    name,
    version: "0.1.0",
    license: "MIT",
    exports: "./mod.ts",
    publish: { exclude: ["**/*_test.ts"] },
    ...(imports && { imports }),
  };
  return `${JSON.stringify(settings, null, 2)}\n`;
}

function importsOf(code: string, versions: string): Record<string, string> {
  const packages = Array.from(code.matchAll(/from "(@[\w-]+\/[\w-]+)/g), ([, name = ""]) => name);
  return Object.fromEntries([...new Set(packages)].sort().map((name) => [name, `jsr:${name}@${versions}`]));
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
