import type { BufferView, EvictionPolicy, RemovalReason } from "@ttm/core";
import type { Queue } from "./pools/entries.ts";
import { Heap } from "./pools/heap.ts";
import { Pool } from "./pools/pool.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import type { Reached } from "./pools/reached.ts";

/** What a buffer costs if it is evicted and comes back: any number above 0, in any unit. */
export type Cost = (buffer: BufferView) => number;

/** Pages that an eviction and the return copy: one way if a store has the contents, both ways if not. */
export function copiedPages({ clean, pages }: BufferView): number {
  return clean ? pages : 2 * pages;
}

/**
 * GreedyDual-Size-Frequency: evicts the buffer with the smallest cost × uses / size, plus the value of the last evicted
 * one when it was last used, by which old uses lose their weight. A step takes O(log n) time for n buffers.
 *
 * L. Cherkasova, "Improving WWW Proxies Performance with Greedy-Dual-Size-Frequency Caching Policy", HP Labs 1998.
 *
 * @param cost By default what is copied, so that fewest bytes are moved; `() => 1` for fewest moves.
 * @returns A policy for one device.
 *
 * @example Three buffers of which one was used twice, room for two
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, PAGE_SIZE, SimulatedClock } from "@ttm/core";
 * import { firstFit } from "@ttm/first-fit";
 * import { gdsf } from "@ttm/policies";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * const driver = new RadeonSim({ vram: 2 * PAGE_SIZE, gtt: 8 * PAGE_SIZE });
 * const managers = { vram: firstFit(), gtt: firstFit() };
 * const device = new BoDevice({ driver, managers, policy: gdsf(), clock: new SimulatedClock() });
 * const placement = { placement: [{ memoryType: "vram" }] };
 * const [a, b, c] = [0, 1, 2].map(() => device.createBuffer({ bytes: PAGE_SIZE }));
 * for (const buffer of [a, a, b, c]) if (buffer) await device.submit([{ buffer, placement }], () => {});
 * assertEquals([a, b, c].map((buffer) => buffer?.memoryType), ["vram", "gtt", "vram"]);
 * ```
 */
export function gdsf(cost: Cost = copiedPages): EvictionPolicy {
  return new PoolPolicy("gdsf", (entries) => new Gdsf(entries, cost));
}

class Gdsf extends Pool {
  readonly #cost: Cost;
  readonly #waiting: Heap = new Heap(this.entries);
  /** The entries of the heap. */
  readonly #rest: Queue = this.queue();
  /** Those that walks have taken from the heap and that were not evicted, in the order of their values. */
  readonly #given: Queue = this.queue();
  /** The value of the last evicted buffer. */
  #age = 0;

  constructor(entries: ConstructorParameters<typeof Pool>[0], cost: Cost) {
    super(entries);
    this.#cost = cost;
  }

  insert(entry: number): void {
    this.use(entry);
  }

  use(entry: number): void {
    if (this.#waiting.has(entry)) this.#waiting.remove(entry);
    const { buffers, counts, values } = this.entries;
    const buffer = buffers[entry] as BufferView;
    const uses = ++(counts[entry] as number);
    values[entry] = this.#age + this.#cost(buffer) * uses / buffer.pages;
    this.#wait(entry);
  }

  override remove(entry: number, why: RemovalReason): void {
    if (this.#waiting.has(entry)) this.#waiting.remove(entry);
    if (why === "evicted") this.#age = Math.max(this.#age, this.entries.values[entry] as number);
    super.remove(entry, why);
  }

  /** The values of new uses may be smaller than those of entries that an earlier search passed over. */
  override begin(): void {
    super.begin();
    for (let entry = this.#given.front; entry >= 0; entry = this.#given.front) this.#wait(entry);
  }

  victim(walk: Reached): number {
    const given = walk.front(this.#given);
    if (given >= 0 || this.#waiting.first < 0) return given;
    const next = this.#waiting.first;
    this.#waiting.remove(next);
    this.#given.push(next);
    return next;
  }

  override resemble(other: this): void {
    super.resemble(other);
    for (const entry of this.#rest) this.#waiting.add(entry);
  }

  #wait(entry: number): void {
    this.#waiting.add(entry);
    this.#rest.push(entry);
  }
}
