import { randomNumbers, shuffled } from "../workloads/random.ts";
import type { Trace } from "./trace.ts";

const BUFFERS = 10_000;
const MOST_PAGES = 64;
/** VRAM is meant to have this share of all pages. */
export const ROOM = 0.25;

/** Makes a trace; the same seed gives the same one. */
export type Pattern = (seed: number) => Trace;

/**
 * Access patterns as papers on caches use them, on 10,000 buffers of 1 to 64 pages, each size as likely as the next. All
 * buffers are used once before.
 */
export const patterns: Readonly<Record<string, Pattern>> = {
  ...Object.fromEntries([0.8, 0.9, 1, 1.1, 1.2].map((exponent) => [`zipf-${exponent}`, zipf(exponent)])),
  "loop": (seed) => {
    const { pool, trace } = begin("loop", seed);
    const round = pool.take(1.15);
    return trace(Array.from({ length: 60 }, () => round).flat());
  },
  "loop-and-cache": (seed) => {
    const { pool, trace } = begin("loop-and-cache", seed);
    const round = pool.take(1);
    const cached = draws(pool.take(0.15), 0.9, pool.random);
    const uses = round.flatMap((layer) => [layer, 0, 0, 0, 0]);
    return trace(
      Array.from({ length: 30 }, () => uses.map((layer, at) => at % 5 === 0 ? layer : cached())).flat(),
    );
  },
  "scan": (seed) => {
    const { pool, trace } = begin("scan", seed);
    const cached = draws(pool.take(0.8), 0.9, pool.random);
    const scanned = pool.take(3);
    return trace(Array.from({ length: 10 }, () => scanned.flatMap((buffer) => [buffer, cached(), cached()])).flat());
  },
  "phases": phases,
  "phases-that-fit": (seed) => {
    const { pool, trace } = begin("phases-that-fit", seed);
    const phase = () => {
      pool.refill();
      const round = pool.take(0.9);
      return Array.from({ length: 5 }, () => round).flat();
    };
    return trace(Array.from({ length: 15 }, phase).flat());
  },
  "moving": (seed) => {
    const { pool, trace } = begin("moving", seed);
    const order = pool.take(Infinity);
    const inUse = (turn: number) => Math.floor(turn / 5) + Math.floor(ROOM * BUFFERS * pool.random());
    return trace(Array.from({ length: 200_000 }, (_, turn) => order[inUse(turn) % BUFFERS] as number));
  },
};

/** Draws by Zipf's law over all buffers: the one in place k of a shuffled order as often as 1 / k ** exponent. */
function zipf(exponent: number): Pattern {
  return (seed) => {
    const { pool, trace } = begin(`zipf-${exponent}`, seed);
    const draw = draws(pool.take(Infinity), exponent, pool.random);
    return trace(Array.from({ length: 200_000 }, draw));
  };
}

/**
 * Phases that follow each other: half of them draw from a new set of buffers by Zipf's law, a third use buffers once, the
 * others go round a loop a few times. Most are larger than VRAM.
 */
function phases(seed: number): Trace {
  const { pool, trace } = begin("phases", seed);
  const { random } = pool;
  const between = (least: number, most: number) => least + (most - least) * random();
  const uses: number[] = [];
  while (uses.length < 200_000) {
    pool.refill();
    const kind = Math.floor(6 * random());
    if (kind < 3) {
      const draw = draws(pool.take(between(0.6, 2.4)), between(0.6, 1), random);
      uses.push(...Array.from({ length: between(4000, 12_000) }, draw));
    } else if (kind < 5) uses.push(...pool.take(between(1, 3)));
    else {
      const round = pool.take(between(0.4, 2));
      for (let rounds = between(2, 4); rounds > 0; rounds--) uses.push(...round);
    }
  }
  return trace(uses.slice(0, 200_000));
}

/** Buffers of which some can be taken at random. */
class Pool {
  readonly random: () => number;
  readonly #pages: readonly number[];
  readonly #room: number;
  #left: number[] = [];

  constructor(pages: readonly number[], random: () => number) {
    this.random = random;
    this.#pages = pages;
    this.#room = ROOM * pages.reduce((sum, size) => sum + size, 0);
    this.refill();
  }

  refill(): void {
    this.#left = shuffled([...this.#pages.keys()], this.random);
  }

  /** Takes buffers out that are so many times as large as VRAM, or all that are left. */
  take(share: number): number[] {
    let pages = 0;
    const end = this.#left.findIndex((buffer) => (pages += this.#pages[buffer] as number) > share * this.#room);
    return this.#left.splice(0, end < 0 ? Infinity : end);
  }
}

function begin(name: string, seed: number): { readonly pool: Pool; readonly trace: (uses: number[]) => Trace } {
  const random = randomNumbers(seed);
  const pages = Array.from({ length: BUFFERS }, () => 1 + Math.floor(MOST_PAGES * random()));
  return {
    pool: new Pool(pages, random),
    trace: (uses) => ({
      name,
      pages,
      steps: [...pages.keys(), ...uses].map((buffer) => ({ uses: [buffer] })),
      peak: pages.reduce((sum, size) => sum + size, 0),
    }),
  };
}

/** Draws one of some buffers by Zipf's law. */
function draws(buffers: readonly number[], exponent: number, random: () => number): () => number {
  const cumulated: number[] = [];
  let total = 0;
  for (let rank = 1; rank <= buffers.length; rank++) cumulated.push(total += rank ** -exponent);
  return () => {
    const wanted = random() * total;
    let [low, high] = [0, cumulated.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((cumulated[middle] as number) < wanted) low = middle + 1;
      else high = middle;
    }
    return buffers[low] as number;
  };
}
