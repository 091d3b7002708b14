import { assert, assertEquals } from "@std/assert";
import type { RecordEvent } from "@ttm/explain";
import { importRecording } from "@ttm/import";
import fc from "fast-check";
import { chromeTrace } from "./chrome_trace.ts";
import { cause, create, demoRecord, HEADER, move } from "./testing_records.ts";
import { randomEvents } from "./testing_random_record.ts";
import { lastCounters, type ReadEvent, readTrace } from "./testing_trace_reader.ts";

const PAGE = 4096;

function draw(events: Iterable<RecordEvent>): readonly ReadEvent[] {
  return readTrace([...chromeTrace({ header: HEADER, events })].join(""));
}

const demo = () => draw(demoRecord().events);
const trackOf = (events: readonly ReadEvent[], { tid }: ReadEvent) =>
  events.find((event) => event.name === "thread_name" && event.tid === tid)?.args.name;

Deno.test("counters show the bytes of each memory type, and of stores, after each moment", () => {
  const events = demo();
  const vram = events.filter(({ ph, name }) => ph === "C" && name === "memory vram");
  const shown = vram.map(({ ts, args }) => [ts, args.bytes / PAGE]);
  assertEquals(shown, [[1000, 0], [2000, 16], [5000, 12], [14_000, 0], [16_000, 8]]);
  assertEquals(lastCounters(events), {
    "memory system": 0,
    "memory vram": 8 * PAGE,
    "memory gtt": 0,
    "swapped out": 8 * PAGE,
  });
});

Deno.test("moves are slices on a track for each pair of memory types, queued one behind the other", () => {
  const events = demo();
  const moves = events.filter(({ ph, cat }) => ph === "X" && cat !== "operation");
  const shown = moves.map((event) => [trackOf(events, event), event.name, event.ts, event.ts + (event.dur ?? 0)]);
  assertEquals(shown, [
    ["new → vram", 'buffer 0 "weights"', 2000, 3000],
    ["new → vram", "buffer 1", 3000, 5000],
    ["vram → gtt", 'buffer 0 "weights"', 5000, 7000],
    ["vram → gtt", "buffer 1", 7000, 9000],
    ["new → vram", 'buffer 2 "cache"', 5000, 10_000],
    ["gtt → system", 'buffer 0 "weights"', 12_000, 12_000.001],
    ["gtt → vram", "buffer 1", 16_000, 16_000.001],
  ]);
  assertEquals(moves[3]?.args, {
    ...{ buffer: 1, bytes: 8 * PAGE, from: "vram 8", to: "gtt 8", dropped: false, operation: 2, queued: 5000 },
    eviction: { forBuffer: 2, pages: 12, place: { memoryType: "vram", fpfn: 0, lpfn: 0 }, position: 0, passedOver: [] },
  });
  assertEquals(moves.at(-1)?.args.unfinished, true);
});

Deno.test("a copy that ends before an earlier one of its kind has a lane of its own", () => {
  const events = draw([
    ...[create(0, 0, 1), create(0, 1, 1), create(0, 2, 1)],
    move(1, 0, "gtt 0", "vram 0", { end: 9 }),
    move(2, 1, "gtt 1", "vram 1", { end: 4 }),
    move(3, 2, "gtt 2", "vram 2", { end: 6 }),
  ]);
  const moves = events.filter(({ ph }) => ph === "X");
  assertEquals(moves.map((event) => [trackOf(events, event), event.ts, event.dur]), [
    ["gtt → vram", 1000, 8000],
    ["gtt → vram (2)", 2000, 2000],
    ["gtt → vram (2)", 4000, 2000],
  ]);
});

Deno.test("an arrow leads from the operation that needed room to each eviction", () => {
  const events = demo();
  const flows = events.filter(({ ph }) => ph === "s" || ph === "f");
  assertEquals(flows.map((event) => [event.ph, event.id, trackOf(events, event), event.ts]), [
    ["s", 1, "operations", 4999.999],
    ["f", 1, "vram → gtt", 5000],
    ["s", 2, "operations", 4999.999],
    ["f", 2, "vram → gtt", 7000],
  ]);
});

Deno.test("arrows never lead back in time, however many operations begin at one time", () => {
  const begin = (operation: number): RecordEvent => {
    return { kind: "operation", time: 1, operation, name: "validate", buffer: 1, submission: null };
  };
  const evict = (operation: number) => move(1, 0, "vram 0", "gtt 0", { operation, eviction: cause(1, 1) });
  const numbers = Array.from({ length: 50 }, (_, index) => index + 1);
  const events = draw([
    create(0, 0, 1),
    create(0, 1, 1),
    ...numbers.flatMap((number) => [begin(number), evict(number)]),
  ]);
  const starts = events.filter(({ ph }) => ph === "s").map(({ ts }) => Math.round(ts * 1000));
  assertEquals(starts, numbers.map((number) => 1_000_000 + number - 1));
});

Deno.test("an operation lasts until the last event that names it, and overlapping ones have lanes", () => {
  const events = demo();
  const operations = events.filter(({ cat }) => cat === "operation");
  assertEquals(operations.map((event) => [trackOf(events, event), event.name, event.ts, event.ts + (event.dur ?? 0)]), [
    ["operations", "submit", 2000, 2000.001],
    ["operations", 'validate buffer 2 "cache"', 4000, 5000],
    ["operations (2)", 'read buffer 0 "weights"', 4500, 16_000],
  ]);
});

Deno.test("waits are asynchronous slices, which go on to the end if they do not end", () => {
  const waits = demo().filter(({ cat }) => cat === "wait");
  assertEquals(waits.map(({ ph, name, ts }) => [ph, name, ts]), [
    ["b", "wait for fence", 4000],
    ["e", "wait for fence", 5000],
    ["b", "wait for room", 14_000],
    ["e", "wait for room", 16_000],
  ]);
  assertEquals(waits.map(({ args }) => args?.unfinished), [undefined, undefined, true, undefined]);
});

Deno.test("failed calls and failed moves are instants with their codes, hops are none", () => {
  const record = [...demoRecord().events, move(17, 1, "vram 4", "system", { failure: "EMULTIHOP" })];
  const events = draw(record);
  const failures = events.filter((event) => event.ph === "i" && trackOf(events, event) === "failures");
  assertEquals(failures.map(({ name, ts }) => [name, ts]), [["ENOMEM", 6000], [
    "EIO move of buffer 1 to vram",
    11_000,
  ]]);
  assertEquals(failures[0]?.args.message, "Cannot read: no room");
});

Deno.test("creations and ends of buffers are what this project imports from traces of profilers", async () => {
  const text = [...chromeTrace(demoRecord())].join("");
  const { format, workload } = await importRecording("demo.json", new TextEncoder().encode(text));
  assertEquals(format, "Chrome trace");
  assertEquals(workload.events, [
    { op: "alloc", t: 0, id: 1, bytes: 8 * PAGE - 1 },
    { op: "alloc", t: 0, id: 2, bytes: 8 * PAGE - 1 },
    { op: "alloc", t: 0, id: 3, bytes: 12 * PAGE - 1 },
    { op: "free", t: 14_000, id: 3 },
  ]);
});

Deno.test("a record whose beginning is lost is drawn as far as it is known", () => {
  const events = draw([
    move(3, 9, "vram 0", "gtt 0", { operation: 4, eviction: { ...demoCause, forBuffer: 8 } }),
    { kind: "wait", time: 4, operation: 4, what: "fence", buffer: 9, end: 5 },
    { kind: "destroy", time: 5, buffer: 9 },
  ]);
  assertEquals(events.filter(({ ph }) => ph === "X").map(({ name, args }) => [name, args.bytes]), [["buffer 9", null]]);
  assertEquals(events.filter(({ ph }) => ph === "s").length, 0);
  assertEquals(lastCounters(events), { "memory system": 0, "memory vram": 0, "memory gtt": 0 });
});
const demoCause = { pages: 1, place: null, position: 0, passedOver: [] };

Deno.test("an empty record is a trace, and pieces are small whatever the record is", () => {
  assertEquals(lastCounters(draw([])), { "memory system": 0, "memory vram": 0, "memory gtt": 0 });
  const events = Array.from({ length: 10_000 }, (_, index) => create(index, index, 1, "x".repeat(100)));
  let [pieces, longest] = [0, 0];
  for (const piece of chromeTrace({ header: HEADER, events })) {
    pieces++;
    longest = Math.max(longest, piece.length);
  }
  assert(pieces >= 10_000 && longest < 1000, `${pieces} pieces, the longest of ${longest}`);
});

Deno.test("whatever happened, a trace is well formed, and its counters end with the live bytes", () => {
  fc.assert(fc.property(randomEvents(), (events) => {
    const counters = lastCounters(draw(events));
    const live = new Map<number, { pages: number; where: string | null }>();
    for (const event of events) {
      if (event.kind === "create") live.set(event.buffer, { pages: event.pages, where: null });
      if (event.kind === "destroy") live.delete(event.buffer);
      if (!("buffer" in event) || event.buffer === null) continue;
      const buffer = live.get(event.buffer);
      if (buffer === undefined) continue;
      if (event.kind === "move" && event.failure === null) buffer.where = `memory ${event.to.memoryType}`;
      if (event.kind === "swap-out") buffer.where = "swapped out";
      if (event.kind === "swap-in") buffer.where = "memory system";
      if (event.kind === "free") buffer.where = null;
    }
    for (const name of ["memory system", "memory vram", "memory gtt", "swapped out"]) {
      const held = [...live.values()].filter(({ where }) => where === name);
      assertEquals(counters[name] ?? 0, held.reduce((sum, { pages }) => sum + pages * PAGE, 0), name);
    }
  }));
});
