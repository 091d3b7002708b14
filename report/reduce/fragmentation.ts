import { at } from "../at.ts";
import type { Series } from "../run.ts";
import type { Occupation } from "./used.ts";

const MOST_SAMPLES = 1024;
const LEAST_SAMPLES = 64;
/** About how many ranges are looked at in all. */
const RANGES = 4_000_000;

/**
 * 1 - largest hole / free pages, by memory type, at moments of equal distance: 0 for at most one hole, near 1 for many
 * small ones. NaN in memory types without a range manager or without a known size.
 */
export function fragmentationOf({ buffers, stays, changes, types, duration }: Occupation): Series {
  const ranged = types.flatMap(({ manager, pages }, type) =>
    manager !== null && pages !== null ? [{ type, pages }] : []
  );
  const samples = ranged.length === 0 ? 0 : samplesOf(changes.sign);
  const times = Float64Array.from({ length: samples }, (_, at) => duration * (at + 1) / samples);
  const values = types.map(() => new Float64Array(samples).fill(NaN));
  // Ranks by address are sorted without a comparison function, which is many times as fast.
  const byAddress = Int32Array.from(stays.start.keys()).sort((a, b) => at(stays.start, a) - at(stays.start, b));
  const rank = new Int32Array(byAddress.length);
  for (const [place, stay] of byAddress.entries()) rank[stay] = place;
  const live = types.map(() => new Set<number>());
  let change = 0;
  for (let sample = 0; sample < samples; sample++) {
    for (; change < changes.time.length && at(changes.time, change) <= at(times, sample); change++) {
      const stay = at(changes.stay, change);
      const present = live[at(stays.type, stay)];
      if (changes.sign[change] === 1) present?.add(at(rank, stay));
      else present?.delete(at(rank, stay));
    }
    for (const { type, pages } of ranged) {
      const value = values[type] as Float64Array;
      value[sample] = holesOf(Int32Array.from(live[type] ?? []).sort(), pages);
    }
  }
  return { times, values };

  function holesOf(ranks: Int32Array, pages: number): number {
    let [free, largest, end] = [0, 0, 0];
    const leave = (hole: number) => {
      free += Math.max(0, hole);
      largest = Math.max(largest, hole);
    };
    for (const place of ranks) {
      const stay = at(byAddress, place);
      leave(at(stays.start, stay) - end);
      end = Math.max(end, at(stays.start, stay) + at(buffers.pages, at(stays.buffer, stay)));
    }
    leave(pages - end);
    return free === 0 ? 0 : 1 - largest / free;
  }
}

/** The more is there at a time, the fewer moments are looked at. */
function samplesOf(signs: Int32Array): number {
  let [now, most] = [0, 1];
  for (const sign of signs) {
    now += sign;
    most = Math.max(most, now);
  }
  return Math.min(MOST_SAMPLES, Math.max(LEAST_SAMPLES, Math.floor(RANGES / most)));
}
