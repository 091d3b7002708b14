import type { BufferView, EvictionPolicy } from "@ttm/core";
import { Numbers } from "./pools/numbers.ts";
import { MEMORY_TYPE, Shadow } from "./shadow.ts";

/** A sample has at most so many of the resident buffers, and half as many at least if there are more. */
const RESIDENTS = 300;
/** A sample remembers so many times as many buffers at most, resident or not. */
const REMEMBERED = 32;
/** A sample has so many at least, as far as its changes of mind go. */
const FEWEST = 128;
/** Misses are clearly fewer if they are less than this part, */
const CLEARLY = 0.9;
/** and fewer at all, not by chance, below this one. */
const AT_ALL = 0.95;
/** They are many fewer if more than the room by this number would have been missed less. */
const MANY = 32;
/** Recent misses weigh half as much after so many times fewer uses than others. */
const RECENT = 8;

/**
 * Which of two policies to follow: the usual one, or a challenger where that would have missed clearly fewer bytes. The
 * one that is not followed, the rival, has a shadow, which is told the uses of a sample of the buffers and has the same
 * part of the room (C. A. Waldspurger, T. Saemundsson, I. Ahmad, N. Park, "Cache Modeling and Optimization using
 * Miniature Simulations", USENIX ATC 2017). The other one needs none: its misses are those of the sample in reality.
 */
export class Contest {
  /** Whether the challenger is followed. */
  isWon: boolean;
  /** Whether the rival was better when that was last looked at. */
  isLost = false;
  /** The room of the shadow, in pages: as much as the buffers of the sample take up in reality. */
  room = 0;
  #uses = 0;
  /** Pages that had to be brought in, and that the rival would have brought in; what is longer ago counts less. */
  #missed = 0;
  #missedByRival = 0;
  /** The same, where only the latest count. */
  #missedLately = 0;
  #missedLatelyByRival = 0;
  readonly #views: BufferView[] = [];
  readonly #usual: Shadow;
  readonly #challenger: Shadow;
  readonly #entries: Numbers = new Numbers();
  /** One in 2 ** shift buffers is in the sample. */
  readonly #shift: number;
  /** Resident buffers in the sample, and in all when it was taken. */
  readonly #residents: number;
  readonly #before: number;
  readonly #roomOfAll: number;

  /** For so many resident buffers on so many pages, all of which have to be brought in. */
  constructor(usual: EvictionPolicy, challenger: EvictionPolicy, residents: number, room: number, isWon: boolean) {
    this.#shift = Math.max(0, Math.ceil(Math.log2(residents / RESIDENTS)));
    this.#residents = Math.max(FEWEST, residents >> this.#shift);
    this.#before = residents;
    this.#roomOfAll = room;
    this.isWon = isWon;
    this.#usual = new Shadow(usual, this.#views);
    this.#challenger = new Shadow(challenger, this.#views);
  }

  /** Follows the rival. All resident buffers have to be brought in again. */
  swap(): void {
    this.isWon = !this.isWon;
    this.isLost = false;
    this.room = 0;
    [this.#missed, this.#missedByRival] = [this.#missedByRival, this.#missed];
    [this.#missedLately, this.#missedLatelyByRival] = [this.#missedLatelyByRival, this.#missedLately];
    this.#rival.empty();
  }

  /** Begins to count, as if both had missed all that is there. */
  start(): void {
    this.#missed =
      this.#missedByRival =
      this.#missedLately =
      this.#missedLatelyByRival =
        this.room;
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

  /** A buffer of the sample is there. */
  bringIn(entry: number): void {
    this.room += this.#pagesOf(entry);
    this.#rival.use(entry, this.room);
  }

  /** A buffer of the sample has been missed, and is there now. */
  miss(entry: number): void {
    const pages = this.#pagesOf(entry);
    this.room += pages;
    this.#missed += pages;
    this.#missedLately += pages;
    this.use(entry);
  }

  /** A buffer of the sample is used. */
  use(entry: number): void {
    const missed = this.#rival.use(entry, this.room);
    this.#missedByRival += missed;
    this.#missedLatelyByRival += missed;
    if (++this.#uses % (this.#residents / RECENT | 0) > 0) return;
    this.isLost = this.isWon ? this.#isWorse() : this.#isClearlyWorse();
    this.#age();
  }

  /** A buffer of the sample has been evicted. */
  evict(entry: number): void {
    this.room -= this.#pagesOf(entry);
  }

  /** A buffer of the sample has gone for good. */
  forget(entry: number): void {
    this.#usual.forget(entry);
    this.#challenger.forget(entry);
  }

  /** Whether a new sample should be taken: this one has grown too large, or is not one of so many or of so much room. */
  isOutdated(residents: number, room: number): boolean {
    if (this.#uses < this.#residents) return false;
    const [before, most] = [this.#before, REMEMBERED * this.#residents];
    return this.#views.length > most || Math.abs(room - this.#roomOfAll) > this.#roomOfAll / 4 ||
      residents > 4 * before || 4 * residents < before;
  }

  get #rival(): Shadow {
    return this.isWon ? this.#usual : this.#challenger;
  }

  #pagesOf(entry: number): number {
    return (this.#views[entry] as BufferView).pages;
  }

  /** To leave the usual policy, the challenger must be clearly better both lately and for long. */
  #isClearlyWorse(): boolean {
    return this.#isClearlyWorseLately && this.#missedByRival < CLEARLY * this.#missed;
  }

  /** To return to it, it is enough that it is much better lately, or a little for long. */
  #isWorse(): boolean {
    if (!this.#isClearlyWorseLately) return false;
    const fewer = this.#missedLately - this.#missedLatelyByRival;
    return fewer > this.room / MANY || this.#missedByRival < AT_ALL * this.#missed;
  }

  get #isClearlyWorseLately(): boolean {
    return this.#missedLatelyByRival < CLEARLY * this.#missedLately;
  }

  /** Misses weigh half as much after as many uses as the sample has buffers. */
  #age(): void {
    const old = 0.5 ** (1 / RECENT);
    this.#missed *= old;
    this.#missedByRival *= old;
    this.#missedLately /= 2;
    this.#missedLatelyByRival /= 2;
  }
}
