import type { Trace } from "./trace.ts";

/** For each use of a trace, in order, the number of the next use of the same buffer; Infinity if it is the last. */
export function nextUses({ pages, steps }: Trace): Float64Array {
  const uses = steps.flatMap((step) => "uses" in step ? step.uses : []);
  const next = new Float64Array(uses.length);
  const later = new Float64Array(pages.length).fill(Infinity);
  for (let at = uses.length - 1; at >= 0; at--) {
    const number = uses[at] as number;
    next[at] = later[number] as number;
    later[number] = at;
  }
  return next;
}
