const LEVELS = 5;

/**
 * A set of whole numbers below 2^25 that knows its smallest: one bit for each, and in each further level one bit for 32
 * of the level below.
 */
export class SlotSet {
  #levels: readonly number[][] = Array.from({ length: LEVELS }, () => []);

  /** The smallest; Infinity if the set is empty. */
  get first(): number {
    let at = 0;
    for (let level = LEVELS - 1; level >= 0; level--) {
      const word = this.#levels[level]?.[at] ?? 0;
      if (word === 0) return Infinity;
      at = 32 * at + 31 - Math.clz32(word & -word);
    }
    return at;
  }

  add(number: number): void {
    let at = number;
    for (const words of this.#levels) {
      const bit = 1 << (at & 31);
      at >>>= 5;
      while (words.length <= at) words.push(0);
      words[at] = (words[at] as number) | bit;
    }
  }

  delete(number: number): void {
    let at = number;
    for (const words of this.#levels) {
      const bit = 1 << (at & 31);
      at >>>= 5;
      if (at >= words.length) return;
      words[at] = (words[at] as number) & ~bit;
      if (words[at] !== 0) return;
    }
  }
}
