import { Ghosts } from "./ghosts.ts";

const INITIAL = 64;
/** How much of the mean interval the newest one is. */
const NEWEST = 0.25;

/** When the buffers of entries were used, also of those that have been evicted. Times are counted in uses. */
export class Histories {
  /** The number of uses until now. */
  now = 0;
  /** The last use, by entry. */
  lastUse: Float64Array = new Float64Array(INITIAL);
  /** The mean interval between uses, by entry; 0 if there was only one use. */
  interval: Float64Array = new Float64Array(INITIAL);
  readonly #ghosts: Ghosts = new Ghosts();

  /** When the next use is expected. */
  dueOf(entry: number): number {
    return (this.lastUse[entry] as number) + (this.interval[entry] as number);
  }

  /** The buffer of a new entry is used. */
  begin(entry: number, id: number): void {
    if (entry >= this.lastUse.length) this.#grow(2 * entry);
    const ghost = this.#ghosts.take(id);
    if (ghost < 0) {
      this.lastUse[entry] = this.now++;
      this.interval[entry] = 0;
    } else {
      this.lastUse[entry] = this.#ghosts.first(ghost);
      this.interval[entry] = this.#ghosts.second(ghost);
      this.use(entry);
    }
  }

  /** The buffer of an entry is used again. */
  use(entry: number): void {
    const { lastUse, interval } = this;
    const newest = this.now - (lastUse[entry] as number);
    const mean = interval[entry] as number;
    interval[entry] = mean === 0 ? newest : mean + NEWEST * (newest - mean);
    lastUse[entry] = this.now++;
  }

  /** An entry was evicted: its buffer is remembered until later ones take up `room` pages. */
  leave(entry: number, id: number, pages: number, room: number): void {
    this.#ghosts.add(id, pages, room, this.lastUse[entry], this.interval[entry]);
  }

  #grow(length: number): void {
    const { lastUse, interval } = this;
    this.lastUse = new Float64Array(length);
    this.lastUse.set(lastUse);
    this.interval = new Float64Array(length);
    this.interval.set(interval);
  }
}
