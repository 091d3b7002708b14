/** What is taken for right before anything is known. */
const FIRST = 4;
/** What is older than about so many expected uses counts less. */
const REMEMBERED = 128;
/** Nearly all hints are right if at most one of so many is wrong. */
const RARELY = 10;
/** Hints are clearly better if so many times as many pages were rightly kept for their sake as wrongly. */
const CLEARLY = 1.5;

/** What a buffer stands for. */
interface Stand<Buffer> {
  /** Those that it stands against, and whether hints would keep it rather than them. */
  readonly rivals: Map<Buffer, boolean>;
  /** How many of its rivals have been released, of those to which hints would prefer it, and of the others. */
  outlivedKept: number;
  outlivedLeft: number;
}

/**
 * Whether hints are worth following. Where the order by hints and the one without would evict different buffers, the one
 * of the two that is used first should stay, whichever was evicted; if neither is used any more, the one that is released
 * first, since it need not be copied. Until that is known of anybody, hints are followed as long as nearly all expected
 * uses come.
 */
export class Reliability<Buffer> {
  #right = FIRST;
  #all = FIRST;
  /** Pages of those that should have stayed, and that hints would have kept, or would have evicted. */
  #won = 0;
  #lost = 0;
  /** The pages of the memory type where the last two stood against each other. */
  #room = 0;
  readonly #stands: Map<Buffer, Stand<Buffer>> = new Map();
  readonly #pagesOf: (buffer: Buffer) => number;

  /** `pagesOf` tells the size of a buffer. */
  constructor(pagesOf: (buffer: Buffer) => number) {
    this.#pagesOf = pagesOf;
  }

  /** Whether nearly all expected uses have come in their turn lately. */
  get areNearlyAllRight(): boolean {
    return (this.#all - this.#right) * RARELY <= this.#all;
  }

  /** Whether to evict by hints. */
  get areFollowed(): boolean {
    return this.#won + this.#lost === 0 ? this.areNearlyAllRight : this.#won >= CLEARLY * this.#lost;
  }

  /** Whether nobody stands against another one. */
  get isSettled(): boolean {
    return this.#stands.size === 0;
  }

  /** Takes note of an expected use that has come in its turn, or has not. */
  note(isRight: boolean): void {
    if (isRight) this.#right++;
    if (++this.#all < REMEMBERED) return;
    this.#right /= 2;
    this.#all /= 2;
  }

  /** One of two buffers leaves a memory type of so many pages: by hints the first one, without them the second. */
  compare(byHints: Buffer, without: Buffer, room: number): void {
    this.#room = room;
    this.#standOf(byHints).rivals.set(without, false);
    this.#standOf(without).rivals.set(byHints, true);
  }

  /** A buffer is used. */
  use(buffer: Buffer): void {
    const stand = this.#stands.get(buffer);
    if (stand === undefined) return;
    let [kept, left] = [stand.outlivedKept, stand.outlivedLeft];
    for (const [rival, isKept] of stand.rivals) {
      if (isKept) kept++;
      else left++;
      this.#part(rival, buffer);
    }
    this.#stands.delete(buffer);
    this.#count(kept * this.#pagesOf(buffer), left * this.#pagesOf(buffer));
  }

  /** A buffer is released: if its rivals are used later, they should have stayed. */
  release(buffer: Buffer): void {
    const stand = this.#stands.get(buffer);
    if (stand === undefined) return;
    for (const [rival, isKept] of stand.rivals) {
      const other = this.#standOf(rival);
      if (isKept) other.outlivedLeft++;
      else other.outlivedKept++;
      this.#part(rival, buffer);
    }
    this.#stands.delete(buffer);
    // Half as much, since neither would have been copied in again.
    const pages = this.#pagesOf(buffer) / 2;
    this.#count(stand.outlivedLeft * pages, stand.outlivedKept * pages);
  }

  /** What is longer ago than as many pages as there is room for counts less. */
  #count(won: number, lost: number): void {
    this.#won += won;
    this.#lost += lost;
    for (; this.#won + this.#lost > this.#room; this.#won /= 2) this.#lost /= 2;
  }

  #part(rival: Buffer, buffer: Buffer): void {
    const { rivals, outlivedKept, outlivedLeft } = this.#standOf(rival);
    rivals.delete(buffer);
    if (rivals.size + outlivedKept + outlivedLeft === 0) this.#stands.delete(rival);
  }

  #standOf(buffer: Buffer): Stand<Buffer> {
    const known = this.#stands.get(buffer);
    if (known !== undefined) return known;
    const made = { rivals: new Map<Buffer, boolean>(), outlivedKept: 0, outlivedLeft: 0 };
    this.#stands.set(buffer, made);
    return made;
  }
}
