import { checkOptions, optionNames } from "../base/arguments.ts";
import { CACHED, type Caching, cachingName } from "../base/caching.ts";
import type { Fence } from "../lock/fence.ts";
import { NO_OPTIONS } from "./call_options.ts";
import type { ReadOnlyStore, SwapStore } from "./swap_store.ts";
import { PAGE_SIZE } from "../base/units.ts";

export const TABLE_OPTIONS: ReadonlySet<string> = optionNames<TableOptions<unknown>>({
  release: true,
  codec: true,
  external: true,
});

/** Converts the contents of a table to bytes for a swap store, and back. */
export interface PageCodec<Pages> {
  /** The contents as bytes; they may be shorter than the pages. */
  encode(contents: Pages): Uint8Array;
  /** The contents from which {@linkcode encode} made the bytes. */
  decode(bytes: Uint8Array): Pages;
}

/** Contents in a swap store. */
export interface SwappedPages {
  readonly store: SwapStore | ReadOnlyStore;
  readonly key: string;
  /** In bytes. */
  readonly length: number;
  /** The checksum of the bytes; null if they have not been read since somebody else wrote them. */
  readonly checksum: number | null;
  /** Whether they stay in the store after they are read back: the key belongs to the user. */
  readonly persistent: boolean;
}

/** Options of a translation table. */
export interface TableOptions<Pages> {
  /** Called with pages that are freed, so that they can be reused. */
  release?(contents: Pages): void;
  /** Required to swap out pages that are not a `Uint8Array`. */
  readonly codec?: PageCodec<Pages>;
  /** Whether the pages are imported: they are not accounted and never swapped out. @default {false} */
  readonly external?: boolean;
}

/** What a table has that swapping out concerns. */
interface Rest {
  swap: SwappedPages | null;
  transfer: Fence | null;
  whenFilled: (() => void) | null;
}

/** Where pages are bound. */
interface Binding {
  readonly memoryType: string;
  readonly start: number;
}

const NOTHING: Rest = { swap: null, transfer: null, whenFilled: null };

const ACCOUNTED = 128;

/**
 * The backing host pages of a buffer outside device-resident memory (`ttm_tt`). They are allocated when they are first
 * needed, zeroed, as one contiguous range of host memory.
 *
 * @typeParam Pages What the pages are made of; a driver that simulates contents may use something smaller than bytes.
 */
export class TranslationTable<Pages = unknown> {
  /** Size in pages. */
  readonly pages: number;
  /** What few tables have. */
  #rest: Rest = NOTHING;
  #allocate: (pages: number, zeroed: boolean) => Pages;
  #options: TableOptions<Pages>;
  #contents: Pages | null = null;
  #binding: Binding | null = null;
  /** The caching bit, and {@linkcode ACCOUNTED}. */
  #flags: number = CACHED;

  /**
   * Makes a table without pages. `allocate` makes them, and may throw if there is no memory. They must be zeroed unless
   * `zeroed` is false: then all of them are about to be overwritten.
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
  }

  /** Whether the pages are imported. */
  get external(): boolean {
    return this.#options.external ?? false;
  }

  /** @internal Whether the pages are accounted. */
  get accounted(): boolean {
    return (this.#flags & ACCOUNTED) !== 0;
  }

  set accounted(isAccounted: boolean) {
    this.#flags = isAccounted ? this.#flags | ACCOUNTED : this.#flags & ~ACCOUNTED;
  }

  /** @internal The contents in the swap store; null if there are none. */
  get swap(): SwappedPages | null {
    return this.#rest.swap;
  }

  set swap(swap: SwappedPages | null) {
    if (swap !== this.#rest.swap) this.#ownRest.swap = swap;
  }

  /** @internal The fence of the last transfer from or to the swap store; it may have signalled. */
  get transfer(): Fence | null {
    return this.#rest.transfer;
  }

  set transfer(transfer: Fence | null) {
    this.#ownRest.transfer = transfer;
  }

  /** @internal Called once, when it gets pages. */
  set whenFilled(call: () => void) {
    this.#ownRest.whenFilled = call;
  }

  get #ownRest(): Rest {
    return this.#rest === NOTHING ? this.#rest = { ...NOTHING } : this.#rest;
  }

  /** The pages; null while they are not allocated. */
  get contents(): Pages | null {
    return this.#contents;
  }

  /** Whether the pages are allocated. */
  get populated(): boolean {
    return this.#contents !== null;
  }

  /** Whether the contents are in the swap store. */
  get swapped(): boolean {
    return this.#rest.swap !== null;
  }

  /** The memory type that the pages are bound into; null while they are not. */
  get boundTo(): string | null {
    return this.#binding === null ? null : this.#binding.memoryType;
  }

  /** First page of that memory type; -1 while unbound. */
  get boundAt(): number {
    return this.#binding === null ? -1 : this.#binding.start;
  }

  /** How the CPU maps the pages. */
  get caching(): Caching {
    return cachingName(this.cachingBit);
  }

  /** @internal */
  get cachingBit(): number {
    return this.#flags & ~ACCOUNTED;
  }

  /** Allocates the pages unless they are allocated already; `zeroed` is passed on. Throws what `allocate` throws. */
  populate(zeroed = true): Pages {
    if (this.#contents !== null) return this.#contents;
    const contents = this.#allocate(this.pages, zeroed);
    this.#fill(contents);
    return contents;
  }

  /** Frees the pages and discards their contents. */
  unpopulate(): void {
    const contents = this.#contents;
    this.#contents = null;
    if (contents !== null) this.#options.release?.(contents);
  }

  /** @internal Whether contents are converted to bytes for a store, so that bytes of somebody else are none. */
  get converts(): boolean {
    return this.#options.codec !== undefined;
  }

  /** @internal The contents as bytes; null if there are none, or they cannot be converted. */
  encode(): Uint8Array | null {
    if (this.#contents === null) return null;
    const { codec } = this.#options;
    if (codec !== undefined) return codec.encode(this.#contents);
    return this.#contents instanceof Uint8Array ? this.#contents : null;
  }

  /** @internal Restores the pages from the bytes that {@linkcode encode} returned. */
  restore(bytes: Uint8Array): void {
    const { codec } = this.#options;
    this.#fill(codec === undefined ? bytes as Pages : codec.decode(bytes));
  }

  #fill(contents: Pages): void {
    this.#contents = contents;
    const { whenFilled } = this.#rest;
    if (whenFilled === null) return;
    this.#rest.whenFilled = null;
    whenFilled();
  }

  /** @internal Records a binding that the driver has made. */
  noteBound(memoryType: string, start: number): void {
    this.#binding = { memoryType, start };
  }

  /** @internal Records that the binding is gone. */
  noteUnbound(): void {
    this.#binding = null;
  }

  /** @internal */
  setCaching(bit: number): void {
    this.#flags = this.#flags & ACCOUNTED | bit;
  }
}

/** A table whose pages are real bytes. */
export function byteTable(pages: number): TranslationTable<Uint8Array> {
  return new TranslationTable(pages, zeroedBytes);
}

function zeroedBytes(pages: number): Uint8Array {
  return new Uint8Array(pages * PAGE_SIZE);
}
