import type { BufferRecord } from "./buffer_record.ts";

/** The first page of the offset space, above all offsets of 32 bits (`DRM_FILE_PAGE_OFFSET_START`). */
const FIRST_PAGE = 2 ** 20;
/** One TiB of offsets (`DRM_FILE_PAGE_OFFSET_SIZE`). */
const PAGES = 2 ** 28;
/** Number of freed entries up to which the list is not compacted. */
const FEW = 16;

interface Range {
  readonly first: number;
  readonly pages: number;
  /** Null after the range has been freed. */
  buffer: BufferRecord | null;
}

/** The space of mmap offsets (`drm_vma_manager`): one range, in pages, for each buffer whose offset was asked for. */
export class MmapOffsets {
  /** Sorted by offset. */
  #ranges: Range[] = [];
  #gone = 0;

  /** Allocates a range and returns its first page; null if there is no room. */
  allocate(buffer: BufferRecord): number | null {
    const { pages } = buffer;
    const last = this.#ranges.at(-1);
    let at = this.#ranges.length;
    let first = last === undefined ? FIRST_PAGE : last.first + last.pages;
    if (first + pages > FIRST_PAGE + PAGES) {
      this.#compact();
      at = this.#gapFor(pages);
      const before = this.#ranges[at - 1];
      first = before === undefined ? FIRST_PAGE : before.first + before.pages;
      if (first + pages > FIRST_PAGE + PAGES) return null;
    }
    this.#ranges.splice(at, 0, { first, pages, buffer });
    return first;
  }

  /** Frees the range that begins at a page. */
  free(first: number): void {
    const range = this.#rangeAt(first);
    if (range === undefined) return;
    range.buffer = null;
    if (++this.#gone > FEW && this.#gone > this.#ranges.length / 2) this.#compact();
  }

  /** The buffer whose range contains a page, and the page's index in the buffer; null if there is none. */
  lookup(page: number): { buffer: BufferRecord; page: number } | null {
    const range = this.#rangeAt(page);
    if (range === undefined || range.buffer === null) return null;
    return { buffer: range.buffer, page: page - range.first };
  }

  #compact(): void {
    this.#ranges = this.#ranges.filter(({ buffer }) => buffer !== null);
    this.#gone = 0;
  }

  /** The list index of the lowest gap of at least `pages` pages. */
  #gapFor(pages: number): number {
    let end = FIRST_PAGE;
    for (const [at, range] of this.#ranges.entries()) {
      if (range.first - end >= pages) return at;
      end = range.first + range.pages;
    }
    return this.#ranges.length;
  }

  #rangeAt(page: number): Range | undefined {
    let low = 0;
    let high = this.#ranges.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const range = this.#ranges[middle];
      if (range === undefined) return undefined;
      if (page < range.first) high = middle - 1;
      else if (page >= range.first + range.pages) low = middle + 1;
      else return range;
    }
    return undefined;
  }
}
