import { type Member, ROOT } from "../members.ts";

/** What `deno pack` writes, as far as it matters here. */
export interface PackageJson {
  readonly name: string;
  readonly exports: Readonly<Record<string, { readonly import: string }>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** A command of a package: an entry point that does its work when it is imported. */
export interface Command {
  /** The entry point: `"./cli"`. */
  readonly entry: string;
  /** What npm puts on the path. */
  readonly bin: string;
}

/** The commands, by package; one each, so that `npx PACKAGE` runs it. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  "@ttm/replay": { entry: "./cli", bin: "ttm-replay" },
  "@ttm/testing": { entry: "./new", bin: "ttm-new" },
};

const REPOSITORY = "https://github.com/ttm-dev/ttm";
const KEYWORDS = ["gpu", "ttm", "drm", "buffer-object", "memory-management", "allocator", "eviction", "simulation"];

/** The package.json of a tarball: what `deno pack` says, and what npm and bundlers want to know beside that. */
export function completed(packed: PackageJson, member: Member, needs: Readonly<Record<string, string>>): unknown {
  const command = COMMANDS[member.name];
  const main = command && packed.exports[command.entry]?.import;
  return {
    ...packed,
    description: member.description,
    keywords: KEYWORDS,
    license: "MIT",
    repository: { type: "git", url: `git+${REPOSITORY}.git`, directory: member.folder.replace(/\/$/, "") || undefined },
    engines: { node: ">=20" },
    // A bundler may leave out what it sees nobody use, but a command is imported for what it does.
    sideEffects: main === undefined ? false : [main],
    bin: command && { [command.bin]: main },
    dependencies: { ...packed.dependencies, ...needs },
  };
}

/** Makes a tarball's folder whole: package.json, the licence, and commands that a shell can run. */
export async function complete(folder: string, member: Member, needs: Readonly<Record<string, string>>): Promise<void> {
  const file = `${folder}/package.json`;
  const packed: PackageJson = JSON.parse(await Deno.readTextFile(file));
  await Deno.writeTextFile(file, `${JSON.stringify(completed(packed, member, needs), null, 2)}\n`);
  await Deno.copyFile(new URL("LICENSE", ROOT), `${folder}/LICENSE`);
  const main = packed.exports[COMMANDS[member.name]?.entry ?? ""]?.import;
  if (main === undefined) return;
  const program = `${folder}/${main}`;
  await Deno.writeTextFile(program, `#!/usr/bin/env node\n${await Deno.readTextFile(program)}`);
  await Deno.chmod(program, 0o755);
}
