import { randomNumbers } from "../../replay/workloads/random.ts";

/** Units in the space that the mixes are made for. */
export const POOL: number = 1 << 20;

/** How the sizes of a mix are drawn, and how full it keeps the pool. */
interface Recipe {
  readonly size: (random: () => number) => number;
  /** The pool is filled up to this share of its units. */
  readonly full: number;
  /** Then emptied down to this share, and so on; without it the mix stays at `full`. */
  readonly empty?: number;
}

/** The name of a mix of sizes and occupancy. */
export type MixName = "s88" | "s97" | "frag" | "pow2" | "small";

const RECIPES: Record<MixName, Recipe> = {
  s88: { size: (random) => logUniform(1, 2048, random), full: 0.88 },
  s97: { size: (random) => logUniform(1, 2048, random), full: 0.97 },
  frag: {
    size: (random) => random() < 0.95 ? logUniform(1, 16, random) : logUniform(256, 1024, random),
    full: 0.92,
    empty: 0.5,
  },
  pow2: { size: (random) => 2 ** Math.floor(random() * 12), full: 0.88 },
  small: { size: (random) => logUniform(1, 32, random), full: 0.88 },
};

/** All of them. */
export const MIX_NAMES: readonly MixName[] = Object.keys(RECIPES) as MixName[];

/**
 * Operations fixed beforehand, so that every allocator gets the same ones. Operation i allocates `sizes[i]` units and
 * keeps the node in `slots[i]`, or, if the size is 0, frees the node in that slot. An allocation that an allocator has
 * no room for leaves its slot empty, and freeing an empty slot does nothing.
 */
export interface Mix {
  readonly sizes: Int32Array;
  readonly slots: Int32Array;
  /** Slots in use at once, at most. */
  readonly slotCount: number;
}

/**
 * Draws the operations of a mix: seven allocations to three freeings of any node until the pool is as full as the
 * recipe says, and from then on a size once drawn waits until it fits, so that large ones are not crowded out. A mix
 * that empties has it the other way round on the way down. The same name, count and seed give the same operations.
 */
export function drawMix(name: MixName, count: number, seed = 1): Mix {
  const random = randomNumbers(seed);
  const { size: drawSize, full, empty = full } = RECIPES[name];
  const sizes = new Int32Array(count);
  const slots = new Int32Array(count);
  const live: { slot: number; size: number }[] = [];
  const vacant: number[] = [];
  let used = 0;
  let slotCount = 0;
  let emptying = false;
  let waiting = 0;
  for (let i = 0; i < count; i++) {
    if (emptying) emptying = used > empty * POOL;
    const allocates = live.length === 0 || random() < (emptying ? 0.3 : 0.7);
    if (allocates && waiting === 0) waiting = drawSize(random);
    if (allocates && used + waiting <= full * POOL) {
      const slot = vacant.pop() ?? slotCount++;
      live.push({ slot, size: waiting });
      used += sizes[i] = waiting;
      slots[i] = slot;
      waiting = 0;
    } else {
      if (allocates) emptying = empty < full;
      const { slot, size } = takeAny(live, random);
      vacant.push(slot);
      used -= size;
      slots[i] = slot;
    }
  }
  return { sizes, slots, slotCount };
}

/** A whole number from lowest to highest, each doubling as likely as the next. */
function logUniform(lowest: number, highest: number, random: () => number): number {
  return Math.floor(lowest * ((highest + 1) / lowest) ** random());
}

/** Takes an element out of a list that has some, whose order does not matter. */
function takeAny<T>(list: T[], random: () => number): T {
  const at = Math.floor(random() * list.length);
  const taken = list[at] as T;
  const last = list.pop() as T;
  if (at < list.length) list[at] = last;
  return taken;
}
