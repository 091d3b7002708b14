import type { Dice } from "./dice.ts";
import type { Operation, Place, State } from "./operations.ts";
import type { Profile } from "./profiles.ts";
import { BUSY_MEMORY, FULL_MEMORY, SYSTEM, TT, VRAM } from "./rows.ts";

/** Chooses operations from the state after the last one. */
export interface Chooser {
  /** The next operation; undefined if there is no object for the chosen one. */
  choose(): Operation | undefined;
  /** Takes the result of the operation. */
  after(operation: Operation, state: State): void;
}

const [CONTIGUOUS, TOPDOWN, TEMPORARY, DESIRED, FALLBACK] = [1, 2, 4, 8, 16] as const;

/** A number of pages; sometimes as many as VRAM has, or more than a memory type has. */
export function size(dice: Dice, { big, over, tt, vram }: Profile): number {
  if (dice.chance(over)) {
    const whole = tt > 0 && dice.chance(0.4) ? tt : vram;
    return whole + dice.between(1, Math.max(1, whole >> 1));
  }
  if (dice.chance(big)) return dice.between(1, vram + 2);
  const top = Math.floor(vram / dice.pick([16, 8, 4, 3]));
  return dice.between(1, Math.max(1, Math.min(top, vram <= 300 ? 60 : 200)));
}

/** A priority. */
export function priority(dice: Dice, { prios }: Profile): number {
  return prios > 1 ? dice.below(prios) : 0;
}

/** An alignment. */
export function alignment(dice: Dice, { aligns }: Profile): number {
  return dice.chance(aligns) ? dice.pick([1, 2, 4, 8, 16, 3]) : 0;
}

/** Up to three places; none at all, a purge, with the probability given. */
export function placement(dice: Dice, profile: Profile, purge = 0): Place[] {
  if (dice.chance(purge)) return [];
  const count = Number(dice.weighted({ 1: 60, 2: 32, 3: 8 }));
  const places = Array.from({ length: count }, () => place(dice, profile));
  if (count > 1 && dice.chance(0.6)) {
    places[count - 1] = place(dice, profile, profile.tt > 0 ? dice.pick([SYSTEM, TT]) : SYSTEM);
  }
  return places;
}

function place(dice: Dice, profile: Profile, memory = someMemory(dice, profile)): Place {
  const pages = memory === VRAM ? profile.vram : memory === TT ? profile.tt : 0;
  const [low, high] = pages > 0 && dice.chance(profile.range) ? bounds(dice, pages) : [0, 0];
  let flags = 0;
  if (memory === VRAM || memory === TT) {
    flags = TOPDOWN * dice.bit(profile.topdown) + CONTIGUOUS * dice.bit(profile.contiguous);
  }
  flags += TEMPORARY * dice.bit(profile.temporary);
  if (dice.chance(profile.desired)) flags += DESIRED;
  else if (dice.chance(memory === SYSTEM ? profile.fallback * 2 : profile.fallback / 3)) flags += FALLBACK;
  return [memory, low, high, flags];
}

function someMemory(dice: Dice, { mock, tt }: Profile): number {
  if (dice.chance(mock)) return dice.pick([BUSY_MEMORY, BUSY_MEMORY, FULL_MEMORY]);
  return Number(dice.weighted({ [VRAM]: 6, [TT]: tt > 0 ? 3 : 0, [SYSTEM]: 2 }));
}

function bounds(dice: Dice, pages: number): [number, number] {
  let [low, high] = dice.range(0, pages);
  if (high - low < 4) [low, high] = [0, Math.max(1, pages >> 1)];
  if (dice.chance(0.3)) low = 0;
  else if (dice.chance(0.2)) high = 0;
  return [low, high];
}
