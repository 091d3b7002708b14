import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dirname ?? "", "..", "..");
const MEMBERS = ["core", "managers/first_fit", "tests/kit"];

/** An address without a server, so that registry requests fail. */
const NOWHERE = "http://127.0.0.1:9/";

/** The result of a command. */
export interface Finished {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** A copy of the workspace with the files that an author needs, and a folder beside it. */
export class ScratchWorkspace implements Disposable {
  readonly #base = mkdtempSync(join(tmpdir(), "ttm-authoring-"));
  /** The copy. */
  readonly root: string = join(this.#base, "workspace");

  constructor() {
    for (const folder of [...MEMBERS, "tests/std/assert"]) {
      cpSync(join(ROOT, folder), join(this.root, folder), { recursive: true });
    }
    const settings = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
    const workspace = MEMBERS.map((folder) => `./${folder}`);
    this.write("deno.json", `${JSON.stringify({ ...settings, workspace, lock: false }, null, 2)}\n`);
  }

  /** A folder beside the copy, like a user's project. */
  outside(folder: string): string {
    return join(this.#base, folder);
  }

  read(file: string): string {
    return readFileSync(join(this.root, file), "utf8");
  }

  write(file: string, text: string): void {
    mkdirSync(dirname(join(this.root, file)), { recursive: true });
    writeFileSync(join(this.root, file), text);
  }

  /** Runs `deno` in a folder, by default in the root of the copy. */
  async deno(args: readonly string[], cwd: string = this.root): Promise<Finished> {
    const env = { NO_COLOR: "1", JSR_URL: NOWHERE };
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd, env }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, out: text(stdout), err: text(stderr) };
  }

  /** Runs `new` of the copy, with the permissions of its task. */
  async start(...args: string[]): Promise<Finished> {
    return await this.deno(["run", "--allow-read", "--allow-write", "tests/kit/new.ts", ...args]);
  }

  [Symbol.dispose](): void {
    rmSync(this.#base, { recursive: true });
  }
}
