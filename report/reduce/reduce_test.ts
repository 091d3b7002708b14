import { assert, assertEquals } from "@std/assert";
import type { RecordEvent } from "@ttm/explain";
import { makeRecord } from "../testing_records.ts";
import { NONE, type ReportedRecord, type Run } from "../run.ts";
import { FLOW_BINS } from "./flows.ts";
import { reduce } from "./reduce.ts";
import { MOST_TIMES } from "./used.ts";

const MEMORY_TYPES = [
  { name: "system", pages: null, manager: null },
  { name: "vram", pages: 10, manager: "first-fit" },
];

function record(events: readonly RecordEvent[], lost = 0): ReportedRecord {
  const names = { run: "r", driver: "d", policy: "lru" };
  return {
    header: { format: "ttm-record", version: 1, ...names, pageSize: 4096, memoryTypes: MEMORY_TYPES, lost },
    events,
  };
}

const create = (time: number, buffer: number, pages: number): RecordEvent => {
  return { kind: "create", time, buffer, label: `b${buffer}`, tag: "t", client: "", size: 4096 * pages - 1, pages };
};
const move = (time: number, buffer: number, to: number, from: number | null = null, end = time): RecordEvent => ({
  ...{ kind: "move", time, buffer, from: from === null ? null : { memoryType: "vram", start: from } },
  ...{ to: { memoryType: "vram", start: to }, dropped: false, failure: null, end, operation: 0, eviction: null },
});

Deno.test("times count from the first event, and a stay lasts until the buffer moves, is freed or destroyed", () => {
  const run = reduce(record([
    ...[create(100, 0, 2), move(100, 0, 0), move(104, 0, 5, 0, 110), create(105, 1, 3), move(106, 1, 0)],
    ...[{ kind: "free", time: 107, buffer: 1 }, { kind: "destroy", time: 108, buffer: 0 }] as const,
  ]));
  const { from, until, start } = run.stays;
  assertEquals([...from.keys()].map((stay) => [from[stay], until[stay], start[stay]]), [[0, 4, 0], [4, 8, 5], [
    6,
    7,
    0,
  ]]);
  assertEquals([run.start, run.duration, run.buffers.destroyed[0], run.buffers.destroyed[1]], [100, 10, 8, Infinity]);
  assertEquals([run.totals.bytesMoved, run.buffers.moved[0]], [8192, 8192]);
});

Deno.test("fragmentation is what the documentation of replays says, and use is counted after each change", () => {
  const run = reduce(record([
    ...[create(0, 0, 2), move(0, 0, 0), create(1, 1, 2), move(1, 1, 4)],
    { kind: "destroy", time: 8, buffer: 0 },
  ]));
  const [, vram] = run.fragmentation.values;
  const valueAt = (time: number) => vram?.[run.fragmentation.times.findIndex((each) => each >= time)];
  // Free are pages 2 to 4 and 6 to 10, then 0 to 4 and 6 to 10.
  assertEquals([valueAt(0.5), valueAt(4), valueAt(8)], [0, 1 - 4 / 6, 0.5]);
  assertEquals(run.fragmentation.values[0]?.every((value) => Number.isNaN(value)), true);
  assertEquals([...run.used.times], [0, 0, 1, 8, 8]);
  assertEquals([...run.used.values[1] ?? []], [0, 2, 4, 2, 2]);
});

Deno.test("the bytes of a copy are spread over its time, and those of failed, dropped and first moves are none", () => {
  const failed = { ...move(8, 0, 3, 5), failure: "ENOMEM" } as RecordEvent;
  const dropped = { ...move(10, 0, 1, 5), dropped: true } as RecordEvent;
  const run = reduce(record([create(0, 0, 2), move(0, 0, 0), move(2, 0, 5, 0, 4), failed, dropped]));
  assertEquals(run.flows.map(({ from, to }) => [from, to]), [[NONE, 1], [1, 1]]);
  const bytes = run.flows[1]?.bytes as Float64Array;
  const [first, last] = [bytes.findIndex((value) => value > 0), bytes.findLastIndex((value) => value > 0)];
  assertEquals([first, last], [Math.floor(FLOW_BINS / 5), Math.floor(FLOW_BINS * 2 / 5)]);
  assert(Math.abs(bytes.reduce((sum, value) => sum + value) - 8192) < 1e-6);
  assertEquals([run.totals.failedMoves, run.stays.from.length], [1, 3]);
});

Deno.test("a buffer from before the record has no size, and the notes count what was lost", () => {
  const run = reduce(record([{ kind: "use", time: 5, buffer: 77 }], 12));
  assertEquals([run.buffers.id[0], run.buffers.pages[0]], [77, 0]);
  assertEquals(run.notes, ["12 events before the first one here are lost."]);
});

Deno.test("an empty record has no duration and nothing in it", () => {
  const { duration, totals } = reduce(record([]));
  assertEquals([duration, totals.events, totals.buffers], [0, 0, 0]);
});

/** Pages in use of each memory type at a moment. */
function usedAt({ stays, buffers, types }: Run, time: number): number[] {
  return types.map((_type, type) => {
    return stays.from.reduce((sum, from, stay) => {
      const here = stays.type[stay] === type && from <= time && (stays.until[stay] as number) > time;
      return sum + (here ? buffers.pages[stays.buffer[stay] as number] as number : 0);
    }, 0);
  });
}

for (const events of [300, 30_000]) {
  Deno.test(`what is in use after each of ${events} events is the sum of the stays there`, () => {
    const run = reduce(makeRecord({ events, seed: events }));
    assertEquals(run.totals.events, events);
    const { times, values } = run.used;
    assertEquals(times.length <= MOST_TIMES, true);
    const width = run.duration / MOST_TIMES;
    for (let point = 1; point < times.length - 1; point += Math.ceil(times.length / 200)) {
      const time = times[point] as number;
      const now = usedAt(run, time);
      const shown = values.map((value) => value[point] as number);
      if (events > MOST_TIMES) {
        // A point of a part of time is at least what is there at its beginning, and at most all of what is there in it.
        const later = usedAt(run, time + width * 0.999);
        for (const [type, value] of shown.entries()) assert(value >= Math.max(now[type] ?? 0, later[type] ?? 0) - 1e-9);
      } else if (times[point + 1] !== time) assertEquals(shown, now);
    }
  });
}

Deno.test("evictions and flows of a made record add up", () => {
  const source = makeRecord({ events: 5000 });
  const all = [...source.events];
  const run = reduce({ ...source, events: all });
  const evictions = all.flatMap((event) => event.kind === "move" && event.eviction !== null ? [event] : []);
  assert(evictions.length > 100);
  assertEquals([...run.evictions.time], evictions.map(({ time }) => time - (all[0]?.time ?? 0)));
  assertEquals(
    run.evictions.passed.length,
    evictions.reduce((sum, { eviction }) => sum + (eviction?.passedOver.length ?? 0), 0),
  );
  assertEquals(run.evictions.passedEnd.at(-1), run.evictions.passed.length);
  const flown = run.flows.reduce((sum, { bytes }) => sum + bytes.reduce((sum, value) => sum + value), 0);
  assert(Math.abs(flown / run.totals.bytesMoved - 1) < 1e-9);
  const moves = run.flows.reduce((sum, { moves }) => sum + moves.reduce((sum, value) => sum + value), 0);
  assertEquals(moves, all.filter(({ kind }) => kind === "move").length);
});
