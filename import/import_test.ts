import { assertEquals } from "@std/assert";
import { importRecording } from "./import.ts";
import { bytesOf, refused } from "./import_testing.ts";
import { RECORDINGS, SNAPSHOT_EVENTS } from "./testing_recordings.ts";
import { checkWorkload, gzip } from "./trace_testing.ts";

Deno.test("every recording, plain or gzip'd, becomes a bo-trace that is read as the same workload", async () => {
  for (const [name, file] of Object.entries(RECORDINGS)) {
    const { format, workload } = await importRecording(name, file);
    await checkWorkload(workload);
    assertEquals(await importRecording(name, await gzip(file)), await importRecording(name, file), format);
  }
});

Deno.test("a bo-trace is recognised, with uses of its own", async () => {
  const { format, uses, workload } = await importRecording("x", RECORDINGS["demo.jsonl"] as Uint8Array);
  assertEquals([format, uses, workload.name], ["bo-trace", "recorded", "demo"]);
});

Deno.test("uses are assumed at both ends of a lifetime, and the name says so", async () => {
  const file = RECORDINGS["snapshot.pickle"] as Uint8Array;
  const { uses, workload } = await importRecording("run.pickle", file, { uses: "assumed" });
  assertEquals([uses, workload.name], ["assumed", "run (uses assumed)"]);
  const job = (t: number, id: number, write: boolean) => ({ op: "job", t, uses: [{ id, write }], durationUs: 0 });
  const [before, stays, comes, goes] = SNAPSHOT_EVENTS;
  assertEquals(workload.events as unknown[], [
    ...[before, job(0, 3, true), stays, job(0, 1, true), comes, job(10, 2, true)],
    ...[job(20, 2, false), goes],
  ]);
});

Deno.test("uses are not assumed where some are recorded", async () => {
  const file = RECORDINGS["demo.wsim"] as Uint8Array;
  await refused(file, { line: 1 }, "Cannot assume uses: the recording has uses of its own", { uses: "assumed" });
});

Deno.test("contents of no known format are refused with their beginning", async () => {
  await refused("", { line: 1 }, "Cannot replay an empty file");
  await refused("<html>\n", { line: 1 }, 'Cannot tell the format of what begins with "<html>"');
  await refused(Uint8Array.of(0xff, 0xd8, 0), { line: 1 }, "Cannot tell the format");
  await refused(await gzip(bytesOf("PNG") as Uint8Array<ArrayBuffer>), { line: 1 }, '"PNG"');
});

Deno.test("a recording that is cut is refused, unless it ends with a line or is the text of a person", async () => {
  for (const [name, file] of Object.entries(RECORDINGS)) {
    for (let length = 0; length < file.length; length++) {
      const outcome = await importRecording("file", file.slice(0, length)).then(() => "read", ({ code }) => code);
      const endsWithLine = /csv|txt/.test(name) && file[length - 1] === 10;
      const lacksLineEnd = name.endsWith(".jsonl") && length === file.length - 1;
      if (endsWithLine || lacksLineEnd || name.endsWith(".wsim")) continue;
      assertEquals(outcome, "EINVAL", `${name} cut at ${length}`);
    }
  }
});
