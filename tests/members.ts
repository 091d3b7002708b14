/** A package of this repository: the root, or a member of its workspace. */
export interface Member {
  /** As it is imported: `"@ttm/core"`. */
  readonly name: string;
  /** The one that would be published. */
  readonly version: string;
  /** What it is, in a line. */
  readonly description: string;
  /** Its folder in the repository, `""` for the root. */
  readonly folder: string;
  /** Entry points by their names: `{ ".": "./mod.ts" }`. */
  readonly exports: Readonly<Record<string, string>>;
}

/** The root of the repository. */
export const ROOT: URL = new URL("../", import.meta.url);

interface Config {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly exports: string | Record<string, string>;
  readonly workspace?: readonly string[];
}

function readConfig(folder: string): Config {
  return JSON.parse(Deno.readTextFileSync(new URL(`${folder}deno.json`, ROOT)));
}

function readMember(folder: string): Member {
  const { name, version, description, exports } = readConfig(folder);
  return { name, version, description, folder, exports: typeof exports === "string" ? { ".": exports } : exports };
}

/** All packages, in the order of the workspace, the root last. */
export function readMembers(): readonly Member[] {
  const folders = readConfig("").workspace ?? [];
  return [...folders.map((path) => `${path.replace("./", "")}/`), ""].map(readMember);
}

/** Where the entry points of a package are, from the root of the repository on. */
export function entryFiles({ folder, exports }: Member): string[] {
  return Object.values(exports).map((path) => path.replace("./", folder));
}

/** What users write to import each entry point of a package. */
export function specifiers({ name, exports }: Member): string[] {
  return Object.keys(exports).map((entry) => entry.replace(".", name));
}
