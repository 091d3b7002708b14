import { PAGE_SIZE } from "@ttm/core";
import type { Figures } from "./model.ts";
import { nextUses } from "./next_uses.ts";
import type { Trace } from "./trace.ts";

/** Later than any use. */
const NEVER_USED = 2 ** 40;

/**
 * What is moved if the future is known and the buffer whose next use is furthest away is evicted (L. A. Belady, 1966),
 * those that are not used again before all others, as these cost one copy instead of two: of these, the one that is freed
 * last. The rules are those of the model. With buffers of one size that are not freed no choice moves less; with several
 * sizes some may.
 */
export function belady(trace: Trace, room: number): Figures {
  const { pages, steps } = trace;
  const next = nextUses(trace);
  const freedAt = timesOfRelease(trace);
  const inside = new Uint8Array(pages.length);
  const hasContents = new Uint8Array(pages.length);
  const usedBy = new Int32Array(pages.length).fill(-1);
  const due = new Float64Array(pages.length);
  const latest = new LatestFirst();
  let [free, turn, hits, misses, fallbacks, evictions, pagesIn, pagesOut] = [room, 0, 0, 0, 0, 0, 0, 0];

  function makeRoom(wanted: number, submission: number): boolean {
    const kept: number[] = [];
    while (free < wanted && wanted <= room && latest.size > 0) {
      const [number, time] = latest.take();
      if (inside[number] === 0 || due[number] !== time) continue;
      if (usedBy[number] === submission) kept.push(number);
      else {
        inside[number] = 0;
        free += pages[number] as number;
        pagesOut += pages[number] as number;
        evictions++;
      }
    }
    for (const number of kept) latest.add(number, due[number] as number);
    return free >= wanted;
  }

  for (const [at, step] of steps.entries()) {
    if ("freed" in step) {
      if (inside[step.freed] === 1) free += pages[step.freed] as number;
      inside[step.freed] = 0;
      continue;
    }
    for (const number of step.uses) usedBy[number] = at;
    for (const number of step.uses) {
      const size = pages[number] as number;
      if (inside[number] === 1) hits++;
      else if (makeRoom(size, at)) {
        misses++;
        free -= size;
        inside[number] = 1;
        if (hasContents[number] === 1) pagesIn += size;
      } else fallbacks++;
      hasContents[number] = 1;
      const nextTurn = next[turn++] as number;
      due[number] = nextTurn < Infinity ? nextTurn : NEVER_USED + (freedAt[number] as number);
      if (inside[number] === 1) latest.add(number, due[number] as number);
    }
  }
  return { hits, misses, fallbacks, evictions, bytesIn: pagesIn * PAGE_SIZE, bytesOut: pagesOut * PAGE_SIZE };
}

/** For each buffer the step that frees it, the number of steps if none does. */
function timesOfRelease({ pages, steps }: Trace): Int32Array {
  const times = new Int32Array(pages.length).fill(steps.length);
  for (const [at, step] of steps.entries()) if ("freed" in step) times[step.freed] = at;
  return times;
}

/** A heap of buffers with times, the latest time first. */
class LatestFirst {
  readonly #items: (readonly [number: number, time: number])[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(number: number, time: number): void {
    const items = this.#items;
    let place = items.push([number, time]) - 1;
    for (let parent = (place - 1) >> 1; place > 0; place = parent, parent = (place - 1) >> 1) {
      const above = items[parent] as readonly [number, number];
      if (above[1] >= time) break;
      items[place] = above;
      items[parent] = [number, time];
    }
  }

  take(): readonly [number: number, time: number] {
    const items = this.#items;
    const first = items[0] as readonly [number, number];
    const last = items.pop() as readonly [number, number];
    if (items.length === 0) return first;
    let place = 0;
    for (let child = 1; child < items.length; child = 2 * place + 1) {
      if ((items[child + 1]?.[1] ?? -1) > (items[child] as readonly [number, number])[1]) child++;
      const below = items[child] as readonly [number, number];
      if (below[1] <= last[1]) break;
      items[place] = below;
      place = child;
    }
    items[place] = last;
    return first;
  }
}
