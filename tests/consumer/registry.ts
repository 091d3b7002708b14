import { run } from "./process.ts";

/** What a registry says of a file. */
export interface FileSum {
  readonly size: number;
  readonly checksum: string;
}

/** A package that a registry has taken. */
export interface Published {
  /** As it is imported: `"@ttm/core"`. */
  readonly name: string;
  readonly version: string;
  /** The folder with exactly the files that were uploaded. */
  readonly folder: string;
  /** Entry points by their names: `{ ".": "./mod.ts" }`. */
  readonly exports: Readonly<Record<string, string>>;
  /** Its files by their paths: `"/mod.ts"`. */
  readonly manifest: Readonly<Record<string, FileSum>>;
}

const VERSION_UPLOAD = /^\/api\/scopes\/([^/]+)\/packages\/([^/]+)\/versions\/([^/]+)$/;
/** `/@ttm/core/meta.json` and `/@ttm/core/0.1.0_meta.json`. */
const META = /^\/@([^/]+)\/([^/]+)\/(?:([^/]+)_)?meta\.json$/;

/** A registry on loopback: takes packages from `deno publish` and serves them in the layout of JSR. */
export class Registry implements AsyncDisposable {
  /** What it has taken, by name; one version of each. */
  readonly packages: Map<string, Published>;
  /** The paths that were served since it started, `/api/` aside. */
  readonly served: Set<string> = new Set();
  readonly #folder: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr> = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => this.#answer(request),
  );

  /** Starts it, with nothing in it or with what another one has left in the folder; uploads are kept there. */
  constructor(folder: string, left: readonly Published[] = []) {
    this.#folder = folder;
    this.packages = new Map(left.map((each) => [each.name, each]));
  }

  /** Its address, for `JSR_URL`. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }

  async #answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith("/api/")) return this.#serve(pathname);
    const [, scope, name, version] = VERSION_UPLOAD.exec(pathname) ?? [];
    // The scope and the package exist, the version does not.
    if (version === undefined) return Response.json({});
    if (request.method === "GET") return Response.json({ code: "notFound", message: "" }, { status: 404 });
    await this.#take(`@${scope}/${name}`, version, new Uint8Array(await request.arrayBuffer()));
    return Response.json({ id: name, status: "success", error: null });
  }

  async #take(name: string, version: string, tarball: Uint8Array): Promise<void> {
    const folder = `${this.#folder}/${name}/${version}`;
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeFile(`${folder}.tgz`, tarball);
    await run("tar", ["xzf", `${folder}.tgz`], { cwd: folder });
    const { exports } = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
    this.packages.set(name, {
      name,
      version,
      folder,
      exports: typeof exports === "string" ? { ".": exports } : exports,
      manifest: Object.fromEntries(await filesBelow(folder)),
    });
  }

  async #serve(path: string): Promise<Response> {
    this.served.add(path);
    const [, scope, name, version] = META.exec(path) ?? [];
    const published = this.packages.get(`@${scope}/${name}`);
    if (published !== undefined && version === undefined) {
      return Response.json({ scope, name, latest: published.version, versions: { [published.version]: {} } });
    }
    if (published !== undefined && version === published.version) {
      return Response.json({ manifest: published.manifest, exports: published.exports });
    }
    try {
      return new Response(await Deno.readFile(this.#folder + path));
    } catch {
      return new Response(`No ${path}`, { status: 404 });
    }
  }
}

/** Files of a folder by their paths in it, with sizes and checksums. */
export async function filesBelow(folder: string, below = ""): Promise<[string, FileSum][]> {
  const entries = await Array.fromAsync(Deno.readDir(folder + below), async ({ name, isDirectory }) => {
    const path = `${below}/${name}`;
    if (isDirectory) return await filesBelow(folder, path);
    const bytes = await Deno.readFile(folder + path);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return [[path, { size: bytes.length, checksum: `sha256-${hash.toHex()}` }] as [string, FileSum]];
  });
  return entries.flat();
}
