import type { RecordEvent } from "@ttm/explain";

/** When the last thing happened that each operation caused, by its number, in milliseconds. */
export function operationEnds(events: readonly RecordEvent[], last: number): ReadonlyMap<number, number> {
  const ends = new Map<number, number>();
  for (const event of events) {
    if (!("operation" in event)) continue;
    const end = event.kind === "wait" ? event.end ?? last : event.time;
    ends.set(event.operation, Math.max(end, ends.get(event.operation) ?? end));
  }
  return ends;
}
