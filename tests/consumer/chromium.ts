import { type Member, specifiers } from "../members.ts";
import { ownFolder } from "./own_folder.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const PATIENCE_MS = 120_000;

/** WebGPU is rendered in software, so that it is the same on every machine; the rest keeps Chromium off the network. */
export const FLAGS: readonly string[] = [
  "--headless",
  "--no-sandbox",
  "--no-first-run",
  "--disable-quic",
  "--disable-sync",
  "--disable-background-networking",
  "--disable-component-update",
  "--ignore-gpu-blocklist",
  "--enable-unsafe-webgpu",
  "--enable-features=Vulkan",
  "--use-webgpu-adapter=swiftshader",
];

/** What a module printed, and how it failed. */
export interface PageRun {
  readonly lines: readonly string[];
  readonly error: string | null;
}

/** Where Chromium is: what `CHROMIUM` says, or the first on the path; null if there is none. */
export function findChromium(): string | null {
  const named = Deno.env.get("CHROMIUM");
  if (named !== undefined) return named;
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const paths = folders.flatMap((folder) => NAMES.map((name) => `${folder}/${name}`));
  return paths.find(isFile) ?? null;
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Where a page finds what npm has installed in a folder. */
async function importMap(folder: string, members: readonly Member[]): Promise<Record<string, string>> {
  const imports: Record<string, string> = {};
  for (const member of members) {
    const base = `/node_modules/${member.name}/`;
    const { exports } = JSON.parse(await Deno.readTextFile(`${folder}${base}package.json`));
    for (const specifier of specifiers(member)) {
      imports[specifier] = base + exports[specifier.replace(member.name, ".")].import.slice(2);
    }
  }
  return imports;
}

/** Imports modules one after another, and tells what each printed. */
function page(imports: Record<string, string>, modules: readonly string[]): string {
  return `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script><script type="module">
const runs = [];
for (const module of ${JSON.stringify(modules)}) {
  const lines = [];
  console.log = (line) => lines.push(line);
  const error = await import(module).then(() => null, String);
  runs.push({ lines, error });
}
await fetch("/runs", { method: "POST", body: JSON.stringify(runs) });
</script>`;
}

/** Runs modules of a folder in a page of Chromium that is served from there, and from nowhere else. */
export async function runInChromium(
  chromium: string,
  folder: string,
  members: readonly Member[],
  modules: readonly string[],
): Promise<PageRun[]> {
  const html = page(await importMap(folder, members), modules);
  const runs = Promise.withResolvers<PageRun[]>();
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST") runs.resolve(await request.json());
    if (pathname === "/") return new Response(html, { headers: { "content-type": "text/html" } });
    const file = await Deno.readFile(folder + pathname).catch(() => null);
    return new Response(file, { status: file === null ? 404 : 200, headers: { "content-type": "text/javascript" } });
  });
  await using process = new Deno.Command(chromium, {
    args: [...FLAGS, `--user-data-dir=${ownFolder()}`, `http://127.0.0.1:${server.addr.port}/`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(PATIENCE_MS),
  }).spawn();
  const ended = process.status.then(({ code }) => {
    throw new Error(`Cannot run ${modules.join(", ")}: ${chromium} has ended with ${code}`);
  });
  return await Promise.race([runs.promise, ended]);
}
