import { PAGE_SIZE } from "@ttm/core";
import { hasJobs, type Workload } from "@ttm/import";

/** A workload as a model of one memory type needs it. Buffers have numbers from 0, in the order of their allocation. */
export interface Trace {
  /** The name of the workload. */
  readonly name: string;
  /** The size of each buffer, in pages. */
  readonly pages: readonly number[];
  /** What happens, in order. */
  readonly steps: readonly TraceStep[];
  /** The peak size of the live buffers, in pages. */
  readonly peak: number;
}

/** A submission that uses buffers, each once, or the release of one. */
export type TraceStep = { readonly uses: readonly number[] } | { readonly freed: number };

/** Reads a workload. As in a replay, buffers of a workload without jobs are used once, at their allocation. */
export function traceOf(workload: Workload): Trace {
  const numbers = new Map<number, number>();
  const pages: number[] = [];
  const steps: TraceStep[] = [];
  const atAlloc = !hasJobs(workload);
  let [live, peak] = [0, 0];
  for (const event of workload.events) {
    if (event.op === "alloc") {
      const number = pages.push(Math.ceil(event.bytes / PAGE_SIZE)) - 1;
      numbers.set(event.id, number);
      live += pages[number] as number;
      peak = Math.max(peak, live);
      if (atAlloc) steps.push({ uses: [number] });
    } else if (event.op === "job") steps.push({ uses: event.uses.map(({ id }) => numbers.get(id) as number) });
    else {
      const freed = numbers.get(event.id) as number;
      live -= pages[freed] as number;
      steps.push({ freed });
    }
  }
  return { name: workload.name, pages, steps, peak };
}
