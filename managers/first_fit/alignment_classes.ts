/** The colour of what keeps no distance: the ends of the space, and every request if colours are not guarded. */
export const UNGUARDED = -1;

/** The class of requests without alignment or guard: its room is the size of the hole. */
export const ANY_REQUEST = 0;

const MAX_CLASSES = 16;

/**
 * The kinds of request, alignment × colour, for which the trees know exactly how much room each hole has. A class is
 * made when a search for its kind takes long without one, and stays. All 16 taken, other kinds use the class that bounds their room
 * most tightly from above, and each hole that it lets through has to be tried.
 */
export class AlignmentClasses {
  #alignments: number[] = [1];
  #colors: number[] = [UNGUARDED];

  /** How many there are; they are numbered from 0. */
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

  /** The class of a kind of request, or else the one that bounds its room most tightly. */
  boundFor(alignment: number, color: number): number {
    for (let i = 0; i < this.count; i++) {
      if (this.isExact(i, alignment, color)) return i;
    }
    return this.#tightestBound(alignment, color);
  }

  /** The same, but made if there is none and not all are taken: the caller compares {@linkcode AlignmentClasses.count}. */
  for(alignment: number, color: number): number {
    const bound = this.boundFor(alignment, color);
    if (this.count === MAX_CLASSES || this.isExact(bound, alignment, color)) return bound;
    this.#colors.push(color);
    return this.#alignments.push(alignment) - 1;
  }

  /** Whether a class knows the room for a kind of request, and not just a bound. */
  isExact(fitClass: number, alignment: number, color: number): boolean {
    return this.alignment(fitClass) === alignment && this.color(fitClass) === color;
  }

  // A divisor of the alignment asks for less, so its class never has less room; neither has a class without guard.
  #tightestBound(alignment: number, color: number): number {
    let best = ANY_REQUEST;
    for (let i = 1; i < this.count; i++) {
      const bounds = alignment % this.alignment(i) === 0 && (this.color(i) === color || this.color(i) === UNGUARDED);
      if (bounds && this.alignment(i) >= this.alignment(best)) best = i;
    }
    return best;
  }
}
