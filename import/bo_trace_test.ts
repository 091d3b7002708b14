import { assertEquals, assertRejects } from "@std/assert";
import { readBoTrace } from "./bo_trace.ts";
import { assertRefused, gzip, HEADER, traceFile } from "./trace_testing.ts";
import { type Workload, WorkloadError } from "./workload.ts";

const FILE = traceFile([
  { ...HEADER, name: "demo", time: "us", licence: "MIT", stats: { events: 8, allocs: 2, frees: 1, uses: 5, jobs: 2 } },
  { t: 0, op: "alloc", id: 1, bytes: 5000, tag: "weights", dom: "UPLOAD", stream: 3 },
  { t: 0, op: "alloc", id: -2, bytes: 1 },
  { t: 4, op: "use", id: 1, job: 7, w: 1, dur: 250, ctx: 2 },
  { t: 4, op: "use", id: -2, job: 7 },
  { t: 9, op: "use", id: 1, job: 3, future: {} },
  { t: 9, op: "use", id: 1 },
  { t: 9, op: "use", id: -2, w: 1 },
  { t: 12, op: "free", id: 1 },
]);

const WORKLOAD: Workload = {
  name: "demo",
  time: "us",
  events: [
    { op: "alloc", t: 0, id: 1, bytes: 5000, tag: "weights" },
    { op: "alloc", t: 0, id: -2, bytes: 1 },
    { op: "job", t: 4, uses: [{ id: 1, write: true }, { id: -2, write: false }], durationUs: 250, context: 2 },
    { op: "job", t: 9, uses: [{ id: 1, write: false }], durationUs: 0 },
    { op: "job", t: 9, uses: [{ id: 1, write: false }], durationUs: 0 },
    { op: "job", t: 9, uses: [{ id: -2, write: true }], durationUs: 0 },
    { op: "free", t: 12, id: 1 },
  ],
};

function manyBuffers(count: number): Uint8Array<ArrayBuffer> {
  const events = Array.from(
    { length: count },
    (_, id) => ({ t: id, op: "alloc", id, bytes: 1 + (id * 7919) % 100000 }),
  );
  return traceFile([HEADER, ...events]);
}

Deno.test("a trace is read whether plain or gzip'd, whole or in pieces", async () => {
  for (const file of [FILE, await gzip(FILE)]) {
    assertEquals(await readBoTrace("trace", file), WORKLOAD);
    const bytes = ReadableStream.from([...file].map((byte) => Uint8Array.of(byte)));
    assertEquals(await readBoTrace("trace", bytes), WORKLOAD);
  }
});

Deno.test("lines may end with LF or CRLF, and the last one without", async () => {
  const text = new TextDecoder().decode(FILE);
  for (const variant of [text.trimEnd(), text.replaceAll("\n", "\r\n")]) {
    assertEquals(await readBoTrace("trace", new TextEncoder().encode(variant)), WORKLOAD);
  }
});

Deno.test("an error of the source is passed on", async () => {
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.error(new Error("disk on fire")),
  });
  await assertRejects(() => readBoTrace("trace", broken), Error, "disk on fire");
});

const CUT = "Cannot read the file any further: its gzip data is cut short or corrupt";

Deno.test("truncated gzip data is refused at the line where it ends", async () => {
  const file = await gzip(FILE);
  for (let bytes = 3; bytes < file.length; bytes++) {
    await assertRejects(() => readBoTrace("trace", file.slice(0, bytes)), WorkloadError, CUT);
  }
  await assertRefused(file.slice(0, 12), 1, CUT);
  await assertRefused(file.slice(0, -1), 10, CUT);
});

Deno.test("the reported line of truncated gzip data grows with the data", async () => {
  const file = await gzip(manyBuffers(2000));
  const lines: number[] = [];
  for (const part of [0.25, 0.5, 0.75, 1]) {
    const cut = file.slice(0, Math.floor(file.length * part) - 1);
    lines.push((await assertRejects(() => readBoTrace("trace", cut), WorkloadError)).line ?? 0);
  }
  for (const [quarter, line] of lines.entries()) {
    const expected = 2001 * (quarter + 1) / 4;
    assertEquals(Math.abs(line - expected) < 150, true, `line ${line} should be near ${expected}`);
  }
});

Deno.test("gzip data whose checksum is wrong is refused", async () => {
  const file = await gzip(FILE);
  const at = file.length - 6;
  file[at] = 255 - (file[at] ?? 0);
  await assertRefused(file, 10, CUT);
});

Deno.test("faulty gzip data is refused near the line of the fault", async () => {
  const file = new Uint8Array([...await gzip(manyBuffers(2000)), 1, 2, 3]);
  const error = await assertRejects(() => readBoTrace("trace", file), WorkloadError, CUT);
  const line = error.line ?? 0;
  assertEquals(line > 1800 && line <= 2001, true, `line ${line}`);
});

Deno.test("a file that is not UTF-8 text is refused", async () => {
  await assertRefused(Uint8Array.of(0xff, 0xfe, 10), 1, "Cannot read the file any further: it is not UTF-8 text");
});

Deno.test("a line that is no JSON object is refused", async () => {
  const noJson = (text: string) => `Cannot read the line: it is not JSON: ${JSON.stringify(text)}`;
  const noObject = (what: string) => `Cannot read the line: it must be a JSON object, but is ${what}`;
  await assertRefused(traceFile(["#!/bin/sh"]), 1, noJson("#!/bin/sh"));
  await assertRefused(traceFile([HEADER, ""]), 2, noJson(""));
  await assertRefused(traceFile([HEADER, '{"t":0,"op":']), 2, noJson('{"t":0,"op":'));
  await assertRefused(traceFile([HEADER, "x".repeat(99)]), 2, noJson("x".repeat(40) + "…"));
  await assertRefused(traceFile([HEADER, "[1,2]"]), 2, noObject("a list"));
  await assertRefused(traceFile([HEADER, "null"]), 2, noObject("null"));
  await assertRefused(traceFile(["3"]), 1, noObject("3"));
});

Deno.test("a file without a header that says bo-trace 1 is refused", async () => {
  await assertRefused(new Uint8Array(), 1, "Cannot replay an empty file");
  const refused = (header: object, why: string) =>
    assertRefused(traceFile([header]), 1, `Cannot read the bo-trace header: ${why}`);
  await refused({ t: 0, op: "alloc", id: 1, bytes: 1 }, 'format must be "bo-trace", but is missing');
  await refused({ ...HEADER, format: "vk-trace" }, 'format must be "bo-trace", but is "vk-trace"');
  await refused({ ...HEADER, version: 2 }, "version must be 1, but is 2");
  await refused({ ...HEADER, version: "1" }, 'version must be 1, but is "1"');
  await refused({ ...HEADER, name: 5 }, "name must be a string, but is 5");
  await refused({ ...HEADER, time: "ms" }, 'time must be "us" or "seq", but is "ms"');
  await refused({ ...HEADER, stats: 7 }, "stats must be an object, but is 7");
  await refused({ ...HEADER, stats: null }, "stats must be an object, but is null");
});

Deno.test("a file with more or fewer events than its header promises is refused at its last line", async () => {
  const events = [
    { t: 0, op: "alloc", id: 1, bytes: 1 },
    { t: 0, op: "use", id: 1, job: 1 },
    { t: 0, op: "use", id: 1 },
    { t: 0, op: "free", id: 1 },
  ];
  const right = { events: 4, allocs: 1, frees: 1, uses: 2, jobs: 1 };
  await readBoTrace("trace", traceFile([{ ...HEADER, stats: right }, ...events]));
  for (const [what, count] of Object.entries(right)) {
    for (const promised of [count + 1, count - 1]) {
      const file = traceFile([{ ...HEADER, stats: { ...right, [what]: promised } }, ...events]);
      const why = `The header promises ${promised} ${what}, but the file holds ${count}: is it cut short?`;
      await assertRefused(file, 5, why);
    }
  }
  const why = "The header promises 4 events, but the file holds 3: is it cut short?";
  await assertRefused(traceFile([{ ...HEADER, stats: right }, ...events.slice(0, 3)]), 4, why);
});
