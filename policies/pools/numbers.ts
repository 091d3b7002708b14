const INITIAL = 64;
const NONE = -1;

/**
 * A map from buffer numbers to whole numbers from 0, in one typed array with linear probing (D. E. Knuth, "The Art of
 * Computer Programming" 3, 6.4): a fraction of the time of a `Map`, and policies look a buffer up at each miss.
 */
export class Numbers {
  // A key and its value side by side; NONE as a key marks a free place.
  #cells: Int32Array = new Int32Array(2 * INITIAL).fill(NONE);
  #size = 0;

  /** How many keys there are. */
  get size(): number {
    return this.#size;
  }

  /** The value of a key, -1 if it is not there. */
  get(key: number): number {
    const cells = this.#cells;
    return cells[this.#placeOf(key) + 1] as number;
  }

  /** Sets the value of a key. */
  set(key: number, value: number): void {
    let place = this.#placeOf(key);
    if (this.#cells[place] === NONE) {
      if (4 * ++this.#size > this.#cells.length) {
        this.#grow();
        place = this.#placeOf(key);
      }
      this.#cells[place] = key;
    }
    this.#cells[place + 1] = value;
  }

  /** Removes a key that is there. */
  delete(key: number): void {
    const cells = this.#cells;
    const mask = cells.length - 1;
    let hole = this.#placeOf(key);
    // The keys behind move up, unless they would come before the place where they are looked for first.
    for (let at = (hole + 2) & mask; cells[at] !== NONE; at = (at + 2) & mask) {
      const home = this.#home(cells[at] as number);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      cells[hole] = cells[at] as number;
      cells[hole + 1] = cells[at + 1] as number;
      hole = at;
    }
    cells[hole] = cells[hole + 1] = NONE;
    this.#size--;
  }

  #home(key: number): number {
    return (Math.imul(key, 0x9e3779b1) >>> 1) & (this.#cells.length - 2);
  }

  #placeOf(key: number): number {
    const cells = this.#cells;
    const mask = cells.length - 1;
    let place = this.#home(key);
    while (cells[place] !== key && cells[place] !== NONE) place = (place + 2) & mask;
    return place;
  }

  #grow(): void {
    const old = this.#cells;
    this.#cells = new Int32Array(2 * old.length).fill(NONE);
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] === NONE) continue;
      const place = this.#placeOf(old[at] as number);
      this.#cells[place] = old[at] as number;
      this.#cells[place + 1] = old[at + 1] as number;
    }
  }
}
