import type { DeviceRecord } from "./record.ts";

/**
 * The lines of a file for a record: a line of JSON for the header, then one for each event. `readRecord` reads them.
 *
 * @example A record without events
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type RecordHeader, readRecord, writeRecord } from "@ttm/explain";
 *
 * const header: RecordHeader = {
 *   format: "ttm-record",
 *   version: 1,
 *   run: "nothing",
 *   pageSize: 4096,
 *   driver: "card",
 *   policy: "lru",
 *   memoryTypes: [{ name: "system", pages: null, manager: null }],
 *   lost: 0,
 * };
 * const text = [...writeRecord({ header, events: [] })].map((line) => `${line}\n`).join("");
 * const read = await readRecord("nothing.jsonl", new TextEncoder().encode(text));
 * assertEquals([read.header, [...read.events]], [header, []]);
 * ```
 */
export function* writeRecord({ header, events }: DeviceRecord): Generator<string, void> {
  yield JSON.stringify(header);
  for (const event of events) yield JSON.stringify(event);
}
