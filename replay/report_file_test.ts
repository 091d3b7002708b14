import { assertEquals, assertMatch } from "@std/assert";
import { RECORDINGS } from "../import/testing_recordings.ts";
import { testWith } from "../tests/permissions.ts";

async function run(command: string, cwd: string, ...args: string[]) {
  const cli = new URL(command, import.meta.url).href;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", `--allow-write=${cwd}`, "--no-prompt", cli, ...args],
    ...{ cwd, stdin: "null", env: { NO_COLOR: "1" } },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

function testInFolder(name: string, fn: (folder: string) => Promise<void>): void {
  testWith(["run", "read", "write"], name, async () => {
    const folder = await Deno.makeTempDir();
    try {
      await fn(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

/** The names of the runs of a page. */
async function runsOf(path: string): Promise<string[]> {
  const html = await Deno.readTextFile(path);
  const [, data = ""] = /id="data">([^<]*)</.exec(html) ?? [];
  const packed: { readonly json: string } | null = JSON.parse(data);
  return packed === null ? [] : JSON.parse(packed.json).map(({ name }: { readonly name: string }) => name);
}

const WORKLOAD = ["--workload", "texture-streaming", "--json"];

testInFolder("a replay with a report has the figures of one without, and the page has all replays", async (folder) => {
  const plain = await run("cli.ts", folder, ...WORKLOAD);
  const args = [...WORKLOAD, "--policy", "lru,mru", "--report", "out.html"];
  const { status, stdout, stderr } = await run("cli.ts", folder, ...args);
  assertEquals([status, stderr], [0, ""]);
  const [lru, mru] = stdout.trim().split("\n").map((line) => JSON.parse(line));
  assertEquals(lru, JSON.parse(plain.stdout));
  assertEquals(mru.device.policy, "mru");
  const [first, second, ...others] = await runsOf(`${folder}/out.html`);
  assertEquals(others, []);
  assertMatch(first ?? "", /^texture-streaming: range, lru, \d.* MiB$/);
  assertMatch(second ?? "", /^texture-streaming: range, mru, \d.* MiB$/);
});

testInFolder(
  "without a report a value with a comma is no name, and a page that cannot be written is a mistake",
  async (folder) => {
    const refused = await run("cli.ts", folder, ...WORKLOAD, "--policy", "lru,mru");
    assertEquals(refused.status, 2);
    assertMatch(refused.stderr, /^Cannot use policy "lru,mru": choose one of lru, mru, [^\n]*\n$/);
    const unwritten = await run("cli.ts", folder, ...WORKLOAD, "--report", "no/such/folder/out.html");
    assertEquals(unwritten.status, 2);
    assertMatch(unwritten.stderr, /^[^\n]*no such file[^\n]*\n$/);
  },
);

testInFolder("view writes a page of recordings and names it, and an empty one that waits for them", async (folder) => {
  await Deno.writeFile(`${folder}/a.pickle`, RECORDINGS["snapshot.pickle"] as Uint8Array);
  await Deno.writeFile(`${folder}/b.csv`, RECORDINGS["rmm.csv"] as Uint8Array);
  const { status, stdout, stderr } = await run("view_cli.ts", folder, "a.pickle", "b.csv", "--out", "both.html");
  assertEquals([status, stdout, stderr], [0, "both.html\n", ""]);
  assertEquals(await runsOf(`${folder}/both.html`), ["a", "b"]);
  assertEquals((await run("view_cli.ts", folder)).stdout, "report.html\n");
  assertEquals(await runsOf(`${folder}/report.html`), []);
});

testInFolder("view refuses a recording that is wrong in one line, and writes nothing", async (folder) => {
  await Deno.writeTextFile(`${folder}/x.csv`, "Thread,Time,Action,Pointer,Size,Stream\nnonsense\n");
  const { status, stdout, stderr } = await run("view_cli.ts", folder, "x.csv");
  assertEquals([status, stdout], [2, ""]);
  assertMatch(stderr, /^x\.csv:2: Cannot read the RMM log[^\n]*\n$/);
  assertEquals([...Deno.readDirSync(folder)].length, 1);
});
