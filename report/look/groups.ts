import { at } from "../at.ts";
import type { Run } from "../run.ts";
import { AGE_FILLS, type Fill, FILLS, OTHER_FILL } from "./palette.ts";

/** What rectangles are coloured by. */
export type ColourBy = "tag" | "client" | "age" | "buffer";

/** Rectangles of one fill. */
export interface Group {
  readonly name: string;
  readonly fill: Fill;
}

/** Which group each buffer is of. */
export interface Grouping {
  readonly by: ColourBy;
  readonly groups: readonly Group[];
  /** Numbers of groups by rows of buffers, an array for each run. */
  readonly ofBuffers: readonly Int32Array[];
}

/** What tells most: tags where there are any, else clients, else each buffer by itself. */
export function usualColours(runs: readonly Run[]): ColourBy {
  const kinds = (by: "tag" | "client") => runs.some(({ buffers }) => buffers[by].some((text) => text !== 0));
  return kinds("tag") ? "tag" : kinds("client") ? "client" : "buffer";
}

/** Groups buffers of all runs by tag or client, or gives each its own fill as far as they go. Those that take most bytes for most time have fills of their own. */
export function groupBuffers(runs: readonly Run[], by: ColourBy, ageNames: readonly string[]): Grouping {
  if (by === "age") {
    const groups = AGE_FILLS.map((fill, age) => ({ name: ageNames[age] ?? "", fill }));
    return { by, groups, ofBuffers: runs.map(({ buffers }) => new Int32Array(buffers.id.length)) };
  }
  if (by === "buffer") {
    const groups = FILLS.map((fill) => ({ name: "", fill }));
    return { by, groups, ofBuffers: runs.map(({ buffers }) => buffers.label.map((_label, row) => row % FILLS.length)) };
  }
  const weights = new Map<string, number>();
  for (const { buffers, stays, texts } of runs) {
    const ofTexts = new Float64Array(texts.length);
    for (let stay = 0; stay < stays.from.length; stay++) {
      const buffer = at(stays.buffer, stay);
      const text = at(buffers[by], buffer);
      ofTexts[text] = at(ofTexts, text) + at(buffers.pages, buffer) * (at(stays.until, stay) - at(stays.from, stay));
    }
    for (const text of new Set(buffers[by])) {
      const name = texts[text] as string;
      weights.set(name, (weights.get(name) ?? 0) + at(ofTexts, text));
    }
  }
  const names = [...weights].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1)).map(([name]) => name);
  const own = names.slice(0, names.length > FILLS.length ? FILLS.length - 1 : FILLS.length);
  const groups = own.map((name, i) => ({ name: name === "" ? `no ${by}` : name, fill: FILLS[i] as Fill }));
  if (own.length < names.length) groups.push({ name: `${names.length - own.length} others`, fill: OTHER_FILL });
  const numbers = new Map(own.map((name, i) => [name, i]));
  const ofBuffers = runs.map(({ buffers, texts }) => {
    return Int32Array.from(buffers[by], (text) => numbers.get(texts[text] as string) ?? own.length);
  });
  return { by, groups, ofBuffers };
}
