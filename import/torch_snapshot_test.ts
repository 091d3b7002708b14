import { assertEquals } from "@std/assert";
import { type ImportOptions, importRecording } from "./import.ts";
import { refused } from "./import_testing.ts";
import { pickle, type Pickled } from "./testing_pickle.ts";
import { entry, segment, SNAPSHOT, SNAPSHOT_EVENTS } from "./testing_recordings.ts";
import { gzip } from "./trace_testing.ts";

const snapshot = (traces: Pickled, segments: Pickled = []) => pickle({ device_traces: traces, segments });

async function eventsOf(traces: Pickled, segments: Pickled = [], options: ImportOptions = {}) {
  return (await importRecording("file", snapshot(traces, segments), options)).workload.events;
}

Deno.test("a snapshot of any protocol is its allocations and frees, plain or gzip'd", async () => {
  for (const protocol of [2, 3, 4, 5] as const) {
    const plain = pickle(SNAPSHOT, protocol);
    for (const file of [plain, await gzip(plain)]) {
      const { format, uses, workload, facts } = await importRecording("/x/run 1.pickle.gz", file);
      assertEquals([format, uses, workload.name, workload.time], ["PyTorch snapshot", "lifetimes", "run 1", "us"]);
      assertEquals(workload.events, SNAPSHOT_EVENTS);
      assertEquals(facts, { entries: 5, segments: 1, segmentBytes: 12_800 });
    }
  }
});

Deno.test("memory that is only freed was there before", async () => {
  assertEquals(await eventsOf([[entry("free_requested", 64, 7, 5), entry("alloc", 64, 8, 6)]]), [
    { op: "alloc", t: 0, id: 1, bytes: 7 },
    { op: "free", t: 0, id: 1 },
    { op: "alloc", t: 1, id: 2, bytes: 8 },
  ]);
});

Deno.test("what was not recorded is made up for, so that the active blocks are live at the end", async () => {
  const trace = [
    entry("alloc", 4096, 10, 0),
    // Its free was lost.
    entry("alloc", 4096, 11, 4),
    // So were the free of this one, and what came there.
    entry("alloc", 8192, 12, 5),
    entry("alloc", 12_288, 13, 6),
    entry("free_requested", 12_288, 13, 7),
  ];
  const segments = [
    segment(4096, [[4096, 11, "active_allocated"], [4096, 0, "inactive"], [4096, 14, "active_allocated"]]),
  ];
  assertEquals(await eventsOf([trace], segments), [
    { op: "alloc", t: 0, id: 1, bytes: 10 },
    { op: "free", t: 4, id: 1 },
    { op: "alloc", t: 4, id: 2, bytes: 11 },
    { op: "alloc", t: 5, id: 3, bytes: 12 },
    { op: "alloc", t: 6, id: 4, bytes: 13 },
    { op: "free", t: 7, id: 4 },
    { op: "free", t: 7, id: 3 },
    { op: "alloc", t: 7, id: 5, bytes: 14 },
  ]);
});

Deno.test("blocks of older versions have neither address nor requested size, entries no time", async () => {
  const old = [{
    device: 0,
    address: 100,
    total_size: 30,
    blocks: [
      { size: 10, state: "inactive" },
      { size: 20, state: "active_allocated" },
    ],
  }];
  const file = pickle({ segments: old, device_traces: [[{ action: "alloc", addr: 110, size: 20 }]] });
  const { workload: { time, events } } = await importRecording("file", file);
  assertEquals([time, events], ["seq", [{ op: "alloc", t: 0, id: 1, bytes: 20 }]]);
});

Deno.test("one device of several has to be chosen", async () => {
  const traces = [[entry("alloc", 64, 1, 0)], [], [entry("alloc", 64, 3, 0)]];
  await refused(snapshot(traces), { offset: snapshot(traces).length - 2 }, "it has the devices 0, 2: choose one");
  assertEquals(await eventsOf(traces, [], { device: 2 }), [{ op: "alloc", t: 0, id: 1, bytes: 3 }]);
  await refused(snapshot(traces), { offset: snapshot(traces).length - 2 }, "it has no device 1", { device: 1 });
});

Deno.test("a pickle that is no snapshot is refused at the dict that is wrong", async () => {
  await refused(pickle([1]), { offset: 0 }, "Cannot read the snapshot: it must be a dict, but is a list");
  const wrong = async (traces: Pickled, why: string, segments: Pickled = []) => {
    const error = await importRecording("file", snapshot(traces, segments)).catch((error) => error);
    assertEquals(
      [error.code, typeof error.offset, error.message.includes(why)],
      ["EINVAL", "number", true],
      `${error}`,
    );
  };
  await wrong(7, "Cannot read device_traces of the snapshot: it must be a list, but is 7");
  await wrong([[entry("explode", 1, 1, 1)]], 'it is "explode", no known action');
  await wrong([[{ ...entry("alloc", 1, 1, 1) as object, size: 0 }]], "a whole number from 1 to");
  await wrong([[{ ...entry("alloc", 1, 1, 1) as object, addr: "0x1" }]], 'but is "0x1"');
  await wrong([[]], "blocks of an item of segments of the snapshot: it must be a list", [{ device: 0 }]);
});
