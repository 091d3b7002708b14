import { type BufferView, type EvictionPolicy, PAGE_SIZE } from "@ttm/core";
import { HintFeed, type HintOptions } from "./hint_feed.ts";
import type { Trace } from "./trace.ts";

/** What a policy led to. */
export interface Figures {
  /** Uses of buffers that were inside already. */
  readonly hits: number;
  /** Uses that brought their buffer in. */
  readonly misses: number;
  /** Uses of buffers for which evicting all others made no room. */
  readonly fallbacks: number;
  /** Buffers evicted to make room. */
  readonly evictions: number;
  /** Bytes copied in: of buffers that were inside before. */
  readonly bytesIn: number;
  /** Bytes copied out, by evictions. */
  readonly bytesOut: number;
}

const MEMORY_TYPE = "vram";

/** The buffers of the model: what policies may ask of a buffer. */
function viewsOf(pages: readonly number[]): BufferView[] {
  return pages.map((pages, id) =>
    ({
      id,
      pages,
      bytes: pages * PAGE_SIZE,
      priority: 0,
      clean: false,
      memoryType: MEMORY_TYPE,
    }) as unknown as BufferView
  );
}

/**
 * Runs a trace through a policy and a memory type that only counts pages: no addresses, no time, and no other memory
 * types. The buffers of a submission come in one after the other and do not evict each other. With `hints` the policy is
 * told what will be used.
 */
export function simulate(trace: Trace, room: number, policy: EvictionPolicy, hints?: HintOptions): Figures {
  const { pages, steps } = trace;
  const feed = hints === undefined ? null : new HintFeed(trace, room, policy, hints);
  const views = viewsOf(pages);
  const inside = new Uint8Array(pages.length);
  const hasContents = new Uint8Array(pages.length);
  /** The last submission that used a buffer. */
  const usedBy = new Int32Array(pages.length).fill(-1);
  let [free, turn, hits, misses, fallbacks, evictions, pagesIn, pagesOut] = [room, 0, 0, 0, 0, 0, 0, 0];

  function makeRoom(number: number, submission: number): boolean {
    const wanted = pages[number] as number;
    if (free >= wanted || wanted > room) return free >= wanted;
    const first = (byHints: boolean) => {
      const walk = policy.candidates(MEMORY_TYPE, views[number], !byHints);
      let other = walk.next();
      while (other >= 0 && usedBy[other] === submission) other = walk.next();
      walk.close();
      return other;
    };
    const walk = policy.candidates(MEMORY_TYPE, views[number], feed?.areFollowed === false);
    for (let victim = walk.next(); victim >= 0 && free < wanted; victim = free < wanted ? walk.next() : -1) {
      if (usedBy[victim] === submission) continue;
      feed?.evicts(victim, first);
      inside[victim] = 0;
      free += pages[victim] as number;
      pagesOut += pages[victim] as number;
      evictions++;
      policy.remove(victim, "evicted");
      feed?.removed(victim);
    }
    walk.close();
    return free >= wanted;
  }

  function use(number: number, submission: number): void {
    if (inside[number] === 1) hits++;
    else if (makeRoom(number, submission)) {
      misses++;
      free -= pages[number] as number;
      if (hasContents[number] === 1) pagesIn += pages[number] as number;
      inside[number] = 1;
      policy.insert(number, views[number] as BufferView, MEMORY_TYPE);
      feed?.inserted(number);
    } else fallbacks++;
    hasContents[number] = 1;
  }

  for (const [at, step] of steps.entries()) {
    if ("freed" in step) {
      feed?.freed(step.freed);
      if (inside[step.freed] === 0) continue;
      inside[step.freed] = 0;
      free += pages[step.freed] as number;
      policy.remove(step.freed, "freed");
      feed?.removed(step.freed);
      continue;
    }
    feed?.before(turn);
    turn += step.uses.length;
    for (const number of step.uses) usedBy[number] = at;
    for (const number of step.uses) use(number, at);
    for (const number of step.uses) if (inside[number] === 1) policy.touch(number);
    feed?.used(step.uses);
  }
  return { hits, misses, fallbacks, evictions, bytesIn: pagesIn * PAGE_SIZE, bytesOut: pagesOut * PAGE_SIZE };
}
