import { PAGE_SIZE } from "@ttm/core";

/** Served requests after which a budget that has shrunk tries its full size again; doubled each time. */
const PATIENCE = 64;
const MAX_PATIENCE = 4096;

/** How many bytes the device may hold: what the caller allows, less while the device has refused to hold that much. */
export class Budget {
  #allowed: number;
  #bytes: number;
  /** The size of the last buffer that was refused, and the bytes held at that time. */
  #refused: { readonly size: number; readonly held: number } | null = null;
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
    this.#refused = { size, held };
    if (size >= this.#shrunkFor) return;
    this.#shrunkFor = size;
    this.shrink(Math.max(held, size - PAGE_SIZE));
  }

  /** Shrinks the budget for a while. */
  shrink(bytes: number): void {
    this.#bytes = Math.min(this.#bytes, bytes);
    this.#served = 0;
  }

  /** Whether a buffer of this size is worth asking for: not if one was refused when no more was held. */
  mayAsk(size: number, held: number): boolean {
    return this.#refused === null || size < this.#refused.size || held < this.#refused.held;
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
