/** Where and with what a program runs. */
export interface RunOptions {
  readonly cwd: string | URL;
  /** More for its environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Leaves it nothing of the environment of this process but PATH. @default {false} */
  readonly clean?: boolean;
}

/** Runs a program to its end; what it printed. Rejects with all that it said if it fails. */
export async function run(program: string, args: readonly string[], options: RunOptions): Promise<string> {
  const { cwd, env = {}, clean = false } = options;
  const base = clean ? { PATH: Deno.env.get("PATH") ?? "", HOME: String(cwd) } : {};
  const command = new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: "null",
    clearEnv: clean,
    env: { ...base, NO_COLOR: "1", ...env },
  });
  const { success, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`Cannot run ${program} ${args.join(" ")}:\n${text(stderr)}${text(stdout)}`);
  return text(stdout);
}

/** What a program says of its version, the first number of it; null if there is no such program. */
export async function versionOf(program: string): Promise<string | null> {
  try {
    const { stdout } = await new Deno.Command(program, { args: ["--version"], stdin: "null", stderr: "null" }).output();
    return /\d+(\.\d+)*/.exec(new TextDecoder().decode(stdout))?.[0] ?? null;
  } catch {
    return null;
  }
}
