import { assertEquals } from "@std/assert";
import { importRecording } from "./import.ts";
import { bytesOf, refused } from "./import_testing.ts";
import { RMM_HEADER } from "./rmm_log.ts";
import { RECORDINGS } from "./testing_recordings.ts";

Deno.test("a log of RMM is its allocations and frees, over midnight", async () => {
  const { format, uses, workload } = await importRecording("rmm.csv", RECORDINGS["rmm.csv"] as Uint8Array);
  assertEquals([format, uses, workload.name, workload.time], ["RMM log", "lifetimes", "rmm", "us"]);
  assertEquals(workload.events, [
    { op: "alloc", t: 0, id: 3, bytes: 64 },
    { op: "alloc", t: 0, id: 1, bytes: 4096 },
    { op: "alloc", t: 15, id: 2, bytes: 1 },
    { op: "free", t: 16, id: 1 },
    { op: "free", t: 17, id: 3 },
  ]);
});

Deno.test("threads may log an allocation before the free that made room for it, and times out of order", async () => {
  const log = `${RMM_HEADER}\r
1,10:00:00.000010,allocate,0xA0,8,0x0\r
2,10:00:00.000012,allocate,0xa0,16,0x0\r
1,10:00:00.000011,free,0xa0,8,0x0\r
2,10:00:00.000020,free,0xa0,16,0x0\r
`;
  assertEquals((await importRecording("log", bytesOf(log))).workload.events, [
    { op: "alloc", t: 0, id: 1, bytes: 8 },
    { op: "alloc", t: 2, id: 2, bytes: 16 },
    { op: "free", t: 2, id: 1 },
    { op: "free", t: 10, id: 2 },
  ]);
});

Deno.test("a line that is none of a log is refused at its number", async () => {
  const wrong = (line: string, why: string) =>
    refused(`${RMM_HEADER}\n1,10:00:00.000000,allocate,0x10,8,0x0\n${line}\n`, { line: 3 }, why);
  await refused(`${RMM_HEADER}\n1,10:00:00.000000,free,0x10,8,0x0`, { line: 2 }, "its last line is cut short");
  await wrong("1,10:00:00.000000,allocate,0x10,8", "a line must have 6 columns");
  await wrong("1,10:00:00.000000,allocate,0x10,8,0x0,1", "a line must have 6 columns");
  await wrong("", "a line must have 6 columns");
  await wrong(",10:00:00.000000,free,0x10,8,0x0", "the thread is missing");
  await wrong("1,10:00,free,0x10,8,0x0", "the time must be HH:MM:SS.ffffff");
  await wrong("1,25:00:00.000000,free,0x10,8,0x0", "the time is");
  await wrong("1,10:00:00.000000,lend,0x10,8,0x0", 'must be allocate, free or allocate failure, but is "lend"');
  await wrong("1,10:00:00.000000,free,10,8,0x0", 'the pointer is "10"');
  await wrong("1,10:00:00.000000,free,0x10,-8,0x0", 'the size is "-8"');
  await wrong("1,10:00:00.000000,free,0x10,9007199254740993,0x0", "the size is");
  await wrong("1,10:00:00.000000,free,0x10,8,0x", 'the stream is "0x"');
});
