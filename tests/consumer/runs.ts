import { dirname } from "node:path";
import { readMembers, ROOT } from "../members.ts";
import { findChromium, type PageRun, runInChromium } from "./chromium.ts";
import { withCommands } from "./commands.ts";
import { install, packAll } from "./npm.ts";
import { ownFolder } from "./own_folder.ts";
import { npxArguments } from "./package_json.ts";
import { run } from "./process.ts";
import type { PackageReport } from "./programs/check.ts";
import { writeForJsr, writeForNpm } from "./programs.ts";
import { publishAll } from "./publish.ts";
import { type Published, Registry } from "./registry.ts";
import { installTools, softwareGpu } from "./tools.ts";

/** What the programs printed on a runtime. */
export interface RuntimeRun {
  /** Of `programs/first.ts`. */
  readonly first: string;
  /** Of `programs/together.ts`. */
  readonly together: string;
  /** Of `programs/check.ts`, by package. */
  readonly reports: Readonly<Record<string, PackageReport>>;
}

/** What is below is made once, when it is first asked for. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => made ??= make();
}

/** Commands do their work when they are imported; so they only print their help. */
const HELP = "--help";

/** What the last line says, for commands print before it. */
function lastLine(printed: string): Record<string, PackageReport> {
  return JSON.parse(printed.trimEnd().split("\n").at(-1) ?? "");
}

/** The packages as they are published, and the folder of the registry that has taken them. */
const published = once(async () => {
  const folder = ownFolder();
  await using registry = new Registry(folder);
  return { folder, packages: await publishAll(registry) };
});

/** Deno, with packages from a registry, an empty cache and no configuration. */
export const onDeno: () => Promise<RuntimeRun & { packages: readonly Published[]; fetched: readonly string[] }> = once(
  async () => {
    const { folder, packages } = await published();
    await using registry = new Registry(folder, packages);
    const cwd = ownFolder();
    await writeForJsr(cwd, readMembers());
    const env = { JSR_URL: registry.url, DENO_DIR: `${cwd}/cache` };
    const program = (...args: string[]) => run(Deno.execPath(), ["run", ...args], { cwd, env, clean: true });
    const first = await program("first.ts");
    const fetched = [...registry.served];
    const together = await program("together.ts");
    const printed = await program("--check", "--allow-read=.", "--allow-write=.", "main.ts", HELP);
    // What is written says how it goes on: with `deno`.
    const path = `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}`;
    const start = (entry: string) =>
      ["deno", "run", "--allow-read", "--allow-write", "--allow-net=127.0.0.1", `jsr:${entry}`] as const;
    const reports = await withCommands(lastLine(printed), { cwd, env: { ...env, PATH: path }, clean: true, start });
    return { packages, first, fetched, together, reports };
  },
);

/** A folder in which npm has installed the packages, with the programs beside them. */
export const installed: () => Promise<string> = once(async () => {
  const folder = ownFolder();
  await install(folder, await packAll((await published()).packages, ownFolder()));
  await writeForNpm(folder, readMembers());
  return folder;
});

/** The same folder with the tools of authors; null if npm cannot get them. */
export const equipped: () => Promise<string | null> = once(async () => {
  const folder = await installed();
  return await installTools(folder) ? folder : null;
});

/** Node, with packages from tarballs, and with Dawn as its GPU if npm can get it. */
export const onNode: () => Promise<RuntimeRun> = once(async () => {
  const cwd = await installed();
  const hasTools = await equipped() !== null;
  const [gpu, env] = hasTools ? [["--import", "./dawn.js"], softwareGpu()] : [[], {}];
  const program = (...args: string[]) => run("node", [...gpu, ...args], { cwd, env, clean: true });
  const [first, together] = [await program("first.js"), await program("together.js")];
  const reports = lastLine(await program("main.js", HELP));
  const start = (entry: string) => ["npx", "--offline", ...npxArguments(entry)] as const;
  const obstacle = hasTools ? undefined : "npm cannot get tsx";
  return { first, together, reports: await withCommands(reports, { cwd, clean: true, start, obstacle }) };
});

function printedBy({ lines, error }: PageRun): string {
  if (error !== null) throw new Error(`Cannot run in Chromium: ${error}`);
  return lines.map((line) => `${line}\n`).join("");
}

/** Bundles a file for browsers. */
async function bundle(from: string, to: string): Promise<void> {
  await run(Deno.execPath(), ["bundle", "--platform=browser", `--output=${to}`, from], { cwd: ROOT });
}

/** Whether `deno bundle` has its bundler, or can fetch it. */
export const canBundle: () => Promise<boolean> = once(async () => {
  const folder = ownFolder();
  await Deno.writeTextFile(`${folder}/nothing.ts`, "");
  return await bundle(`${folder}/nothing.ts`, `${folder}/nothing.js`).then(() => true, () => false);
});

/** Chromium, with the packages that npm has installed, and with all that the programs need in one file each. */
export const onChromium: () => Promise<RuntimeRun & { readonly bundled: readonly string[] }> = once(async () => {
  const folder = await installed();
  const bundled = await canBundle() ? ["first", "together"] : [];
  for (const name of bundled) await bundle(`tests/consumer/programs/${name}.ts`, `${folder}/${name}.bundle.js`);
  const modules = ["/first.js", "/together.js", "/main.js", ...bundled.map((name) => `/${name}.bundle.js`)];
  const runs = await runInChromium(findChromium() ?? "", folder, readMembers(), modules);
  const [first = "", together = "", printed = "", ...rest] = runs.map(printedBy);
  return { first, together, reports: lastLine(printed), bundled: rest };
});
