/** The colour without a guard distance: of the ends of the space, and of every request if colours are not guarded. */
export const UNGUARDED = -1;

/** The class of requests without alignment or guard: the room of a hole is its size. */
export const ANY_REQUEST = 0;

const MAX_CLASSES = 16;

/**
 * The kinds of request, alignment × colour, for which the trees store the exact room of each hole: the largest request
 * of that kind that fits into it. A class is made when a search for its kind takes long without one, and stays. Once
 * all 16 are taken, other kinds use the class with the tightest upper bound on their room, and each hole that passes
 * has to be tried.
 */
export class AlignmentClasses {
  #alignments: number[] = [1];
  #colors: number[] = [UNGUARDED];

  /** Number of classes; they are numbered from 0. */
  get count(): number {
    return this.#alignments.length;
  }

  /** The alignment of a class, at least 1. */
  alignment(fitClass: number): number {
    return this.#alignments[fitClass] as number;
  }

  /** The colour of a class, or {@linkcode UNGUARDED}. */
  color(fitClass: number): number {
    return this.#colors[fitClass] as number;
  }

  /** The class of a kind of request, or else the one with the tightest upper bound on its room. */
  boundFor(alignment: number, color: number): number {
    for (let i = 0; i < this.count; i++) {
      if (this.isExact(i, alignment, color)) return i;
    }
    return this.#tightestBound(alignment, color);
  }

  /**
   * The same, but adds a class if there is none and fewer than 16 exist: the caller compares {@linkcode
   * AlignmentClasses.count}.
   */
  for(alignment: number, color: number): number {
    const bound = this.boundFor(alignment, color);
    if (this.count === MAX_CLASSES || this.isExact(bound, alignment, color)) return bound;
    this.#colors.push(color);
    return this.#alignments.push(alignment) - 1;
  }

  /** Whether a class stores the exact room for a kind of request, and not just an upper bound. */
  isExact(fitClass: number, alignment: number, color: number): boolean {
    return this.alignment(fitClass) === alignment && this.color(fitClass) === color;
  }

  // A divisor of the alignment, or no guard, asks for less, so the room of that class is never smaller.
  #tightestBound(alignment: number, color: number): number {
    let best = ANY_REQUEST;
    for (let i = 1; i < this.count; i++) {
      const bounds = alignment % this.alignment(i) === 0 && (this.color(i) === color || this.color(i) === UNGUARDED);
      if (bounds && this.alignment(i) >= this.alignment(best)) best = i;
    }
    return best;
  }
}
