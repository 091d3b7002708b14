import { at } from "./at.ts";
import { keptTouches } from "./kept_touches.ts";
import { NONE, type Run } from "./run.ts";

/** The most stays of a run in a file; with more stays or buffers, all else is what these stays name. */
export const MOST_STAYS = 200_000;
const MOST_FAILURES = 1000;
/** The most candidates that were passed over, for each eviction, in a run with many evictions. */
const MOST_PASSED = 2;
const MANY_PASSED = 400_000;
/** The most characters of a label, tag, client or message. */
const MOST_CHARACTERS = 1000;

/**
 * Leaves out what a page with all of a run has no pixels for: the stays whose rectangles are smallest, beyond
 * `most`, with what only they name, and uses between others. Figures and lines still count everything.
 */
export function bounded(run: Run, most: number = MOST_STAYS): Run {
  const { buffers } = run;
  const stays = keptStays(run, most);
  if (stays.length === run.stays.from.length && buffers.id.length <= most) {
    return { ...run, ...textsOf(run), touches: keptTouches(run.touches, run.duration, most) };
  }
  const picked = pick(run.stays, stays);
  const evictions = rowsIn(run.evictions.time.length, picked.eviction);
  const keptEvictions = passedOf(run.evictions, evictions);
  const named = rowsIn(buffers.id.length, picked.buffer, keptEvictions.forBuffer, keptEvictions.passed);
  const operations = rowsIn(run.operations.id.length, picked.cameBy, picked.wentBy, keptEvictions.operation);
  const keptBuffers = buffers.id.length <= most ? Int32Array.from(buffers.id.keys()) : named;
  const [toBuffer, toEviction, toOperation] = [
    renumbering(buffers.id.length, keptBuffers),
    renumbering(run.evictions.time.length, evictions),
    renumbering(run.operations.id.length, operations),
  ];
  const touches = keptTouches(run.touches, run.duration, most);
  const known = Int32Array.from(touches.time.keys()).filter((touch) => toBuffer(at(touches.buffer, touch)) !== NONE);
  const keptTouch = pick(touches, known);
  const keptOperations = pick(run.operations, operations);
  const leftOut = (run.stays.from.length - stays.length).toLocaleString("en-US");
  return {
    ...run,
    ...textsOf(run),
    notes: [...run.notes, `The ${leftOut} smallest rectangles are left out of this file; the figures count them.`],
    buffers: pick(buffers, keptBuffers),
    stays: {
      ...picked,
      buffer: picked.buffer.map(toBuffer),
      eviction: picked.eviction.map(toEviction),
      cameBy: picked.cameBy.map(toOperation),
      wentBy: picked.wentBy.map(toOperation),
    },
    evictions: {
      ...keptEvictions,
      buffer: keptEvictions.buffer.map(toBuffer),
      forBuffer: keptEvictions.forBuffer.map(toBuffer),
      passed: keptEvictions.passed.map(toBuffer),
      operation: keptEvictions.operation.map(toOperation),
    },
    operations: { ...keptOperations, buffer: keptOperations.buffer.map(toBuffer) },
    touches: { ...keptTouch, buffer: keptTouch.buffer.map(toBuffer) },
    failures: textsOf(run).failures.map((failure) => {
      return { ...failure, buffer: toBuffer(failure.buffer), operation: toOperation(failure.operation) };
    }),
  };
}

/** Rows of the stays that take most pages for most time, in their order. */
function keptStays({ stays, buffers }: Run, most: number): Int32Array {
  const all = Int32Array.from(stays.from.keys());
  if (all.length <= most) return all;
  const areas = Float64Array.from(all, (stay) => {
    return at(buffers.pages, at(stays.buffer, stay)) * (at(stays.until, stay) - at(stays.from, stay));
  });
  const least = areas.toSorted()[all.length - most] as number;
  let equal = most - areas.reduce((count, area) => count + (area > least ? 1 : 0), 0);
  return all.filter((stay) => at(areas, stay) > least || (at(areas, stay) === least && equal-- > 0));
}

function pick<Columns extends object>(columns: Columns, rows: Int32Array): Columns {
  const picked = Object.entries(columns).map(([name, column]: [string, Int32Array | Float64Array]) => {
    return [
      name,
      column instanceof Int32Array
        ? rows.map((row) => at(column, row))
        : Float64Array.from(rows, (row) => at(column, row)),
    ];
  });
  return Object.fromEntries(picked);
}

/** Rows that are named in columns, each once, in their order. */
function rowsIn(count: number, ...columns: readonly Int32Array[]): Int32Array {
  const named = new Uint8Array(count);
  for (const column of columns) for (const row of column) if (row !== NONE) named[row] = 1;
  return Int32Array.from(named.keys()).filter((row) => named[row] === 1);
}

function renumbering(count: number, rows: Int32Array): (row: number) => number {
  const numbers = new Int32Array(count).fill(NONE);
  for (const [number, row] of rows.entries()) numbers[row] = number;
  return (row) => row === NONE ? NONE : at(numbers, row);
}

/** Some evictions, with the candidates that each passed over. */
function passedOf(evictions: Run["evictions"], rows: Int32Array): Run["evictions"] {
  const { passed, reason, ...columns } = evictions;
  const most = passed.length > MANY_PASSED ? MOST_PASSED : Infinity;
  const kept: number[] = [];
  const ends = rows.map((row) => {
    const first = row === 0 ? 0 : at(columns.passedEnd, row - 1);
    for (let over = first; over < Math.min(at(columns.passedEnd, row), first + most); over++) kept.push(over);
    return kept.length;
  });
  const over = Int32Array.from(kept);
  return { ...pick(columns, rows), passedEnd: ends, ...pick({ passed, reason }, over) };
}

function textsOf({ texts, failures }: Run): Pick<Run, "texts" | "failures"> {
  const cut = (text: string) => text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return {
    texts: texts.map(cut),
    failures: failures.slice(0, MOST_FAILURES).map((failure) => ({ ...failure, message: cut(failure.message) })),
  };
}
