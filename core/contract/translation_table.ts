import { checkOptions, optionNames } from "../base/arguments.ts";
import { CACHED, type Caching, cachingName } from "../base/caching.ts";
import type { Fence } from "../lock/fence.ts";
import { NO_OPTIONS } from "./call_options.ts";
import { PAGE_SIZE } from "../base/units.ts";

export const TABLE_OPTIONS: ReadonlySet<string> = optionNames<TableOptions<unknown>>({
  release: true,
  codec: true,
  external: true,
});

/** How the contents of a table become bytes for a swap store, and come back. */
export interface PageCodec<Pages> {
  /** The contents as bytes; they may be shorter than the pages. */
  encode(contents: Pages): Uint8Array;
  /** The contents that {@linkcode encode} made these bytes of. */
  decode(bytes: Uint8Array): Pages;
}

/** What is known of pages in a swap store. */
export interface SwappedPages {
  readonly key: string;
  readonly length: number;
  readonly checksum: number;
  /** Kept by the store even when the pages are back: the storage is the user's. */
  readonly persistent: boolean;
}

/** What a table is made with. */
export interface TableOptions<Pages> {
  /** Told of pages that are dropped, so that they can be used again. */
  release?(contents: Pages): void;
  /** Needed to swap pages out that are no `Uint8Array`. */
  readonly codec?: PageCodec<Pages>;
  /** Pages that belong to somebody else: not accounted, never swapped out. @default {false} */
  readonly external?: boolean;
}

/**
 * The host pages behind a buffer outside device-resident memory (`ttm_tt`). Pages appear when they are first needed,
 * reading as zero, and are one stretch of host memory.
 *
 * @typeParam Pages What the pages are made of; a driver that simulates contents may use something smaller than bytes.
 */
export class TranslationTable<Pages = unknown> {
  /** Size in pages. */
  readonly pages: number;
  /** Whether the pages belong to somebody else. */
  readonly external: boolean;
  /** @internal Whether the accountant has been told of the pages. */
  accounted = false;
  /** @internal What is in the swap store; null if nothing is. */
  swap: SwappedPages | null = null;
  /** @internal The transfer from or to the store; it may have ended. */
  transfer: Fence | null = null;
  #allocate: (pages: number, zeroed: boolean) => Pages;
  #options: TableOptions<Pages>;
  #contents: Pages | null = null;
  #boundAt = -1;
  #boundTo: string | null = null;
  #caching: number = CACHED;

  /**
   * Makes a table without pages. `allocate` may throw when there are none. It must return zeroed ones, unless it is told
   * that they need not be: all of them are about to be written then.
   */
  constructor(
    pages: number,
    allocate: (pages: number, zeroed: boolean) => Pages,
    options: TableOptions<Pages> = NO_OPTIONS,
  ) {
    if (options !== NO_OPTIONS) checkOptions("create translation table", options, TABLE_OPTIONS);
    this.pages = pages;
    this.#allocate = allocate;
    this.#options = options;
    this.external = options.external ?? false;
  }

  /** The pages; null before they are needed. */
  get contents(): Pages | null {
    return this.#contents;
  }

  /** Whether the pages exist. */
  get populated(): boolean {
    return this.#contents !== null;
  }

  /** Whether what was in the pages is in the swap store. */
  get swapped(): boolean {
    return this.swap !== null;
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

  /** Makes the pages exist; does nothing when they do. `zeroed` is for the allocation. Throws what that throws. */
  populate(zeroed = true): Pages {
    this.#contents ??= this.#allocate(this.pages, zeroed);
    return this.#contents;
  }

  /** Drops the pages and what is in them. */
  unpopulate(): void {
    const contents = this.#contents;
    this.#contents = null;
    if (contents !== null) this.#options.release?.(contents);
  }

  /** @internal The contents as bytes; null if they cannot be had as such. */
  encode(): Uint8Array | null {
    if (this.#contents === null) return null;
    const { codec } = this.#options;
    if (codec !== undefined) return codec.encode(this.#contents);
    return this.#contents instanceof Uint8Array ? this.#contents : null;
  }

  /** @internal Makes the pages exist with what {@linkcode encode} gave. */
  restore(bytes: Uint8Array): void {
    const { codec } = this.#options;
    this.#contents = codec === undefined ? bytes as Pages : codec.decode(bytes);
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
  return new TranslationTable(pages, zeroedBytes);
}

function zeroedBytes(pages: number): Uint8Array {
  return new Uint8Array(pages * PAGE_SIZE);
}
