import type { RecordEvent } from "@ttm/explain";
import fc from "fast-check";
import { cause, create, move } from "./testing_records.ts";

const TYPES = ["system", "vram", "gtt"] as const;

/** For tests: events that could have happened one after another: operations that move, wait and fail, side by side. */
export function randomEvents(): fc.Arbitrary<RecordEvent[]> {
  const step = fc.record({
    what: fc.nat(9),
    after: fc.constantFrom(0, 0, 0, 0.25, 1.0000003, 7),
    lasts: fc.constantFrom(0, 0, 0.5, 3, null),
    which: fc.nat(7),
    type: fc.constantFrom(...TYPES),
    pages: fc.integer({ min: 1, max: 4 }),
  });
  return fc.array(step, { maxLength: 60 }).map((steps) => {
    const events: RecordEvent[] = [];
    const places = new Map<number, string | null>();
    const swapped = new Set<number>();
    let [time, buffers, operations] = [0, 0, 0];
    for (const { what, after, lasts, which, type, pages } of steps) {
      time += after;
      const end = lasts === null ? null : time + lasts;
      const live = [...places.keys()];
      const buffer = live[which % Math.max(live.length, 1)];
      const operation = operations === 0 ? 0 : 1 + which % operations;
      if (what < 2 || buffer === undefined) {
        places.set(buffers, null);
        events.push(create(time, buffers++, pages, what === 0 ? "label" : ""));
      } else if (what === 2) {
        const name = "validate";
        events.push({ kind: "operation", time, operation: ++operations, name, buffer, submission: null });
      } else if (what < 6 && !swapped.has(buffer)) {
        const more = { end, operation, failure: what === 5 ? "EIO" : null, eviction: what === 4 ? cause(0, 1) : null };
        const to = `${type} ${type === "system" ? 0 : which}`;
        events.push(move(time, buffer, places.get(buffer) ?? null, to, more));
        if (what !== 5) places.set(buffer, to);
      } else if (what === 6) {
        events.push({ kind: "wait", time, operation, what: "fence", buffer, end });
      } else if (what === 7) {
        events.push({ kind: "failure", time, operation, buffer, code: "ENOMEM", message: "no room" });
      } else if (what === 8 && swapped.has(buffer)) {
        swapped.delete(buffer);
        events.push({ kind: "swap-in", time, buffer });
      } else if (what === 8 && places.get(buffer)?.startsWith("system") === true) {
        swapped.add(buffer);
        events.push({ kind: "swap-out", time, buffer });
      } else {
        if (which % 2 === 0) events.push({ kind: "free", time, buffer });
        if (which % 2 === 0) places.set(buffer, null);
        if (which % 2 === 0) swapped.delete(buffer);
        if (which % 3 === 0) events.push({ kind: "destroy", time, buffer });
        if (which % 3 === 0) places.delete(buffer);
        if (which % 3 === 0) swapped.delete(buffer);
      }
    }
    return events;
  });
}
