import type { DeviceRecord, RecordEvent, RecordHeader } from "@ttm/explain";
import { TraceDrawing } from "./trace_drawing.ts";
import type { TraceEvent } from "./trace_event.ts";

/**
 * Writes a record as a Chrome trace in JSON, which Perfetto (ui.perfetto.dev) and `chrome://tracing` open: a counter of
 * bytes for each memory type, moves as slices on a track for each pair of memory types, with an arrow to each eviction
 * from the operation that needed room, operations as slices, failures, swaps, creations and ends of buffers as instants,
 * waits as asynchronous slices. Times are those of the device's clock, in microseconds.
 *
 * Synchronous; in pieces, so that no text has all of it.
 *
 * @param record Its events are gone through once and kept meanwhile, since an operation ends with the last event that
 * names it.
 *
 * @example A record of one buffer
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import type { DeviceRecord } from "@ttm/explain";
 * import { chromeTrace } from "@ttm/export";
 *
 * const record: DeviceRecord = {
 *   header: {
 *     ...{ format: "ttm-record", version: 1, run: "demo", pageSize: 4096, driver: "radeon-sim", policy: "lru", lost: 0 },
 *     memoryTypes: [{ name: "system", pages: null, manager: null }],
 *   },
 *   events: [
 *     { kind: "create", time: 0, buffer: 0, label: "mesh", tag: "", client: "", size: 5000, pages: 2 },
 *     {
 *       ...{ kind: "move", time: 1, buffer: 0, from: null, to: { memoryType: "system", start: 0 }, end: 1 },
 *       ...{ dropped: false, failure: null, operation: 0, eviction: null },
 *     },
 *   ],
 * };
 * const { traceEvents } = JSON.parse([...chromeTrace(record)].join(""));
 * const counters = traceEvents.filter(({ ph }: { ph: string }) => ph === "C");
 * assertEquals(counters.at(-1).args, { bytes: 8192 });
 * ```
 */
export function* chromeTrace(record: DeviceRecord): Generator<string, void> {
  const { header } = record;
  const { format: _, memoryTypes: _types, ...facts } = header;
  yield `{"displayTimeUnit":"ms","otherData":${JSON.stringify(facts)},"traceEvents":[`;
  let separator = "\n";
  for (const event of traceEvents(header, [...record.events])) {
    yield separator + JSON.stringify(event);
    separator = ",\n";
  }
  yield "\n]}\n";
}

function* traceEvents(header: RecordHeader, events: readonly RecordEvent[]): Generator<TraceEvent, void> {
  const drawing = new TraceDrawing(header, events);
  yield* drawing.begin();
  for (const event of events) yield* drawing.draw(event);
  yield* drawing.end();
}
