import { assertEquals } from "@std/assert";
import { BANDWIDTH, WorkloadBuilder } from "./builder.ts";

Deno.test("a builder records its calls, and frees the remaining buffers at the end", () => {
  const builder = new WorkloadBuilder("test", "us");
  const first = builder.alloc(10, "first");
  const second = builder.upload(20, "second");
  builder.now = 500;
  builder.job([first], [second]);
  const third = builder.alloc(30, "third");
  builder.free(second);
  assertEquals([first.id, second.id, third.id], [1, 2, 3]);
  assertEquals(builder.finish(), {
    name: "test",
    time: "us",
    events: [
      { op: "alloc", t: 0, id: 1, bytes: 10, tag: "first" },
      { op: "alloc", t: 0, id: 2, bytes: 20, tag: "second" },
      { op: "job", t: 0, uses: [{ id: 2, write: true }], durationUs: 1 },
      { op: "job", t: 500, uses: [{ id: 1, write: false }, { id: 2, write: true }], durationUs: 1 },
      { op: "alloc", t: 500, id: 3, bytes: 30, tag: "third" },
      { op: "free", t: 500, id: 2 },
      { op: "free", t: 500, id: 1 },
      { op: "free", t: 500, id: 3 },
    ],
  });
});

Deno.test("sequence time counts the jobs", () => {
  const builder = new WorkloadBuilder("test", "seq");
  const buffer = builder.upload(10, "buffer");
  builder.job([buffer], []);
  assertEquals(builder.finish().events.map((event) => event.t), [0, 0, 1, 2]);
});

Deno.test("a job takes as long as its bytes need at full bandwidth, rounded up", () => {
  const builder = new WorkloadBuilder("test", "seq");
  const [a, b] = [builder.alloc(2 * BANDWIDTH, "a"), builder.alloc(BANDWIDTH + 1, "b")];
  builder.job([a], [b]);
  builder.job([a], []);
  builder.job([a], [b], 5 * BANDWIDTH);
  builder.job([], [], 0);
  const durations = builder.finish().events.flatMap((event) => event.op === "job" ? [event.durationUs] : []);
  assertEquals(durations, [4, 2, 5, 1]);
});
