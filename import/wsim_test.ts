import { assertEquals } from "@std/assert";
import { importRecording } from "./import.ts";
import { bytesOf, refused } from "./import_testing.ts";
import { RECORDINGS } from "./testing_recordings.ts";

const read = async (text: string) => (await importRecording("file.wsim", bytesOf(text))).workload.events;

Deno.test("a gem_wsim workload is its working sets, and the batches that name buffers of them", async () => {
  const { format, uses, workload } = await importRecording("demo.wsim", RECORDINGS["demo.wsim"] as Uint8Array);
  assertEquals([format, uses, workload.name, workload.time], ["gem_wsim workload", "recorded", "demo", "us"]);
  assertEquals(workload.events, [
    { op: "alloc", t: 0, id: 1, bytes: 4096, tag: "ws1.0" },
    { op: "alloc", t: 0, id: 2, bytes: 4096, tag: "ws1.1" },
    { op: "alloc", t: 0, id: 3, bytes: 8192, tag: "ws1.2" },
    { op: "alloc", t: 0, id: 4, bytes: 2 * 2 ** 20, tag: "ws2.0" },
    {
      op: "job",
      t: 0,
      uses: [{ id: 1, write: false }, { id: 2, write: false }, { id: 4, write: true }],
      durationUs: 1000,
      context: 1,
    },
    { op: "job", t: 100, uses: [{ id: 3, write: true }], durationUs: 20, context: 2 },
    { op: "job", t: 100, uses: [{ id: 4, write: false }], durationUs: 150, context: 1 },
  ]);
});

Deno.test("sets may be used before they are defined, and batches without buffers are no jobs", async () => {
  assertEquals(await read("1.RCS.5.r7-0.0\n1.RCS.5.0.0\r\nw.7.16"), [
    { op: "alloc", t: 0, id: 1, bytes: 16, tag: "ws7.0" },
    { op: "job", t: 0, uses: [{ id: 1, write: false }], durationUs: 5, context: 1 },
  ]);
});

Deno.test("what is no gem_wsim workload is refused at its line", async () => {
  const set = "w.1.2n4096\n";
  for (
    const [step, why] of [
      ["w.1.4096", "working set 1 was defined on line 1"],
      ["w.2.0", "must be from 1 to"],
      ["w.2.4096x", '"4096x" is no size'],
      ["w.2.9-3", "ends before it begins"],
      ["w.2.9999999n1", "more than 1048576 buffers"],
      ["1.RCS.5.r1-2.0", "working set 1 has 2 buffers, no 2 to 2"],
      ["1.RCS.5.r1-1-0.0", "no 1 to 0"],
      ["1.RCS.5.r3-0.0", "there is no working set 3"],
      ["1.RCS.5.x.0", '"x" is no dependency'],
      ["1.RCS.5.r1-0.2", "must end with 0 or 1"],
      ["1.RCS.5.r1-0", "is no step"],
      ["1.RCS.9-5.r1-0.0", "ends before it begins"],
      ["1.RCS.*.r1-0.0", "no step ends this batch"],
      ["1.XYZ.5.r1-0.0", "is no step"],
      ["T.-1", "the step 1 back has an end of its own"],
      ["hello", '"hello" is no step'],
    ] as const
  ) await refused(`${set}d.1\n${step}`, { line: 3 }, why);
  await refused("1.RCS.5.0.0\nd.7\n", { line: 2 }, "it has no working set");
  const wide = `w.1.1048576n1\n${Array(5).fill("1.RCS.1.r1-0-1048575.0").join("\n")}`;
  await refused(wide, { line: 6 }, "more than 4194304 uses");
});
