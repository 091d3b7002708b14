import { at } from "./at.ts";
import { type TouchColumns, TOUCHES } from "./run.ts";

const FINEST_PARTS = 2 ** 16;

/**
 * Of more uses than `most`, the last one of each buffer in each part of the time, for as many parts as
 * leave few enough. Pins and unpins stay as long as there is room.
 */
export function keptTouches(touches: TouchColumns, duration: number, most: number): TouchColumns {
  const use = TOUCHES.indexOf("use");
  let rows = Int32Array.from(touches.time.keys());
  for (let parts = FINEST_PARTS; rows.length > most && parts >= 1; parts /= 2) {
    const later = new Map<number, number>();
    const kept: number[] = [];
    for (let row = touches.time.length - 1; row >= 0; row--) {
      const part = Math.floor(at(touches.time, row) / duration * parts);
      const buffer = at(touches.buffer, row);
      if (at(touches.kind, row) === use && later.get(buffer) === part) continue;
      if (at(touches.kind, row) === use) later.set(buffer, part);
      kept.push(row);
    }
    rows = Int32Array.from(kept.reverse());
  }
  rows = rows.subarray(-most);
  return {
    time: Float64Array.from(rows, (row) => at(touches.time, row)),
    order: Float64Array.from(rows, (row) => at(touches.order, row)),
    buffer: rows.map((row) => at(touches.buffer, row)),
    kind: rows.map((row) => at(touches.kind, row)),
  };
}
