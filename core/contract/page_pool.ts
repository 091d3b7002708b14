import { checkInteger, checkOptions, optionNames } from "../base/arguments.ts";
import { TranslationTable } from "./translation_table.ts";
import { PAGE_SIZE } from "../base/units.ts";

export const PAGE_POOL_OPTIONS: ReadonlySet<string> = optionNames<PagePoolOptions>({ maxPages: true });

/** Options of a page pool. */
export interface PagePoolOptions {
  /**
   * Maximum number of pages that it keeps; pages returned beyond it are left to the garbage collector.
   * @default {16384, 64 MiB}
   */
  readonly maxPages?: number;
}

/**
 * Keeps the host pages of freed translation tables for new tables of the same size (`ttm_pool`): allocating fresh pages
 * costs about as much as a copy into them. Reused pages are zeroed, except for a move that overwrites all of them.
 *
 * For drivers whose pages are bytes. A view of a table's pages that a driver keeps after the table is gone, and the
 * bytes of a map that a user keeps after the map has ended, may show the pages of another buffer.
 *
 * @example A driver with a pool
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, type BufferObject, PagePool } from "@ttm/core";
 *
 * const pool = new PagePool();
 * const driver = {
 *   name: "host",
 *   memoryTypes: [{ name: "system" }],
 *   evictPlacement: () => ({ placement: [] }),
 *   createTranslationTable: (buffer: BufferObject) => pool.table(buffer.pages),
 * };
 * await using device = new BoDevice({ driver, managers: {} });
 * for (let round = 0; round < 3; round++) {
 *   using buffer = await device.createPlaced({ bytes: 8192, placement: { placement: [{ memoryType: "system" }] } });
 *   using _reservation = await buffer.reserve();
 *   assertEquals(await buffer.read({ length: 1 }), new Uint8Array(1));
 *   await buffer.write(new Uint8Array([7]));
 * }
 * assertEquals(pool.pages, 2);
 * ```
 */
export class PagePool {
  /** Maximum number of pages that it keeps. */
  readonly maxPages: number;
  #pages = 0;
  /** By size in pages; the pages returned last are reused first. */
  #kept: Map<number, Uint8Array[]> = new Map();
  #take: (pages: number, zeroed: boolean) => Uint8Array = (pages, zeroed) => this.#takeOrMake(pages, zeroed);
  #options: { release: (bytes: Uint8Array) => void } = { release: (bytes) => this.#keep(bytes) };

  /**
   * Makes an empty pool.
   *
   * @throws {TtmError} `EINVAL` if `maxPages` is not a whole number from 0 to 2^40.
   */
  constructor(options: PagePoolOptions = {}) {
    checkOptions("create page pool", options, PAGE_POOL_OPTIONS);
    this.maxPages = checkInteger("create page pool", "maxPages", options.maxPages ?? 2 ** 14, 0, 2 ** 40);
  }

  /** Number of pages that it keeps now. */
  get pages(): number {
    return this.#pages;
  }

  /** Makes a translation table whose pages come from the pool and are returned to it. */
  table(pages: number): TranslationTable<Uint8Array> {
    return new TranslationTable(pages, this.#take, this.#options);
  }

  /** Drops all pages that it keeps, and returns their number. */
  drain(): number {
    const pages = this.#pages;
    this.#kept.clear();
    this.#pages = 0;
    return pages;
  }

  #takeOrMake(pages: number, zeroed: boolean): Uint8Array {
    const bytes = this.#kept.get(pages)?.pop();
    if (bytes === undefined) return new Uint8Array(pages * PAGE_SIZE);
    this.#pages -= pages;
    return zeroed ? bytes.fill(0) : bytes;
  }

  #keep(bytes: Uint8Array): void {
    const pages = bytes.length / PAGE_SIZE;
    // The bytes that a swap store returned may be a view of a larger buffer.
    if (bytes.buffer.byteLength !== bytes.length || this.#pages + pages > this.maxPages) return;
    this.#pages += pages;
    const kept = this.#kept.get(pages);
    if (kept === undefined) this.#kept.set(pages, [bytes]);
    else kept.push(bytes);
  }
}
