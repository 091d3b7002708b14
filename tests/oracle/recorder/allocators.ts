import type { Dice } from "./dice.ts";
import type { Operation, State } from "./operations.ts";
import type { Chooser } from "./pieces.ts";
import type { Profile } from "./profiles.ts";

/** The end of unlimited ranges in mm traces. */
const UNLIMITED = Number.MAX_SAFE_INTEGER;
const [EVICT, ONCE] = [3, 2 ** 31] as const;
const [RANGE, TOPDOWN, CONTIGUOUS, CLEAR, CLEARED, TRIM_DISABLE] = [1, 2, 4, 8, 16, 32] as const;

/** Family mm. */
export class Ranges implements Chooser {
  #profile: Profile;
  #dice: Dice;
  #sizes = new Map<number, number>();
  #next = 0;

  constructor(profile: Profile, dice: Dice) {
    this.#profile = profile;
    this.#dice = dice;
  }

  after({ id = 0, op, size = 0 }: Operation, { ret }: State): void {
    if (op === "remove") this.#sizes.delete(id);
    else if (ret === 0) this.#sizes.set(id, size);
  }

  choose(): Operation {
    const [dice, { color: colors, evictMode, once, reserve, size: space, start }] = [this.#dice, this.#profile];
    const used = this.#sizes.values().reduce((sum, size) => sum + size, 0);
    if (this.#sizes.size > 0 && (dice.chance(0.38) || used > space * 0.9)) {
      return { op: "remove", id: dice.pick([...this.#sizes.keys()]) };
    }
    const id = this.#next++;
    const color = colors > 0 ? dice.below(3) : 0;
    if (reserve > 0 && dice.chance(0.08)) {
      return { op: "reserve", id, start: start + dice.below(space), size: dice.between(1, 64), color };
    }
    const sizes = [dice.between(1, 48), dice.between(1, space >> 4), dice.pick([4, 8, 16])];
    const size = dice.chance(0.02) ? 0 : dice.chance(0.01) ? space + dice.between(0, 8) : dice.pick(sizes);
    const align = dice.pick([0, 1, 1, 2, 4, 8, 16, 64, 3, 12]);
    const [low, last] = dice.range(start, start + space - 1);
    const [lo, hi] = dice.chance(0.4) ? [low, last + 1] : [0, UNLIMITED];
    const mode = dice.pick([0, 0, 1, 2, ...(evictMode > 0 ? [EVICT] : [])]) + (dice.chance(once / 2) ? ONCE : 0);
    return { op: "insert", id, size, align, color, lo, hi, mode };
  }
}

/** Family buddy. */
export class Blocks implements Chooser {
  #profile: Profile;
  #dice: Dice;
  #sizes = new Map<number, number>();
  #available: number;
  #next = 0;

  constructor(profile: Profile, dice: Dice) {
    this.#profile = profile;
    this.#dice = dice;
    this.#available = profile.size;
  }

  after({ id = 0, op }: Operation, { avail = 0, blocks, ret }: State): void {
    this.#available = avail;
    const bytes = (blocks ?? []).reduce((sum, [, size = 0]) => sum + size, 0);
    if (op === "free") this.#sizes.delete(id);
    else if (ret === 0) this.#sizes.set(id, bytes);
  }

  choose(): Operation {
    const [dice, { clear, size }] = [this.#dice, this.#profile];
    if (this.#sizes.size > 0 && (dice.chance(0.4) || this.#available < size * 0.1)) {
      if (dice.chance(0.06)) return this.#trim();
      const id = dice.pick([...this.#sizes.keys()]);
      return { op: "free", id, flags: clear > 0 ? CLEARED * dice.bit(0.5) : 0 };
    }
    return this.#allocate();
  }

  #trim(): Operation {
    const [dice, { chunk }] = [this.#dice, this.#profile];
    const [id, bytes] = dice.pick([...this.#sizes]);
    const chunks = dice.between(1, Math.max(1, Math.floor(bytes / chunk)));
    const rest = dice.chance(0.05) ? 100 : 0;
    return { op: "trim", id, start: -1, new_size: Math.max(chunk, chunks * chunk - rest) };
  }

  /** Mostly valid requests; sometimes one that an allocator must refuse. */
  #allocate(): Operation {
    const [dice, { chunk, clear, size: space }] = [this.#dice, this.#profile];
    const chunks = space / chunk;
    const most = Math.max(2, Math.floor(chunks / 12));
    const wanted = dice.pick([dice.between(1, 8), dice.between(1, 64), dice.between(1, most), 2 ** dice.between(0, 7)]);
    const min = chunk << dice.pick([0, 0, 0, 1, 2, 4]);
    let size = wanted * chunk + (dice.chance(0.02) ? 100 : 0);
    if (min > size && !dice.chance(0.1)) size = min;
    const flags = TOPDOWN * dice.bit(0.15) + CONTIGUOUS * dice.bit(0.2) + TRIM_DISABLE * dice.bit(0.1) +
      (clear > 0 ? CLEAR * dice.bit(0.5) : 0);
    if ((flags & CONTIGUOUS) === 0 && size % min > 0 && !dice.chance(0.05)) size += min - size % min;
    const made = { op: "alloc", id: this.#next++, size, min };
    const [low, high] = dice.range(0, chunks).map((at) => at * chunk) as [number, number];
    const end = dice.chance(0.2) ? low + size : Math.max(high, low + chunk);
    if (!dice.chance(0.15)) return { ...made, start: 0, end: space, flags };
    return { ...made, start: end > space ? 0 : low, end: Math.min(end, space), flags: flags + RANGE };
  }
}
