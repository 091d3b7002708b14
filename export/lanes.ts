/** Where a slice is drawn. */
export interface Slice {
  /** Its lane, from 0. */
  readonly lane: number;
  /** Where it begins, in nanoseconds. */
  readonly begin: number;
  /** Where it ends, in nanoseconds; at least one after `begin`, so that it can be seen and arrows can point at it. */
  readonly end: number;
}

interface Lane {
  /** When the last thing on the lane was over. */
  over: number;
  /** Where its slice ends, which may be a few nanoseconds later. */
  drawn: number;
}

/** Lays slices that begin one after another on lanes, so that those of one lane never overlap. */
export class Lanes {
  readonly #lanes: Lane[] = [];

  /** A slice on the first lane that is free. */
  place(begin: number, end: number): Slice {
    return this.#draw(this.#free(begin) ?? this.#lanes.length, begin, end);
  }

  /**
   * A slice of work that may have been queued behind other work: if no lane is free, it begins where the last slice of
   * a lane ends, provided that it ends later.
   */
  queue(begin: number, end: number): Slice {
    return this.#draw(this.#free(begin) ?? this.#free(end) ?? this.#lanes.length, begin, end);
  }

  #free(time: number): number | undefined {
    const lane = this.#lanes.findIndex(({ over }) => over <= time);
    return lane < 0 ? undefined : lane;
  }

  #draw(index: number, begin: number, end: number): Slice {
    const lane = this.#lanes[index] ??= { over: begin, drawn: begin };
    const from = Math.max(begin, lane.drawn);
    lane.over = end;
    lane.drawn = Math.max(end, from + 1);
    return { lane: index, begin: from, end: lane.drawn };
  }
}
