/** What a hint with mistakes is made of. */
export interface Coming {
  /** All uses of the trace. */
  readonly uses: readonly number[];
  /** The uses that a hint without mistakes names: from here to there. */
  readonly from: number;
  readonly to: number;
  /** The size of each buffer, in pages. */
  readonly pages: readonly number[];
}

/** Makes a hint of which so many in a hundred are right, 0 to 1. */
type Mistakes = (coming: Coming, right: number, random: () => number) => readonly number[];

/** Parts of a hint, of which each is old or not. */
const PARTS = 8;

/** Ways in which a program may be mistaken. */
export const mistakes: Readonly<Record<string, Mistakes>> = {
  "other": (coming, right, random) =>
    named(coming).map((buffer) => random() < right ? buffer : below(coming.pages.length, random)),
  "same-size": (coming, right, random) => {
    const alike = Map.groupBy(coming.pages.keys(), (buffer) => coming.pages[buffer]);
    return named(coming).map((buffer) => {
      if (random() < right) return buffer;
      const others = alike.get(coming.pages[buffer]) as number[];
      return others[below(others.length, random)] as number;
    });
  },
  "missing": (coming, right, random) => named(coming).filter(() => random() < right),
  "extra": (coming, right, random) =>
    named(coming).flatMap((buffer) => random() < right ? [buffer] : [below(coming.pages.length, random), buffer]),
  "order": (coming, right, random) => {
    const order = named(coming);
    for (const at of order.keys()) {
      const other = random() < right ? at : below(order.length, random);
      [order[at], order[other]] = [order[other] as number, order[at] as number];
    }
    return order;
  },
  "late": ({ uses, from, to }, right) => {
    const late = Math.round((1 - right) * (to - from));
    return uses.slice(Math.max(0, from - late), to - late);
  },
  "old-phase": ({ uses, from, to }, right, random) => {
    const length = Math.ceil((to - from) / PARTS);
    return Array.from({ length: PARTS }, (_, part) => {
      const at = from + part * length - (random() < right ? 0 : to - from);
      return uses.slice(Math.max(0, at), Math.max(0, Math.min(to, at + length)));
    }).flat();
  },
};

function named({ uses, from, to }: Coming): number[] {
  return uses.slice(from, to);
}

function below(limit: number, random: () => number): number {
  return Math.floor(random() * limit);
}
