import { assertEquals, assertMatch } from "@std/assert";
import { testWith } from "../tests/permissions.ts";

async function run(command: string, ...args: string[]) {
  const cli = new URL(command, import.meta.url).href;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-write", "--no-prompt", cli, ...args],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = Deno.makeTempDirSync();
  try {
    await fn(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

const TRACE = [
  '{"format":"bo-trace","version":1,"name":"three","time":"seq"}',
  ...[10, 20, 30].map((id) => `{"t":0,"op":"alloc","id":${id},"bytes":8192,"tag":"layer ${id}"}`),
  ...[10, 20, 30].map((id, t) => `{"t":${t},"op":"use","id":${id}}`),
].join("\n");

const WHY =
  'buffer 0 "layer 10" was evicted from vram pages 0..1 to gtt at 0.001 ms: submit (operation 6, submission 3) ' +
  'needed 2 pages in vram for buffer 2 "layer 30"; position 0 in the order of eviction\n';

testWith(
  ["run", "read", "write"],
  "a replay explains evictions, and saves a record that answers the same",
  async () => {
    await inFolder(async (folder) => {
      Deno.writeTextFileSync(`${folder}/three.jsonl`, TRACE);
      const file = `${folder}/record.jsonl`;
      const sizes = ["--vram", "16K", "--workload", `${folder}/three.jsonl`];
      const explained = await run("./cli.ts", ...sizes, "--record", file, "--explain", "0");
      const nanoseconds = /at [\d.]+ ms/;
      assertEquals([explained.status, explained.stderr], [0, ""]);
      assertEquals(explained.stdout.replace(nanoseconds, ""), WHY.replace(nanoseconds, ""));
      const ask = (...args: string[]) => run("./explain_cli.ts", file, ...args);
      for (const name of ["0", "layer 10"]) {
        const { status, stdout, stderr } = await ask("--buffer", name);
        assertEquals([status, stdout, stderr], [0, explained.stdout, ""]);
      }
      assertEquals((await ask("--buffer", "2")).stdout, "Buffer 2 was not evicted\n");
      assertEquals(JSON.parse((await ask("--buffer", "0", "--json")).stdout)[0].cause.forBuffer, 2);
      const holders = (await ask("--holders", "vram")).stdout;
      assertMatch(
        holders,
        /^pages 0\.\.1: buffer 2 "layer 30", since [\d.]+ ms\npages 2\.\.3: buffer 1 "layer 20", since /,
      );
      assertEquals((await ask("--holders", "gtt", "--time", "0")).stdout, "Nobody had pages of gtt then\n");
      assertEquals((await ask("--failures")).stdout, "No call failed\n");
      assertEquals((await ask("--waits")).stdout, "Nobody waited\n");
      const summary = "three, range, lru: 3 buffers, 1 evictions, 0 failures, 0 waits; --help lists the questions\n";
      assertEquals((await ask()).stdout, summary);
    });
  },
);

testWith(["run", "read", "write"], "explain refuses wrong questions and wrong files in one line", async () => {
  await inFolder(async (folder) => {
    const write = (name: string, text: string) => {
      Deno.writeTextFileSync(`${folder}/${name}`, text);
      return `${folder}/${name}`;
    };
    const header = '{"format":"ttm-record","version":1,"run":"r","pageSize":4096,"driver":"d","policy":"lru",' +
      '"memoryTypes":[{"name":"system","pages":null,"manager":null}],"lost":0}\n';
    const good = write("good.jsonl", header);
    const cases: readonly (readonly [RegExp, ...string[]])[] = [
      [/^Cannot explain: name a FILE$/],
      [/^Cannot use --failures with --waits: ask one question$/, good, "--failures", "--waits"],
      [/^Cannot use --time without --holders$/, good, "--time", "1"],
      [/^Cannot use --time "x": give a number of milliseconds$/, good, "--holders", "system", "--time", "x"],
      [/^Cannot explain: there is no memory type "vram", only system$/, good, "--holders", "vram"],
      [/^Cannot explain buffer "7": r has no such buffer; it has none$/, good, "--buffer", "7"],
      [/cut\.jsonl:2: Cannot read the record: the line is not JSON: /, write("cut.jsonl", `${header}{"kind":`)],
      [/other\.jsonl:1: Cannot read the record: its first line must be /, write("other.jsonl", TRACE)],
      [/it is a folder$/, folder],
      [/no such file/, `${folder}/none`],
    ];
    for (const [message, ...args] of cases) {
      const { status, stdout, stderr } = await run("./explain_cli.ts", ...args);
      assertEquals([status, stdout], [2, ""], stderr);
      assertMatch(stderr, /^[^\n]+\n$/);
      assertMatch(stderr.trimEnd(), message);
    }
  });
});
