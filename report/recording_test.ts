import { assertEquals } from "@std/assert";
import { importRecording, type Workload } from "@ttm/import";
import { RECORDINGS } from "../import/testing_recordings.ts";
import { closeLayout, lowestLayout } from "./layout.ts";
import { recordOf } from "./recording.ts";
import { reduce } from "./reduce/reduce.ts";

const MiB = 2 ** 20;
const workload: Workload = {
  ...{ name: "w", time: "us" },
  events: [
    { op: "alloc", t: 5000, id: 7, bytes: 100, tag: "layer 12" },
    { op: "alloc", t: 6000, id: 8, bytes: 50 },
    { op: "job", t: 7000, uses: [{ id: 7, write: true }], durationUs: 3 },
    { op: "free", t: 8000, id: 7 },
    { op: "alloc", t: 9000, id: 9, bytes: 60 },
    { op: "alloc", t: 9000, id: 10, bytes: 60 },
  ],
};

Deno.test("parts of the address space that no buffer ever had are left out, and distances inside of others kept", () => {
  const addresses = new Map([[7, 5 * MiB], [8, 5 * MiB + 4096], [9, 5 * MiB + 20], [10, 900 * MiB]]);
  const { starts, bytes } = closeLayout(workload, addresses);
  assertEquals([7, 8, 9, 10].map((id) => starts.get(id)), [0, 4096, 20, 4096 + 50]);
  assertEquals(bytes, 4096 + 50 + 60);
  assertEquals(closeLayout({ ...workload, events: [] }, addresses), { starts: new Map(), bytes: 0 });
});

Deno.test("without addresses, buffers lie in the lowest hole", () => {
  const { starts, bytes } = lowestLayout(workload);
  assertEquals([7, 8, 9, 10].map((id) => starts.get(id)), [0, 100, 0, 150]);
  assertEquals(bytes, 210);
});

Deno.test("a recording is a record of buffers that stay where they are, with what it does not say", () => {
  const run = reduce(recordOf({ format: "bo-trace", uses: "recorded", workload, facts: {} }));
  assertEquals([...run.stays.from], [0, 1, 4, 4]);
  assertEquals([...run.stays.until], [3, 4, 4, 4]);
  assertEquals([run.texts[run.buffers.label[0] ?? 0], run.texts[run.buffers.tag[0] ?? 0]], ["layer 12", "layer #"]);
  assertEquals([run.touches.time[0], run.types[1]?.pages, run.time], [2, 210, "ms"]);
  assertEquals(run.notes, [
    "The recording has no addresses: each buffer is shown in the lowest hole, as first-fit would place it.",
    "The size of the memory is not recorded: it is taken to end where the last buffer ends.",
  ]);
});

Deno.test("a log of an allocator keeps its addresses, and says that it has no uses", async () => {
  const rows = ["1,10:00:00.000001,allocate,0x7f0000001000,4096,0x0", "1,10:00:00.000009,free,0x7f0000001000,4096,0x0"];
  const log = ["Thread,Time,Action,Pointer,Size,Stream", ...rows, ""].join("\n");
  const record = recordOf(await importRecording("log.csv", new TextEncoder().encode(log)));
  assertEquals(record.header.memoryTypes[1], { name: "memory", pages: 4096, manager: "as recorded" });
  assertEquals(record.notes?.[0], "The recording has no uses of buffers: it shows what was allocated, and when.");
  assertEquals(reduce(record).duration, 0.008);
});

for (const [name, bytes] of Object.entries(RECORDINGS)) {
  Deno.test(`what is live at the end of ${name} is in use at the end of its report, to the byte`, async () => {
    const recording = await importRecording(name, bytes);
    const live = new Map<number, number>();
    for (const event of recording.workload.events) {
      if (event.op === "alloc") live.set(event.id, event.bytes);
      else if (event.op === "free") live.delete(event.id);
    }
    const { used, buffers } = reduce(recordOf(recording));
    assertEquals(used.values[1]?.at(-1), [...live.values()].reduce((sum, bytes) => sum + bytes, 0));
    assertEquals(buffers.destroyed.filter((time) => time === Infinity).length, live.size);
  });
}
