import { type BufferView, type EvictionPolicy, lru, type RemovalReason } from "@ttm/core";
import { Contest } from "./contest.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import { ReusePool } from "./pools/reuse_pool.ts";
import { reuse } from "./reuse.ts";

/**
 * The recommended policy if nothing is known of the uses: follows `lru()`, or `reuse()` where that would have
 * brought in clearly fewer bytes lately, for each memory type and priority by itself. A small shadow of the other one,
 * which sees a sample of the buffers, tells.
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
  return new PoolPolicy("adaptive", (entries) => new AdaptivePool(entries));
}

class AdaptivePool extends ReusePool {
  /** There is none before the first search for room. */
  #contest: Contest | null = null;

  override insert(entry: number, buffer: BufferView): void {
    super.insert(entry, buffer);
    const contest = this.#contest;
    if (contest === null) return;
    const sample = this.#admit(entry, contest);
    if (sample < 0) return;
    contest.miss(sample);
    if (contest.isLost) this.#swap(contest);
  }

  override use(entry: number): void {
    super.use(entry);
    const sample = this.entries.counts[entry] as number;
    if (sample < 0 || this.#contest === null) return;
    this.#contest.use(sample);
    if (this.#contest.isLost) this.#swap(this.#contest);
  }

  override remove(entry: number, why: RemovalReason): void {
    super.remove(entry, why);
    const sample = this.entries.counts[entry] as number;
    if (sample < 0 || this.#contest === null) return;
    this.#contest.evict(sample);
    if (why === "freed") this.#contest.forget(sample);
  }

  override begin(): void {
    if (this.count === 0) return;
    if (this.#contest === null || this.#contest.isOutdated(this.count, this.pages)) this.#beginContest();
    this.wanted = this.#contest?.isWon ? "next use" : "last use";
    super.begin();
  }

  /** Shares the contest of the other one, which a search does not change. */
  override resemble(other: this): void {
    super.resemble(other);
    this.#contest = other.#contest;
  }

  #beginContest(): void {
    this.#contest = new Contest(lru(), reuse(), this.count, this.pages, this.#contest?.isWon ?? false);
    this.#admitAll(this.#contest);
    this.#contest.start();
  }

  #swap(contest: Contest): void {
    contest.swap();
    this.#admitAll(contest);
  }

  /** Brings in the buffers that are there, the one longest ago first. */
  #admitAll(contest: Contest): void {
    for (const entry of this.byLastUse()) {
      const sample = this.#admit(entry, contest);
      if (sample >= 0) contest.bringIn(sample);
    }
  }

  /** The number of an entry in the sample of the contest, -1 if it is not part of it: its count from now on. */
  #admit(entry: number, contest: Contest): number {
    const { counts, ids, pages } = this.entries;
    return counts[entry] = contest.admit(ids[entry] as number, pages[entry] as number);
  }
}
