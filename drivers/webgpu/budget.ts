import { PAGE_SIZE } from "@ttm/core";

/** Served requests after which a budget that has shrunk tries its full size again; doubled each time. */
const PATIENCE = 64;
const MAX_PATIENCE = 4096;

/** How many bytes the device may hold: what the caller allows, less while the device has refused to hold that much. */
export class Budget {
  #allowed: number;
  #bytes: number;
  /** The size of the last buffer that was refused, the bytes held at that time, and how often it was refused then. */
  #refused: { readonly size: number; readonly held: number; readonly times: number } | null = null;
  #shrunkFor = Infinity;
  #served = 0;
  #patience = PATIENCE;

  constructor(allowed: number) {
    this.#allowed = this.#bytes = allowed;
  }

  /** The budget at present. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What the caller allows. */
  get allowed(): number {
    return this.#allowed;
  }

  /** Allows so many bytes, and forgets what the device has refused. */
  allow(bytes: number): void {
    this.#allowed = bytes;
    this.#patience = PATIENCE;
    this.#lift();
  }

  /**
   * The device had no memory for a buffer of `size` bytes while it held `held`. The budget shrinks to that, but only once
   * for buffers of that size and larger ones: a device may refuse them whatever it holds.
   */
  refuse(size: number, held: number): void {
    const isAgain = this.#refused?.size === size && this.#refused.held === held;
    this.#refused = { size, held, times: isAgain ? 2 : 1 };
    if (size >= this.#shrunkFor) return;
    this.#shrunkFor = size;
    this.#shrink(Math.max(held, size - PAGE_SIZE));
  }

  /** The device was lost while it held `held` bytes, perhaps for lack of memory: the next one holds a quarter less. */
  noteLost(held: number): void {
    this.#shrink(Math.max(held * 3 / 4, this.#allowed / 2));
  }

  #shrink(bytes: number): void {
    this.#bytes = Math.min(this.#bytes, Math.floor(bytes));
    this.#served = 0;
  }

  /** Whether a buffer of this size is worth asking for: not if one was refused twice when no more was held. */
  mayAsk(size: number, held: number): boolean {
    if (this.#refused === null || this.#refused.times < 2) return true;
    return size < this.#refused.size || held < this.#refused.held;
  }

  /** Counts a request that was served. */
  noteServed(): void {
    if (this.#refused === null && this.#bytes === this.#allowed) return;
    if (++this.#served < this.#patience) return;
    this.#patience = Math.min(2 * this.#patience, MAX_PATIENCE);
    this.#lift();
  }

  #lift(): void {
    this.#bytes = this.#allowed;
    this.#refused = null;
    this.#shrunkFor = Infinity;
    this.#served = 0;
  }
}
