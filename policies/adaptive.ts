import { type BufferView, type EvictionCursor, type EvictionPolicy, lru, type RemovalReason } from "@ttm/core";
import { Contest } from "./contest.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import { type ReuseOrder, ReusePool } from "./pools/reuse_pool.ts";
import { reuse } from "./reuse.ts";

/**
 * The recommended policy if nothing is known of the uses: follows `reuse()` or `lru()`, whichever would have brought in
 * fewer bytes lately, for each memory type by itself. Small shadows of both, which see a sample of the buffers, tell.
 * Loops, also with other uses in between, and buffers of unequal popularity are for `reuse()`; where the set of used
 * buffers changes, `lru()` is better. Each step takes the same time, however many buffers there are.
 *
 * Its parts cite their sources: {@linkcode reuse}, and `contest.ts`. With hints: `lookahead(adaptive())`.
 *
 * @returns A policy for one device.
 *
 * @example Layers in turn that do not fit
 * ```ts
 * import { assert } from "@std/assert";
 * import { BoDevice, lru, PAGE_SIZE, SimulatedClock } from "@ttm/core";
 * import { firstFit } from "@ttm/first-fit";
 * import { adaptive } from "@ttm/policies";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * async function bytesMoved(policy = lru()): Promise<number> {
 *   const driver = new RadeonSim({ vram: 12 * PAGE_SIZE, gtt: 32 * PAGE_SIZE });
 *   const managers = { vram: firstFit(), gtt: firstFit() };
 *   const device = new BoDevice({ driver, managers, policy, clock: new SimulatedClock() });
 *   const placement = { placement: [{ memoryType: "vram" }] };
 *   const layers = Array.from({ length: 16 }, () => device.createBuffer({ bytes: PAGE_SIZE }));
 *   for (let round = 0; round < 12; round++) {
 *     for (const buffer of layers) await device.submit([{ buffer, placement }], () => {});
 *   }
 *   return driver.bytesMoved;
 * }
 * assert(await bytesMoved(adaptive()) < await bytesMoved() / 2);
 * ```
 */
export function adaptive(): EvictionPolicy {
  return new Adaptive();
}

const makers: readonly (() => EvictionPolicy)[] = [lru, reuse];
/** What to follow, as the contest numbers its policies. */
const orders: readonly ReuseOrder[] = ["last use", "next use"];
const NEXT_USE = 1;

class Adaptive implements EvictionPolicy {
  readonly name = "adaptive";
  readonly #pools: PoolPolicy<ReusePool> = new PoolPolicy("adaptive", (entries) => new ReusePool(entries));
  /** Those of memory types in which room was looked for. */
  readonly #contests: Map<string, Contest> = new Map();
  readonly #buffers: BufferView[] = [];
  readonly #typeOf: string[] = [];
  /** The number of each entry in the sample of its memory type, -1 if it is not part of it. */
  readonly #samples: number[] = [];

  insert(entry: number, buffer: BufferView, memoryType: string): void {
    this.#pools.insert(entry, buffer, memoryType);
    this.#buffers[entry] = buffer;
    this.#typeOf[entry] = memoryType;
    this.#samples[entry] = this.#contests.get(memoryType)?.admit(buffer) ?? -1;
  }

  touch(entry: number): void {
    this.#pools.touch(entry);
    const sample = this.#samples[entry] as number;
    if (sample < 0) return;
    const type = this.#typeOf[entry] as string;
    // Otherwise its buffer has left, and a copy out of it is pending.
    if (this.#buffers[entry]?.memoryType === type) this.#contests.get(type)?.use(sample);
  }

  remove(entry: number, why: RemovalReason): void {
    this.#pools.remove(entry, why);
    const sample = this.#samples[entry] as number;
    if (sample >= 0 && why === "freed") this.#contests.get(this.#typeOf[entry] as string)?.forget(sample);
  }

  candidates(memoryType: string, newcomer?: BufferView): EvictionCursor {
    const pools = this.#pools.poolsOf(memoryType);
    let [count, pages] = [0, 0];
    for (const pool of pools) {
      count += pool?.count ?? 0;
      pages += pool?.pages ?? 0;
    }
    let contest = this.#contests.get(memoryType);
    if (contest === undefined || contest.isOutdated(count, pages)) {
      contest = this.#begin(memoryType, new Contest(makers, count, pages, contest?.best ?? NEXT_USE));
    }
    const wanted = orders[contest.best] as ReuseOrder;
    for (const pool of pools) if (pool !== undefined) pool.wanted = wanted;
    return this.#pools.candidates(memoryType, newcomer);
  }

  order(memoryType: string): Iterable<number> {
    return this.#pools.order(memoryType);
  }

  /** Begins a contest with the buffers that are there, as if each had been used once, the one longest ago first. */
  #begin(memoryType: string, contest: Contest): Contest {
    for (const pool of this.#pools.poolsOf(memoryType)) {
      for (const entry of pool?.byLastUse() ?? []) {
        const sample = contest.admit(this.#buffers[entry] as BufferView);
        this.#samples[entry] = sample;
        if (sample >= 0) contest.use(sample);
      }
    }
    this.#contests.set(memoryType, contest);
    return contest;
  }
}
