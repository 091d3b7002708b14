/**
 * Creates a driver, a manager or a store that passes its suite: `deno run --allow-read --allow-write --allow-net
 * jsr:@ttm/testing/new driver my-gpu --scope @me --to my_gpu`.
 *
 * Exit status: 0 done; 2 refused, with nothing written.
 *
 * @module
 */
import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { type Origin, originFor, readBeside } from "./origin.ts";
import { type PartName, partName, startingPoint, testFile } from "./starting_point.ts";

const HELP = `Writes a part for @ttm/core that passes its suite, for you to change.

Usage: new KIND NAME [options]

  KIND           driver, manager or store
  NAME           lower-case letters, digits, hyphens, underscores: my-gpu
  --to DIR       a new folder for a package of its own, anywhere; needs --scope
  --scope SCOPE  the scope of that package: @me
  --help

Without --to it becomes a member of the workspace of @ttm here, in drivers/, managers/ or stores/.
`;

const OPTIONS = { to: { type: "string" }, scope: { type: "string" }, help: { type: "boolean" } } as const;

/** The settings of the workspace. */
const ROOT = "deno.json";

interface Workspace {
  readonly name?: unknown;
  readonly workspace: string[];
}

function refuse({ kind, name }: PartName, why: string): never {
  throw new TtmError("EINVAL", `Cannot start ${kind} ${show(name)}: ${why}`);
}

function readWorkspace(part: PartName): Workspace {
  const root: Partial<Workspace> = existsSync(ROOT) ? JSON.parse(readFileSync(ROOT, "utf8")) : {};
  const { name, workspace } = root;
  if (name !== "@ttm/ttm" || !Array.isArray(workspace)) {
    refuse(part, "this folder is not the workspace of @ttm; name a new folder with --to, and a --scope");
  }
  for (const member of workspace) {
    const file = join(member, ROOT);
    const taken = existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name === `@ttm/${part.name}`;
    if (taken) refuse(part, `${member} is named @ttm/${part.name} already`);
  }
  return { ...root, workspace };
}

function scopeOf(part: PartName, scope: string | undefined): string {
  if (scope !== undefined && /^@[a-z][a-z0-9-]{1,31}$/.test(scope)) return scope;
  refuse(part, `a package of its own needs --scope, as in @me, and ${show(scope)} is none`);
}

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (values.help) return void process.stdout.write(HELP);
  if (positionals.length !== 2) throw new TtmError("EINVAL", "Cannot start a part: give a KIND and a NAME, or --help");
  const part = partName(...positionals as [string, string]);
  const folder = values.to ?? `${part.kind}s/${part.file}`;
  if (existsSync(folder)) refuse(part, `${folder} exists already`);
  const root = values.to === undefined ? readWorkspace(part) : null;
  if (root !== null && values.scope !== undefined) refuse(part, "--scope is for a package of its own, with --to");
  const scope = root !== null ? "@ttm" : scopeOf(part, values.scope);
  const guide = await readBeside("./AUTHORING.md");
  const origin = root === null ? await originFor(folder) : null;
  const project = origin?.project ?? null;
  if (project !== null && relative(project, folder).startsWith("..")) {
    refuse(part, `Node finds the packages of @ttm in ${project} only: name a folder there`);
  }
  const files = startingPoint(part, { guide, scope, origin });
  write(folder, files);
  if (root !== null) {
    root.workspace.push(`./${folder}`);
    writeFileSync(ROOT, `${JSON.stringify(root, null, 2)}\n`);
  }
  process.stdout.write(`Wrote ${[...files.keys()].map((file) => join(folder, file)).join(", ")}.\n`);
  if (root !== null) process.stdout.write(`Listed ./${folder} in the workspace of ${ROOT}.\n`);
  if (Object.keys(origin?.links ?? {}).length > 0) {
    process.stdout.write(
      `It uses the packages of this checkout; without "links" in its ${ROOT} it takes them from JSR.\n`,
    );
  }
  process.stdout.write(`Now: ${nextStep(part, folder, origin)}\n`);
}

function nextStep(part: PartName, folder: string, origin: Origin | null): string {
  if (origin === null) return `deno test ${folder}`;
  if (origin.from === "jsr") return `cd ${folder} && deno test`;
  // Node strips types itself from 22.18 on.
  const runner = "typescript" in process.features ? "node" : "npx tsx";
  return `cd ${folder} && ${runner} --test ${testFile(part)}`;
}

function write(folder: string, files: ReadonlyMap<string, string>): void {
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of files) writeFileSync(join(folder, file), text);
}

/** Whether an error is the caller's mistake, reported by its message without a stack trace. */
function isUsageError(error: unknown): error is Error {
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (error instanceof TtmError) return code === "EINVAL";
  return name === "NotCapable" || (typeof code === "string" && /^(ERR_PARSE_ARGS_|ENOTDIR|EACCES|EPERM)/.test(code));
}

try {
  // Task runners pass "--" through.
  await main(process.argv.slice(2).filter((arg) => arg !== "--"));
} catch (error) {
  process.exitCode = isUsageError(error) ? 2 : 1;
  process.stderr.write(`${isUsageError(error) ? error.message.split("\n")[0] : (error as Error).stack}\n`);
}
