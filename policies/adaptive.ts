import { type BufferView, type EvictionCursor, type EvictionPolicy, lru, type RemovalReason } from "@ttm/core";
import { Contest } from "./contest.ts";
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

const REUSE = 1;
const makers: readonly (() => EvictionPolicy)[] = [lru, reuse];

/** What is known of a memory type. */
class Type {
  readonly name: string;
  residents = 0;
  pages = 0;
  /** There is none before the first search for room. */
  contest: Contest | null = null;

  constructor(name: string) {
    this.name = name;
  }
}

class Adaptive implements EvictionPolicy {
  readonly name = "adaptive";
  readonly #lru: EvictionPolicy = lru();
  readonly #reuse: EvictionPolicy = reuse();
  readonly #types: Type[] = [];
  readonly #typeOf: Type[] = [];
  readonly #buffers: BufferView[] = [];
  /** The number of each entry in the sample of its memory type, -1 if it is not part of it. */
  readonly #samples: number[] = [];

  insert(entry: number, buffer: BufferView, memoryType: string): void {
    const type = this.#typeNamed(memoryType);
    type.residents++;
    type.pages += buffer.pages;
    this.#typeOf[entry] = type;
    this.#buffers[entry] = buffer;
    this.#samples[entry] = type.contest === null ? -1 : type.contest.admit(buffer);
    this.#lru.insert(entry, buffer, memoryType);
    this.#reuse.insert(entry, buffer, memoryType);
  }

  touch(entry: number): void {
    this.#lru.touch(entry);
    this.#reuse.touch(entry);
    const sample = this.#samples[entry] as number;
    if (sample < 0) return;
    const type = this.#typeOf[entry] as Type;
    // Otherwise its buffer has left, and a copy out of it is pending.
    if (this.#buffers[entry]?.memoryType === type.name) type.contest?.use(sample);
  }

  remove(entry: number, why: RemovalReason): void {
    this.#lru.remove(entry, why);
    this.#reuse.remove(entry, why);
    const type = this.#typeOf[entry] as Type;
    type.residents--;
    type.pages -= (this.#buffers[entry] as BufferView).pages;
    const sample = this.#samples[entry] as number;
    if (sample >= 0 && why === "freed") type.contest?.forget(sample);
  }

  candidates(memoryType: string, newcomer?: BufferView): EvictionCursor {
    const type = this.#typeNamed(memoryType);
    if (type.contest === null || type.contest.isOutdated(type.residents, type.pages)) this.#begin(type);
    return this.#followed(type).candidates(memoryType, newcomer);
  }

  order(memoryType: string): Iterable<number> {
    const policy = this.#followed(this.#typeNamed(memoryType));
    return policy === this.#reuse ? policy.order?.(memoryType) ?? [] : walked(policy, memoryType);
  }

  /** Begins a contest with the buffers that are there, as if each had been used once, the one longest ago first. */
  #begin(type: Type): void {
    const shadows = makers.map((make) => make());
    const contest = new Contest(shadows, type.residents, type.pages, type.contest?.best ?? REUSE);
    for (const entry of walked(this.#lru, type.name)) {
      const sample = contest.admit(this.#buffers[entry] as BufferView);
      this.#samples[entry] = sample;
      if (sample >= 0) contest.use(sample);
    }
    type.contest = contest;
  }

  #followed({ contest }: Type): EvictionPolicy {
    return contest === null || contest.best === REUSE ? this.#reuse : this.#lru;
  }

  #typeNamed(name: string): Type {
    for (const type of this.#types) if (type.name === name) return type;
    const made = new Type(name);
    this.#types.push(made);
    return made;
  }
}

/** The order of a policy whose walks change nothing. */
function* walked(policy: EvictionPolicy, memoryType: string): Generator<number> {
  const walk = policy.candidates(memoryType);
  for (let entry = walk.next(); entry >= 0; entry = walk.next()) yield entry;
  walk.close();
}
