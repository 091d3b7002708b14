import type { RecordedMemoryType } from "@ttm/explain";
import { at } from "../at.ts";
import type { BufferColumns, Series, StayColumns } from "../run.ts";
import type { ChangeColumns } from "./tables.ts";

/** What the use of memory is computed from. */
export interface Occupation {
  readonly buffers: BufferColumns;
  readonly stays: StayColumns;
  readonly changes: ChangeColumns;
  readonly types: readonly RecordedMemoryType[];
  readonly duration: number;
}

/** The most times of a series: no screen has more columns of pixels. */
export const MOST_TIMES = 8192;

/**
 * Pages in use by memory type, after each change. With more changes than {@linkcode MOST_TIMES}, time is divided into
 * that many parts, and each has its highest value.
 */
export function usedOf({ buffers, stays, changes, types, duration }: Occupation): Series {
  const count = changes.time.length;
  const binned = count > MOST_TIMES;
  const length = binned ? MOST_TIMES : count + 2;
  const times = new Float64Array(length);
  const values = types.map(() => new Float64Array(length));
  const now = new Float64Array(types.length);
  const put = (place: number, time: number) => {
    times[place] = time;
    for (const [type, value] of values.entries()) value[place] = Math.max(at(value, place), at(now, type));
  };
  const width = duration / MOST_TIMES;
  let bin = 0;
  for (let change = 0; change < count; change++) {
    const time = at(changes.time, change);
    while (binned && bin < MOST_TIMES - 1 && time >= (bin + 1) * width) {
      bin++;
      put(bin, bin * width);
    }
    const stay = at(changes.stay, change);
    const type = at(stays.type, stay);
    now[type] = at(now, type) + at(buffers.pages, at(stays.buffer, stay)) * at(changes.sign, change);
    if (!binned) put(change + 1, time);
    else if (type >= 0) values[type]?.fill(Math.max(at(values[type], bin), at(now, type)), bin, bin + 1);
  }
  if (binned) { while (++bin < MOST_TIMES) put(bin, bin * width); }
  else put(count + 1, duration);
  return { times, values };
}
