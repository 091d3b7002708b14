import { median } from "./rounds.ts";

/**
 * Nanoseconds that each operation takes by itself: the quickest of many replays, less what reading the clock takes.
 *
 * @param operations What is done, one after the other, with what `make` made.
 */
export function quickest<Space>(
  make: () => Space,
  operations: readonly ((space: Space) => void)[],
  replays = 300,
): Float64Array {
  const best = new Float64Array(operations.length).fill(Infinity);
  for (let replay = 0; replay < replays; replay++) {
    const space = make();
    for (let i = 0; i < operations.length; i++) {
      const before = performance.now();
      operations[i]?.(space);
      best[i] = Math.min(best[i] as number, performance.now() - before);
    }
  }
  const clock = clockCost();
  return best.map((time) => 1e6 * (time - clock));
}

/** The mean of those times whose operation is of a kind. */
export function meanOf(times: Float64Array, kinds: readonly { readonly op: string }[], kind: string): number {
  const chosen = times.filter((_, i) => kinds[i]?.op === kind);
  return chosen.reduce((sum, time) => sum + time, 0) / chosen.length;
}

/** Milliseconds that two readings of the clock seem to be apart. */
function clockCost(): number {
  const costs = Array.from({ length: 10_000 }, () => {
    const before = performance.now();
    return performance.now() - before;
  });
  return median(costs);
}
