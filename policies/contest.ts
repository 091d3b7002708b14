import type { BufferView, EvictionPolicy } from "@ttm/core";
import { Numbers } from "./pools/numbers.ts";
import { MEMORY_TYPE, Shadow } from "./shadow.ts";

/** A sample has about so many of the resident buffers; all of them if there are fewer. */
const RESIDENTS = 384;
/** A sample remembers so many times as many buffers at most, resident or not. */
const REMEMBERED = 32;
/** A sample has so many at least, as far as its changes of mind go. */
const FEWEST = 64;
/** Misses are clearly fewer if they are less than this part. */
const CLEARLY = 0.9;
/** Recent misses weigh half as much after so many times fewer uses than others. */
const RECENT = 8;

/**
 * Whether a challenger would have missed fewer bytes lately than the usual policy: each has a shadow, which is told the
 * uses of a sample of the buffers and has the same part of the room (C. A. Waldspurger, T. Saemundsson, I. Ahmad,
 * N. Park, "Cache Modeling and Optimization using Miniature Simulations", USENIX ATC 2017).
 */
export class Contest {
  /** Whether to follow the challenger. */
  isWon: boolean;
  /** The room of the shadows, in pages: as much as the buffers of the sample take up in reality. */
  room = 0;
  #uses = 0;
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

  /** For so many resident buffers on so many pages; `isWon` holds until there is reason to change. */
  constructor(usual: EvictionPolicy, challenger: EvictionPolicy, residents: number, room: number, isWon: boolean) {
    this.#shift = Math.max(0, Math.ceil(Math.log2(residents / RESIDENTS)));
    this.#residents = Math.max(FEWEST, residents >> this.#shift);
    this.#before = residents;
    this.#roomOfAll = room;
    this.isWon = isWon;
    this.#usual = new Shadow(usual, this.#views);
    this.#challenger = new Shadow(challenger, this.#views);
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
    this.#usual.use(entry, this.room);
    this.#challenger.use(entry, this.room);
    if (++this.#uses % (this.#residents / RECENT | 0) > 0) return;
    this.#decide();
    this.#age();
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

  /** The challenger wins if it is clearly better, lately and before; it loses as soon as it is clearly worse lately. */
  #decide(): void {
    const [usual, challenger] = [this.#usual, this.#challenger];
    if (this.isWon) this.isWon = usual.missedRecently >= CLEARLY * challenger.missedRecently;
    else {
      this.isWon = challenger.missed < CLEARLY * usual.missed &&
        challenger.missedRecently < CLEARLY * usual.missedRecently;
    }
  }

  /** Misses weigh half as much after as many uses as the sample has buffers. */
  #age(): void {
    for (const shadow of [this.#usual, this.#challenger]) {
      shadow.missedRecently /= 2;
      shadow.missed *= 0.5 ** (1 / RECENT);
    }
  }
}
