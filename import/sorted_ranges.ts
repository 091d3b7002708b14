/** A range of addresses. */
export interface Range {
  /** Its first byte. */
  readonly start: number;
  /** Its size in bytes. */
  readonly bytes: number;
}

const MOST_IN_RUN = 512;

/** Ranges by address, in runs that are short enough to insert into. */
export class SortedRanges {
  readonly #runs: Range[][] = [[]];

  /** The range that begins last at or before the address. */
  floor(address: number): Range | undefined {
    const run = this.#runs[this.#runOf(address)] as Range[];
    return run[after(run, address) - 1];
  }

  /** Adds a range; none may begin at the same address. */
  add(range: Range): void {
    const index = this.#runOf(range.start);
    const run = this.#runs[index] as Range[];
    run.splice(after(run, range.start), 0, range);
    if (run.length > MOST_IN_RUN) this.#runs.splice(index + 1, 0, run.splice(MOST_IN_RUN / 2));
  }

  /** Removes the range that begins at the address, and returns it; undefined if there is none. */
  remove(address: number): Range | undefined {
    const index = this.#runOf(address);
    const run = this.#runs[index] as Range[];
    const at = after(run, address) - 1;
    if (run[at]?.start !== address) return undefined;
    const [removed] = run.splice(at, 1);
    if (run.length === 0 && this.#runs.length > 1) this.#runs.splice(index, 1);
    return removed;
  }

  /** The run whose ranges lie around the address: the last that begins at or before it, or the first. */
  #runOf(address: number): number {
    let [low, high] = [0, this.#runs.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#runs[middle]?.[0]?.start ?? 0) <= address) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** How many ranges of a run begin at or before the address. */
function after(run: readonly Range[], address: number): number {
  let [low, high] = [0, run.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((run[middle] as Range).start <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
