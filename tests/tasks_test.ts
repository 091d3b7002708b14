import { assert, assertEquals, assertMatch } from "@std/assert";
import { ROOT } from "./members.ts";
import { testWith } from "./permissions.ts";

/** Tasks that are command lines of Deno's own, which read their arguments themselves. */
const OF_DENO: readonly string[] = ["test", "coverage", "doc", "lint:doc", "lock"];

interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function runTask(task: string, ...args: string[]): Promise<Outcome> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", task, ...args],
    cwd: ROOT,
    stdin: "null",
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

/** Every file of the checkout with its size and time of change; hidden ones belong to tests that run meanwhile. */
function checkout(folder: URL = ROOT): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    if (name.startsWith(".") || name === "node_modules" || name === "coverage") return [];
    const url = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) return checkout(url);
    const { size, mtime } = Deno.statSync(url);
    return [`${url.pathname} ${size} ${mtime?.getTime()}`];
  }).sort();
}

const config = JSON.parse(await import("../deno.json", { with: { type: "text" } }).then(({ default: text }) => text));
const tasks = Object.keys(config.tasks).filter((task) => !OF_DENO.includes(task));

for (const task of tasks) {
  testWith(["read", "run"], `deno task ${task} --help explains and does nothing`, async () => {
    const before = checkout();
    for (const args of [["--help"], ["--", "--help"]]) {
      const { status, stdout, stderr } = await runTask(task, ...args);
      assertEquals([status, stderr], [0, ""], args.join(" "));
      assertMatch(stdout, /^Usage: /m);
    }
    assertEquals(checkout(), before);
  });

  testWith(["read", "run"], `deno task ${task} refuses unknown arguments in one line`, async () => {
    const before = checkout();
    for (const args of [["--nonsense"], ["--help=yes"], ["no such thing", "nor this", "nor that"]]) {
      // Names of files are looked for one by one.
      if (task === "oracle" && args.length > 1) continue;
      const outcome = await runTask(task, ...args);
      assertEquals([outcome.status, outcome.stdout], [2, ""], `${args.join(" ")}: ${JSON.stringify(outcome)}`);
      assert(/^[^\n]+\n$/.test(outcome.stderr), `one line and no stack: ${outcome.stderr}`);
    }
    assertEquals(checkout(), before);
  });
}

for (
  const [task, args, message] of [
    ["soak", ["--ops", "0"], "give a whole number from 1"],
    ["soak", ["--ops", "-5"], "give a whole number from 1"],
    ["soak:submit", ["--parties", "3,0"], "give a whole number from 1"],
    ["soak:gpu", ["--seed", "x"], "give a whole number from 0"],
    ["bench:rounds", ["--rounds", "1.5"], "give a whole number from 1"],
    ["bench:rounds", ["no such row"], "no row has it in its name"],
    ["bench:webgpu", ["--gpu", "none"], "give built-in or dawn"],
    ["bench:webgpu", ["--policy", "none"], 'Cannot use policy "none"'],
    ["example:layers", ["--steps", "0"], "no whole number from 1 to 24"],
    ["example:layers", ["--gpu", "none"], "neither built-in nor dawn"],
    ["example:web", ["--port", "x"], "give a whole number from 0"],
    ["bench:bytes", ["no such workload"], "no workload has it in its name"],
    ["bench", ["no such file"], "no file has it in its name"],
    ["break", ["no such function"], "no function of the table has it in its name"],
    ["pack", [], "name a FOLDER"],
    ["oracle", [], "name at least one FILE"],
    ["oracle", ["no/such/file"], "Cannot replay no/such/file"],
    ["replay", ["--vram", "-5"], 'Cannot use --vram "-5"'],
    ["replay", ["--workload", "tests"], "it is a folder"],
    ["replay", ["--seed", "x"], "give a whole number"],
    ["replay", ["--vram", "1M", "--vram", "2M"], "Cannot use --vram twice"],
    ["replay", ["--chrome", "no/such/a", "--report", "no/such/b"], "Cannot use --chrome with --report"],
    ["export", [], "name a FILE"],
    ["export", ["no/such/file"], "choose --chrome or --vma"],
    ["export", ["no/such/file", "--chrome", "--vma"], "choose --chrome or --vma"],
    ["export", ["no/such/file", "--chrome", "--time", "1"], "Cannot use --time with --chrome"],
    ["export", ["no/such/file", "--vma", "--time", "soon"], 'Cannot use --time "soon"'],
    ["export", ["no/such/file", "--chrome"], "no such file"],
    ["export", ["tests", "--vma"], "it is a folder"],
    ["export", ["deno.json", "--vma"], "deno.json:1: Cannot read the record"],
    ["view", ["no/such/file"], "no/such/file"],
    ["view", ["tests"], "it is a folder"],
    ["matrix", ["--traces", "no/such/folder"], "there is no such folder"],
    ["compare", ["no/such/file"], "no such file"],
    ["compare", ["--sizes", "0"], "give whole numbers from 1 to 100"],
    ["compare", ["--policies", "lru,none"], 'Cannot use policy "none"'],
    ["compare", ["--managers", "none"], 'Cannot use manager "none"'],
    ["compare", ["--hints", "101"], "give whole numbers from 0 to 100"],
    ["compare", ["deno.json"], "deno.json"],
    ["new", ["driver"], "give a KIND and a NAME"],
  ] as const
) {
  testWith(["read", "run"], `deno task ${task} ${args.join(" ")}: the error is one line`, async () => {
    const { status, stdout, stderr } = await runTask(task, ...args);
    assertEquals([status, stdout], [2, ""], stderr);
    assert(/^[^\n]+\n$/.test(stderr) && stderr.includes(message), stderr);
  });
}
