import { Numbers } from "./pools/numbers.ts";

/** Longer loops are not recognised. A power of two. */
export const LONGEST: number = 1 << 16;

/**
 * The last uses of the buffers of one memory type, and the loop that they follow, if they do. Uses are numbered. Each
 * use costs the same, however long the loop is.
 */
export class UseHistory {
  /** The number of the next use. */
  time = 0;
  /** The length of the loop that the latest uses may follow, in uses; 0 if there was no repetition yet. */
  period = 0;
  /** Whether the loop has been seen twice, and since then without many exceptions. */
  isLoop = false;
  /** Of how many uses late it is known that they repeat the loop; at most its length. */
  #repeated = 0;
  #ids: number[] = [];
  /** For each use, the next use of the same buffer, as far as it is known. */
  #again: number[] = [];
  /** The slot of the latest use of each buffer. */
  #latest: Numbers = new Numbers();

  /** Takes note of a use of the buffer with this id. */
  use(id: number): void {
    const now = this.time++;
    const slot = now % LONGEST;
    const oldest = this.#ids[slot];
    if (oldest !== undefined && this.#latest.get(oldest) === slot) this.#latest.delete(oldest);
    const before = this.#latestUse(id);
    if (before >= 0) this.#again[before % LONGEST] = now;
    this.#follow(id, now, before);
    this.#ids[slot] = id;
    this.#again[slot] = Infinity;
    this.#latest.set(id, slot);
  }

  /** The number of the next use of a buffer if the loop goes on; Infinity if it had no use in it. */
  next(id: number): number {
    const latest = this.#latestUse(id);
    if (latest < 0) return Infinity;
    const round = latest - this.period;
    const isKnown = round >= 0 && round > this.time - LONGEST && this.#ids[round % LONGEST] === id;
    const next = (isKnown ? this.#again[round % LONGEST] as number : latest) + this.period;
    return next < this.time ? Infinity : next;
  }

  /** The number of the latest use of a buffer, -1 if there was none. */
  #latestUse(id: number): number {
    const slot = this.#latest.get(id);
    return slot < 0 ? -1 : this.time - 1 - ((this.time - 1 - slot) & (LONGEST - 1));
  }

  #follow(id: number, now: number, before: number): void {
    if (this.period > 0 && now >= this.period && this.#ids[(now - this.period) % LONGEST] === id) {
      this.#repeated = Math.min(this.#repeated + 1, this.period);
    } else {
      const period = before < 0 ? this.period + Math.sign(this.period) : now - before;
      // A buffer that joins the loop, or leaves it, changes its length a little.
      const isSame = Math.abs(period - this.period) <= this.period >> 3;
      this.#repeated = isSame ? Math.max(this.#repeated - (period >> 3), 1) : 1;
      this.period = Math.min(period, LONGEST - 1);
    }
    if (this.#repeated >= this.period) this.isLoop = this.period > 0;
    else if (this.#repeated < this.period >> 2) this.isLoop = false;
  }
}
