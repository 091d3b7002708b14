import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** Where a package outside the workspace of `@ttm` gets its dependencies. */
export interface Origin {
  /** The registry: JSR, for Deno, or npm, for Node. */
  readonly from: "jsr" | "npm";
  /** Version range of the packages of `@ttm`: `"^0.1.0"`. */
  readonly versions: string;
  /** Folders by package name, for packages that are linked in place of the published ones. */
  readonly links: Readonly<Record<string, string>>;
  /** The folder below which Node resolves the packages; null for Deno, which resolves them anywhere. */
  readonly project: string | null;
}

const HERE = new URL("./", import.meta.url);
const FOLDER = HERE.protocol === "file:" ? fileURLToPath(HERE) : null;
/** The folder in which npm has installed this package, if any. */
const [PROJECT = "", installed] = FOLDER?.split(/[/\\]node_modules[/\\]/) ?? [];

/** A file of this package, on disk or on a server. */
export async function readBeside(path: string): Promise<string> {
  const url = new URL(path, HERE);
  if (FOLDER !== null) return readFileSync(url, "utf8");
  const response = await fetch(url);
  if (!response.ok) throw new Error(`Cannot read ${url}: ${response.status}`);
  return await response.text();
}

/** The origin for a package in a new folder, derived from the URL of this module. */
export async function originFor(folder: string): Promise<Origin> {
  const isInstalled = installed !== undefined;
  const { version } = JSON.parse(await readBeside(isInstalled ? "./package.json" : "./deno.json"));
  return {
    from: isInstalled ? "npm" : "jsr",
    versions: `^${version}`,
    links: FOLDER === null || isInstalled ? {} : linksTo(join(FOLDER, "../.."), folder),
    project: isInstalled ? PROJECT : null,
  };
}

/** The members of a workspace, as paths relative to a folder. */
function linksTo(root: string, folder: string): Record<string, string> {
  const settings = (member: string) => JSON.parse(readFileSync(join(root, member, "deno.json"), "utf8"));
  const members: string[] = settings("").workspace;
  const seen = (member: string) => relative(folder, join(root, member)).replaceAll("\\", "/");
  return Object.fromEntries(members.map((member) => [settings(member).name, seen(member)]));
}
