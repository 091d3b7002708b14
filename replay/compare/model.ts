import { type BufferView, type EvictionCursor, type EvictionPolicy, PAGE_SIZE, type RemovalReason } from "@ttm/core";
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

/** The first entry of a walk that may leave, -1 if there is none. */
function firstOf(walk: EvictionCursor, mayLeave: (entry: number) => boolean): number {
  let entry = walk.next();
  while (entry >= 0 && !mayLeave(entry)) entry = walk.next();
  walk.close();
  return entry;
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
  const [inside, hasContents] = [new Uint8Array(pages.length), new Uint8Array(pages.length)];
  const lastSubmissionOf = new Int32Array(pages.length).fill(-1);
  let [free, turn, hits, misses, fallbacks, evictions, pagesIn, pagesOut] = [room, 0, 0, 0, 0, 0, 0, 0];

  function leave(number: number, why: RemovalReason): void {
    inside[number] = 0;
    free += pages[number] as number;
    policy.remove(number, why);
    feed?.removed(number);
  }

  function makeRoom(number: number, submission: number): boolean {
    const wanted = pages[number] as number;
    if (free >= wanted || wanted > room) return free >= wanted;
    const mayLeave = (other: number) => lastSubmissionOf[other] !== submission;
    const first = (byHints: boolean) => firstOf(policy.candidates(MEMORY_TYPE, views[number], !byHints), mayLeave);
    const walk = policy.candidates(MEMORY_TYPE, views[number], feed?.areFollowed === false);
    for (let victim = walk.next(); victim >= 0 && free < wanted; victim = free < wanted ? walk.next() : -1) {
      if (!mayLeave(victim)) continue;
      feed?.evicts(victim, first);
      pagesOut += pages[victim] as number;
      evictions++;
      leave(victim, "evicted");
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
      if (inside[step.freed] === 1) leave(step.freed, "freed");
      continue;
    }
    feed?.before(turn);
    turn += step.uses.length;
    for (const number of step.uses) lastSubmissionOf[number] = at;
    for (const number of step.uses) use(number, at);
    for (const number of step.uses) if (inside[number] === 1) policy.touch(number);
    feed?.used(step.uses);
  }
  return { hits, misses, fallbacks, evictions, bytesIn: pagesIn * PAGE_SIZE, bytesOut: pagesOut * PAGE_SIZE };
}
