import { assertEquals, assertMatch } from "@std/assert";
import { writeRecord } from "@ttm/explain";
import { demoRecord } from "../export/testing_records.ts";
import { lastCounters, readTrace } from "../export/testing_trace_reader.ts";
import { testWith } from "../tests/permissions.ts";

async function run(...args: string[]) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-read", "--no-prompt", new URL("./export_cli.ts", import.meta.url).href, ...args],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { status: code, stdout: text(stdout), stderr: text(stderr) };
}

testWith(
  ["run", "read", "write"],
  "export writes a saved record as a Chrome trace, and as a dump at a moment",
  async () => {
    const file = Deno.makeTempFileSync();
    try {
      Deno.writeTextFileSync(file, [...writeRecord(demoRecord()), ""].join("\n"));
      const trace = await run(file, "--chrome");
      assertEquals([trace.status, trace.stderr], [0, ""]);
      assertEquals(lastCounters(readTrace(trace.stdout))["memory vram"], 8 * 4096);
      const bytesAt = async (...args: string[]) => {
        const { status, stdout, stderr } = await run(file, "--vma", ...args);
        assertEquals([status, stderr], [0, ""]);
        const { General, Total } = JSON.parse(stdout);
        return [General.time, Total.AllocationBytes / 4096];
      };
      assertEquals(await bytesAt(), [16, 8]);
      assertEquals(await bytesAt("--time", "5.5"), [5.5, 28]);
      assertEquals(await bytesAt("--", "--time=0"), [0, 0]);
      Deno.truncateSync(file, Deno.statSync(file).size - 20);
      const cut = await run(file, "--chrome");
      assertEquals([cut.status, cut.stdout], [2, ""]);
      assertMatch(cut.stderr, /^[^\n]+:\d+: Cannot read the record: [^\n]+\n$/);
    } finally {
      Deno.removeSync(file);
    }
  },
);
