import { PAGE_SIZE } from "@ttm/core";
import { nextUses } from "./next_uses.ts";
import type { Trace } from "./trace.ts";

/**
 * Bytes in and out that no choice of victims can avoid: PFOO-L of D. S. Berger, N. Beckmann, M. Harchol-Balter,
 * "Practical Bounds on Optimal Caching with Variable Object Sizes", SIGMETRICS 2018. From one use of a buffer to the
 * next it needs its pages for so many uses; all intervals that are kept together need at most the room times the number
 * of uses. Keeping the shortest ones, the last of them in part, keeps the most pages. Each interval that is not kept is
 * a copy out and one in. The last eviction of a buffer is not counted.
 */
export function lowerBound(trace: Trace, room: number): number {
  const uses = trace.steps.flatMap((step) => "uses" in step ? step.uses : []);
  const intervals: (readonly [length: number, pages: number])[] = [];
  let needed = 0;
  for (const [at, next] of nextUses(trace).entries()) {
    if (next === Infinity) continue;
    const pages = trace.pages[uses[at] as number] as number;
    intervals.push([next - at, pages]);
    needed += pages;
  }
  intervals.sort(([a], [b]) => a - b);
  let left = room * uses.length;
  for (const [length, pages] of intervals) {
    const kept = Math.min(1, left / (length * pages));
    needed -= kept * pages;
    left -= kept * length * pages;
    if (left <= 0) break;
  }
  return 2 * Math.max(0, Math.ceil(needed)) * PAGE_SIZE;
}
