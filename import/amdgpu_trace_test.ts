import { assertEquals } from "@std/assert";
import { importRecording } from "./import.ts";
import { bytesOf, refused } from "./import_testing.ts";
import { RECORDINGS } from "./testing_recordings.ts";

const head = "game-1 [000] 5.000000: ";
const read = async (...events: string[]) =>
  (await importRecording("file", bytesOf(events.map((event) => `${head}${event}\n`).join("")))).workload.events;

Deno.test("ftrace text is the buffers that amdgpu creates and lists, and the submissions that use them", async () => {
  const { format, uses, workload } = await importRecording("ftrace.txt", RECORDINGS["ftrace.txt"] as Uint8Array);
  assertEquals([format, uses, workload.name, workload.time], ["ftrace text", "recorded", "ftrace", "us"]);
  const both = [{ id: 1, write: true }, { id: 2, write: true }];
  assertEquals(workload.events, [
    { op: "alloc", t: 0, id: 2, bytes: 100 },
    { op: "alloc", t: 0, id: 1, bytes: 8192 },
    { op: "job", t: 20, uses: both, durationUs: 50, context: 9 },
    { op: "free", t: 90, id: 1 },
    { op: "alloc", t: 90, id: 3, bytes: 4096 },
  ]);
});

Deno.test("a list lasts until its thread makes another, and threads have lists of their own", async () => {
  const set = (list: number, bo: number) => `amdgpu_bo_list_set: list=0x${list}, bo=0x${bo}, bo_size=4096`;
  const submit = (seqno: number) =>
    `amdgpu_cs_ioctl: sched_job=1, timeline=gfx, fence=9:${seqno}, ring_name=gfx, num_ibs=1`;
  const events = await read(set(1, 1), set(1, 2), submit(1), submit(2), set(1, 3), submit(3), set(2, 1), submit(4));
  const jobs = events.flatMap((event) => event.op === "job" ? [event.uses.map(({ id }) => id)] : []);
  assertEquals(jobs, [[1, 2], [1, 2], [3], [1]]);
  const other = bytesOf(`${head}${set(1, 1)}\nmenu-2 [001] 5.000001: ${submit(1)}\n${head}${submit(2)}\n`);
  assertEquals((await importRecording("file", other)).workload.events.length, 2);
});

Deno.test("text that is none of ftrace's, or that lost events, is refused at its line", async () => {
  const first = `${head}amdgpu_bo_create: bo=0x1, pages=1\n`;
  const wrong = (line: string, why: string) => refused(`${first}\n# comment\n${line}\n`, { line: 4 }, why);
  await wrong("what is this", '"what is this" is no event');
  await wrong("CPU:3 [LOST 12 EVENTS]", "events were lost");
  await refused(`${first}${head}amdgpu_cs_ioctl: context=9, seqno=1`, { line: 2 }, "its last line is cut short");
  await wrong(`${head}amdgpu_bo_create: bo=0x1, pages=0`, "pages of amdgpu_bo_create must be a whole number from 1");
  await wrong(`${head}amdgpu_bo_create: pages=1`, "bo of amdgpu_bo_create must be a pointer, but is missing");
  await wrong(`${head}amdgpu_bo_list_set: list=0x1, bo=0x1`, "bo_size of amdgpu_bo_list_set");
  await wrong(`${head}amdgpu_cs_ioctl: sched_job=1, context=1`, "seqno of amdgpu_cs_ioctl");
  await refused(`# tracer: nop\n${head}sched_switch: prev=1\n`, { line: 2 }, "no event of amdgpu names a buffer");
});

Deno.test("long runs of what an event begins with take no time", async () => {
  const first = `${head}amdgpu_bo_create: bo=0x1, pages=1\n`;
  for (const part of ["-1 ", " ", "-1 [0] ", "a=b", "-1 [0] 1.000000: x: "]) {
    await importRecording("file", bytesOf(`${first}${part.repeat(300_000)}\n`)).catch(({ code }) =>
      assertEquals(code, "EINVAL")
    );
  }
});
