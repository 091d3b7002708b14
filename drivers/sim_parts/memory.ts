import { PAGE_SIZE, type PageCodec, TtmError } from "@ttm/core";

/**
 * A kind of simulated memory. A *stamp* identifies contents: page k of a buffer filled with stamp s differs from every
 * other page of every other stamp; stamp 0 is all zero.
 *
 * @typeParam Memory A range of pages, addressed from 0.
 */
export interface MemoryKind<Memory> {
  /** Allocates `pages` pages of zeroed memory. */
  create(pages: number): Memory;
  /** Throws `ENODEV` for memory of another kind, such as imported bytes where contents are stamps. */
  check(memory: unknown): void;
  /** Copies pages between two memories, or between ranges of one that do not overlap. */
  copy(source: Memory, sourcePage: number, target: Memory, targetPage: number, pages: number): void;
  /** Fills pages with the contents of a stamp, from page 0 of the stamp on. */
  fill(memory: Memory, page: number, pages: number, stamp: number): void;
  /** The first page, counted from `page`, that does not hold the contents of the stamp; -1 if all do. */
  firstMismatch(memory: Memory, page: number, pages: number, stamp: number): number;
  /** The conversion to and from bytes for a swap store, for memory that is not bytes. */
  readonly codec?: PageCodec<Memory>;
}

const WORDS = PAGE_SIZE / 4;

/** Memory of real bytes. */
export const byteMemory: MemoryKind<Uint8Array> = {
  create: (pages) => new Uint8Array(pages * PAGE_SIZE),

  check(memory) {
    if (memory instanceof Uint8Array) return;
    throw new TtmError("ENODEV", "Cannot use host pages: they are not bytes");
  },

  copy(source, sourcePage, target, targetPage, pages) {
    const from = sourcePage * PAGE_SIZE;
    target.set(source.subarray(from, from + pages * PAGE_SIZE), targetPage * PAGE_SIZE);
  },

  fill(memory, page, pages, stamp) {
    const words = wordsOf(memory, page, pages);
    if (stamp === 0) {
      words.fill(0);
      return;
    }
    for (let k = 0; k < pages; k++) {
      words.fill(pattern(stamp, k), k * WORDS, (k + 1) * WORDS);
      // The first words identify the page, so that a shift by less than a page is detected, too.
      words[k * WORDS] = stamp;
      words[k * WORDS + 1] = k;
    }
  },

  firstMismatch(memory, page, pages, stamp) {
    const words = wordsOf(memory, page, pages);
    for (let k = 0; k < pages; k++) if (!pageHolds(words, k, stamp)) return k;
    return -1;
  },
};

function wordsOf(memory: Uint8Array, page: number, pages: number): Int32Array {
  return new Int32Array(memory.buffer, memory.byteOffset + page * PAGE_SIZE, pages * WORDS);
}

function pageHolds(words: Int32Array, k: number, stamp: number): boolean {
  const start = k * WORDS;
  const value = stamp === 0 ? 0 : pattern(stamp, k);
  if (words[start] !== (stamp | 0) || words[start + 1] !== (stamp === 0 ? 0 : k | 0)) return false;
  for (let at = start + 2; at < start + WORDS; at++) if (words[at] !== value) return false;
  return true;
}

/** Hashes stamp and page number to 32 bits (the finalizer of MurmurHash3). */
function pattern(stamp: number, page: number): number {
  let bits = Math.imul(stamp, 0x9e3779b1) ^ page;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
