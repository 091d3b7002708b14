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

/** The commands, by package. `npx PACKAGE` runs the one that has the name of the package, or the only one. */
export const COMMANDS: Readonly<Record<string, readonly Command[]>> = {
  "@ttm/replay": [
    { entry: "./cli", bin: "replay" },
    { entry: "./import", bin: "ttm-import" },
    { entry: "./export", bin: "ttm-export" },
    { entry: "./explain", bin: "ttm-explain" },
  ],
  "@ttm/testing": [{ entry: "./new", bin: "ttm-new" }],
};

/** What `npx` is told to run a command: `"@ttm/replay"`, or `"--package=@ttm/replay", "ttm-import"`. */
export function npxArguments(entry: string): readonly [string, ...string[]] {
  const [scope, unscoped, path] = entry.split("/");
  const name = `${scope}/${unscoped}`;
  const commands = COMMANDS[name] ?? [];
  const bin = commands.find((command) => command.entry === `./${path}`)?.bin ?? "";
  return commands.length === 1 || bin === unscoped ? [name] : [`--package=${name}`, bin];
}

const REPOSITORY = "https://github.com/ttm-dev/ttm";
const KEYWORDS = ["gpu", "ttm", "drm", "buffer-object", "memory-management", "allocator", "eviction", "simulation"];

/** The package.json of a tarball: what `deno pack` says, and what npm and bundlers want to know beside that. */
export function completed(packed: PackageJson, member: Member, needs: Readonly<Record<string, string>>): unknown {
  const commands = COMMANDS[member.name] ?? [];
  const bin = Object.fromEntries(commands.map(({ entry, bin }) => [bin, packed.exports[entry]?.import]));
  return {
    ...packed,
    description: member.description,
    keywords: KEYWORDS,
    license: "MIT",
    repository: { type: "git", url: `git+${REPOSITORY}.git`, directory: member.folder.replace(/\/$/, "") || undefined },
    engines: { node: ">=20" },
    // A bundler may leave out what it sees nobody use, but a command is imported for what it does.
    sideEffects: commands.length === 0 ? false : Object.values(bin),
    ...(commands.length === 0 ? {} : { bin }),
    dependencies: { ...packed.dependencies, ...needs },
  };
}

/** Makes a tarball's folder whole: package.json, the licence, and commands that a shell can run. */
export async function complete(folder: string, member: Member, needs: Readonly<Record<string, string>>): Promise<void> {
  const file = `${folder}/package.json`;
  const packed: PackageJson = JSON.parse(await Deno.readTextFile(file));
  await Deno.writeTextFile(file, `${JSON.stringify(completed(packed, member, needs), null, 2)}\n`);
  await Deno.copyFile(new URL("LICENSE", ROOT), `${folder}/LICENSE`);
  for (const { entry } of COMMANDS[member.name] ?? []) {
    const program = `${folder}/${packed.exports[entry]?.import}`;
    await Deno.writeTextFile(program, `#!/usr/bin/env node\n${await Deno.readTextFile(program)}`);
    await Deno.chmod(program, 0o755);
  }
}
