import { CACHED, type Caching, cachingName } from "./caching.ts";
import { PAGE_SIZE } from "./memory_type.ts";

/**
 * The host pages behind a buffer outside device-resident memory (`ttm_tt`). Pages appear when they are first needed,
 * reading as zero, and are one stretch of host memory.
 *
 * @typeParam Pages What the pages are made of; a driver that simulates contents may use something smaller than bytes.
 */
export class TranslationTable<Pages = unknown> {
  /** Size in pages. */
  readonly pages: number;
  #allocate: (pages: number) => Pages;
  #contents: Pages | null = null;
  #boundAt = -1;
  #boundTo: string | null = null;
  #caching: number = CACHED;

  /** Makes a table without pages; `allocate` must return zeroed ones and may throw when there are none. */
  constructor(pages: number, allocate: (pages: number) => Pages) {
    this.pages = pages;
    this.#allocate = allocate;
  }

  /** The pages; null before they are needed. */
  get contents(): Pages | null {
    return this.#contents;
  }

  /** Whether the pages exist. */
  get populated(): boolean {
    return this.#contents !== null;
  }

  /** The memory type that the pages are bound into; null while they are not. */
  get boundTo(): string | null {
    return this.#boundTo;
  }

  /** First page of that memory type; -1 while unbound. */
  get boundAt(): number {
    return this.#boundAt;
  }

  /** How the CPU maps the pages. */
  get caching(): Caching {
    return cachingName(this.#caching);
  }

  /** @internal */
  get cachingBit(): number {
    return this.#caching;
  }

  /** Makes the pages exist; does nothing when they do. Throws what the allocation throws. */
  populate(): Pages {
    this.#contents ??= this.#allocate(this.pages);
    return this.#contents;
  }

  /** Drops the pages and what is in them. */
  unpopulate(): void {
    this.#contents = null;
  }

  /** @internal Records a binding that the driver has made. */
  noteBound(memoryType: string, start: number): void {
    this.#boundTo = memoryType;
    this.#boundAt = start;
  }

  /** @internal Records that the binding is gone. */
  noteUnbound(): void {
    this.#boundTo = null;
    this.#boundAt = -1;
  }

  /** @internal */
  setCaching(bit: number): void {
    this.#caching = bit;
  }
}

/** A table whose pages are real bytes. */
export function byteTable(pages: number): TranslationTable<Uint8Array> {
  return new TranslationTable(pages, (count) => new Uint8Array(count * PAGE_SIZE));
}
