import { at } from "../at.ts";
import type { Run } from "../run.ts";

/** How many stays share an entry of {@linkcode StayIndex.ends}. */
export const BLOCK = 256;

/** The stays of one memory type, so that those of a part of time are found without looking at all. */
export interface StayIndex {
  /** Rows of stays, in the order in which they began. */
  readonly stays: Int32Array;
  readonly from: Float64Array;
  readonly until: Float64Array;
  /** First page of each, and the first one behind it. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  readonly buffer: Int32Array;
  /** When the last stay of each block ended. */
  readonly ends: Float64Array;
}

/** Indexes the stays of a memory type. */
export function indexStays({ stays, buffers }: Run, type: number): StayIndex {
  const rows = Int32Array.from(stays.from.keys()).filter((stay) => stays.type[stay] === type);
  const column = (source: Float64Array) => Float64Array.from(rows, (row) => at(source, row));
  const [from, until, low] = [column(stays.from), column(stays.until), column(stays.start)];
  const buffer = rows.map((row) => at(stays.buffer, row));
  const high = low.map((start, place) => start + at(buffers.pages, at(buffer, place)));
  const ends = new Float64Array(Math.ceil(rows.length / BLOCK));
  for (const [place, end] of until.entries()) {
    const block = Math.floor(place / BLOCK);
    ends[block] = Math.max(at(ends, block), end);
  }
  return { stays: rows, from, until, low, high, buffer, ends };
}
