import { checkInteger, checkOptions, optionNames } from "../base/arguments.ts";
import { TranslationTable } from "./translation_table.ts";
import { PAGE_SIZE } from "../base/units.ts";

export const PAGE_POOL_OPTIONS: ReadonlySet<string> = optionNames<PagePoolOptions>({ maxPages: true });

/** What a pool keeps. */
export interface PagePoolOptions {
  /** The most pages that it keeps; what is given back beyond them is left to the collector. @default {16384, 64 MiB} */
  readonly maxPages?: number;
}

/**
 * Host pages that buffers gave back, for the next ones that need as many (`ttm_pool`): fresh pages cost about as much as
 * a copy into them. Pages read as zero when they are handed out, except to a move that fills all of them.
 *
 * For drivers whose tables are bytes. A driver that keeps a view of a table's pages beyond the table, and a user who keeps
 * the bytes of a map beyond the map, look at the pages of somebody else then, as in any memory that was given back.
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
  /** The most pages that it keeps. */
  readonly maxPages: number;
  #pages = 0;
  /** By size in pages; the last to come is the first to go. */
  #kept: Map<number, Uint8Array[]> = new Map();
  #take: (pages: number, zeroed: boolean) => Uint8Array = (pages, zeroed) => this.#takeOrMake(pages, zeroed);
  #options: { release: (bytes: Uint8Array) => void } = { release: (bytes) => this.#keep(bytes) };

  /**
   * Makes an empty pool.
   *
   * @throws {TtmError} `EINVAL` if `maxPages` is no whole number from 0.
   */
  constructor(options: PagePoolOptions = {}) {
    checkOptions("create page pool", options, PAGE_POOL_OPTIONS);
    this.maxPages = checkInteger("create page pool", "maxPages", options.maxPages ?? 2 ** 14, 0, 2 ** 40);
  }

  /** Pages that it keeps now. */
  get pages(): number {
    return this.#pages;
  }

  /** A table for a buffer of so many pages; they come from the pool, and go back to it. */
  table(pages: number): TranslationTable<Uint8Array> {
    return new TranslationTable(pages, this.#take, this.#options);
  }

  /** Leaves all that it keeps to the collector. Returns how many pages that were. */
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
    // What a store gave back may be a part of something larger.
    if (bytes.buffer.byteLength !== bytes.length || this.#pages + pages > this.maxPages) return;
    this.#pages += pages;
    const kept = this.#kept.get(pages);
    if (kept === undefined) this.#kept.set(pages, [bytes]);
    else kept.push(bytes);
  }
}
