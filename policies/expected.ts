/** Entries whose next use is expected, by turn. */
export class Expected {
  /** From the earliest turn to the last; equal turns by entry. */
  #entries: number[] = [];
  #turns: Map<number, number> = new Map();

  /** Adds an entry that is not in it. */
  add(entry: number, turn: number): void {
    this.#turns.set(entry, turn);
    this.#entries.splice(this.#firstFrom(turn, entry), 0, entry);
  }

  /** Removes an entry that is in it. */
  remove(entry: number): void {
    this.#entries.splice(this.#firstFrom(this.#turns.get(entry) ?? Infinity, entry), 1);
    this.#turns.delete(entry);
  }

  /** All entries, the one with the last turn first; entries may come and go meanwhile. */
  *backwards(): Generator<number, undefined> {
    for (let at = this.#entries.length - 1; at >= 0;) {
      const entry = this.#entries[at] as number;
      const turn = this.#turns.get(entry) as number;
      yield entry;
      at = this.#firstFrom(turn, entry) - 1;
    }
  }

  /** The index of the first entry that comes at or after a turn and entry. */
  #firstFrom(turn: number, entry: number): number {
    let [low, high] = [0, this.#entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#entries[middle] as number;
      const otherTurn = this.#turns.get(other) as number;
      if (otherTurn < turn || (otherTurn === turn && other < entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
