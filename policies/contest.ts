import type { BufferView, EvictionPolicy } from "@ttm/core";
import { Numbers } from "./pools/numbers.ts";
import { MEMORY_TYPE, Shadow } from "./shadow.ts";

/** A sample has about so many of the resident buffers; all of them if there are fewer. */
const RESIDENTS = 384;
/** A sample remembers so many times as many buffers at most, resident or not. */
const REMEMBERED = 32;
/** A sample has so many at least, as far as its changes of mind go. */
const FEWEST = 64;
/** The others have to miss so much less than the one that is followed. */
const MARGIN = 0.95;

/**
 * Which of several policies would have missed fewest bytes lately: each has a shadow, which is told
 * the uses of a sample of the buffers and has the same part of the room (C. A. Waldspurger, T. Saemundsson, I. Ahmad,
 * N. Park, "Cache Modeling and Optimization using Miniature Simulations", USENIX ATC 2017).
 */
export class Contest {
  /** The one to follow, by number. */
  best: number;
  #uses = 0;
  readonly #shadows: readonly Shadow[];
  readonly #views: BufferView[] = [];
  readonly #entries: Numbers = new Numbers();
  /** One in 2 ** shift buffers is in the sample. */
  readonly #shift: number;
  /** Resident buffers in the sample, and in all when it was taken. */
  readonly #residents: number;
  readonly #before: number;
  readonly #room: number;

  /** For so many resident buffers on so many pages; `best` is followed until one is better. */
  constructor(makers: readonly (() => EvictionPolicy)[], residents: number, room: number, best: number) {
    this.#shift = Math.max(0, Math.ceil(Math.log2(residents / RESIDENTS)));
    this.#residents = Math.max(FEWEST, residents >> this.#shift);
    this.#before = residents;
    this.#room = room;
    this.best = best;
    this.#shadows = makers.map((make) => new Shadow(make(), this.#views, room >> this.#shift));
  }

  /** The number of a buffer in the sample, -1 if it is not part of it. */
  admit(id: number, pages: number): number {
    if (this.#shift > 0 && Math.imul(id + 1, 0x9e3779b1) >>> (32 - this.#shift) !== 0) return -1;
    const known = this.#entries.get(id);
    if (known >= 0) return known;
    const entry = this.#views.push({ id, pages, priority: 0, clean: false, memoryType: MEMORY_TYPE } as BufferView) - 1;
    this.#entries.set(id, entry);
    return entry;
  }

  /** A buffer of the sample is used. */
  use(entry: number): void {
    for (const shadow of this.#shadows) shadow.use(entry);
    // Misses weigh half as much after as many uses as there are buffers.
    if (++this.#uses % this.#residents === 0) { for (const shadow of this.#shadows) shadow.missed /= 2; }
    for (let at = 0; at < this.#shadows.length; at++) {
      if (this.#missed(at) < MARGIN * this.#missed(this.best)) this.best = at;
    }
  }

  /** A buffer of the sample has gone for good. */
  forget(entry: number): void {
    for (const shadow of this.#shadows) shadow.forget(entry);
  }

  /** Whether a new sample should be taken: this one has grown too large, or is not one of so many or of so much room. */
  isOutdated(residents: number, room: number): boolean {
    if (this.#uses < this.#residents) return false;
    const [before, most] = [this.#before, REMEMBERED * this.#residents];
    return this.#views.length > most || Math.abs(room - this.#room) > this.#room / 4 ||
      residents > 4 * before || 4 * residents < before;
  }

  #missed(at: number): number {
    return (this.#shadows[at] as Shadow).missed;
  }
}
