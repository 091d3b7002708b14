import { assert, assertEquals, assertMatch } from "@std/assert";
import { testWith } from "../tests/permissions.ts";
import { pairs } from "./matrix.ts";
import type { Report } from "./report.ts";
import { HEADER, traceFile } from "../import/trace_testing.ts";
import { workloads } from "./workloads/mod.ts";

const CLI = new URL("./matrix_cli.ts", import.meta.url).href;

async function run(args: string[], env: Record<string, string> = {}) {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--allow-env=TTM_TRACES", "--no-prompt", CLI, ...args],
    stdin: "null",
    env: { NO_COLOR: "1", ...env },
  });
  const { code, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

async function assertRefused(message: RegExp, args: string[], env: Record<string, string> = {}): Promise<void> {
  const { status, stdout, stderr } = await run(args, env);
  assertEquals([status, stdout], [2, ""], stderr);
  assertMatch(stderr, /^[^\n]+\n$/, "one line, so no stack trace either");
  assertMatch(stderr, message);
}

testWith(
  ["run", "read", "write"],
  "matrix replays shipped workloads and a folder of traces on every pair",
  async () => {
    const folder = await Deno.makeTempDir();
    try {
      const lines = [HEADER, { t: 0, op: "alloc", id: 1, bytes: 5000 }, { t: 1, op: "use", id: 1 }];
      await Deno.writeFile(`${folder}/a.jsonl`, traceFile(lines));
      await Deno.writeTextFile(`${folder}/notes.txt`, "no trace");
      const { status, stdout, stderr } = await run(["--json", "--traces", folder]);
      assertEquals([status, stderr], [0, ""]);
      const reports: Report[] = JSON.parse(stdout);
      const all = [...Object.keys(workloads), "test"].flatMap((name) =>
        pairs.map(({ driver, manager }) => `${name} ${driver} ${manager}`)
      );
      assertEquals(reports.map(({ workload, device }) => `${workload} ${device.driver} ${device.manager}`), all);
      for (const { losses, failures, verified } of reports) {
        assertEquals([losses, failures], [[], 0]);
        assert(verified > 0);
      }
      for (const { device, peakBytes } of reports) assertEquals(device.vram, Math.ceil(peakBytes / 8192) * 4096);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);

testWith(["run", "read"], "matrix --help lists its options", async () => {
  const { status, stdout } = await run(["--help"]);
  assertEquals(status, 0);
  for (const word of ["--traces", "TTM_TRACES", "--vram", "--contents", "--json"]) assert(stdout.includes(word), word);
});

testWith(["run", "read"], "matrix refuses wrong arguments in one line, before it replays anything", async () => {
  const source = new URL(".", import.meta.url).pathname;
  await Promise.all([
    assertRefused(/--nope/, ["--nope"]),
    assertRefused(/stray/, ["stray"]),
    assertRefused(/--contents "x": choose bytes or stamps/, ["--contents", "x"]),
    assertRefused(/Cannot use --vram "much"/, ["--vram", "much"]),
    assertRefused(/"nowhere": there is no such folder/, ["--traces", "nowhere"]),
    assertRefused(/there is no \.jsonl or \.jsonl\.gz file/, [], { TTM_TRACES: source }),
  ]);
});
