import { TtmError } from "@ttm/core";
import type { MemoryKind } from "./memory.ts";

/** A range of pages that hold consecutive pages of one stamp's contents, up to the start of the next run. */
interface Run {
  readonly start: number;
  readonly stamp: number;
  /** The page of the stamp's contents at `start`; 0 for stamp 0, whose pages are all the same. */
  readonly offset: number;
}

/** Memory that stores the stamp of each page instead of its bytes, as sorted runs that cover all of it. */
export class StampRuns {
  /** Size in pages. */
  readonly pages: number;
  #runs: Run[] = [{ start: 0, stamp: 0, offset: 0 }];

  /** Allocates `pages` pages of zeroed memory. */
  constructor(pages: number) {
    this.pages = pages;
  }

  /** Number of runs. */
  get length(): number {
    return this.#runs.length;
  }

  /** Writes pages `offset`, `offset` + 1, ... of a stamp's contents to [page, page + pages). */
  write(page: number, pages: number, stamp: number, offset: number): void {
    const end = page + pages;
    const first = this.#runAt(page);
    let behind = first;
    while (behind < this.#runs.length && (this.#runs[behind] as Run).start < end) behind++;
    const pieces: Run[] = [];
    const before = this.#runs[first] as Run;
    if (before.start < page) pieces.push(before);
    append(pieces, { start: page, stamp, offset: stamp === 0 ? 0 : offset });
    const rest = this.#runs[behind - 1] as Run;
    if (end < (this.#runs[behind]?.start ?? this.pages)) append(pieces, from(rest, end));
    this.#runs.splice(first, behind - first, ...pieces);
    // The right end first, since a merge at the left end moves it.
    this.#mergeAt(first + pieces.length);
    this.#mergeAt(first);
  }

  /** The runs of [page, page + pages), cut to it. */
  *read(page: number, pages: number): Generator<{ start: number; pages: number; stamp: number; offset: number }> {
    const end = page + pages;
    for (let at = this.#runAt(page); at < this.#runs.length; at++) {
      const run = this.#runs[at] as Run;
      if (run.start >= end) return;
      const { start, stamp, offset } = run.start < page ? from(run, page) : run;
      yield { start, pages: Math.min(end, this.#runs[at + 1]?.start ?? this.pages) - start, stamp, offset };
    }
  }

  /** The last run that starts at or before a page. */
  #runAt(page: number): number {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#runs[middle] as Run).start <= page) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #mergeAt(at: number): void {
    const left = this.#runs[at - 1];
    const right = this.#runs[at];
    if (left !== undefined && right !== undefined && continues(left, right)) this.#runs.splice(at, 1);
  }
}

/** The part of a run from a page on. */
function from({ start, stamp, offset }: Run, page: number): Run {
  return { start: page, stamp, offset: stamp === 0 ? 0 : offset + page - start };
}

function continues(left: Run, right: Run): boolean {
  const next = from(left, right.start);
  return next.stamp === right.stamp && next.offset === right.offset;
}

function append(runs: Run[], run: Run): void {
  const last = runs.at(-1);
  if (last === undefined || !continues(last, run)) runs.push(run);
}

/** Memory of stamps: detects wrong contents as bytes do, at a fraction of their size. */
export const stampMemory: MemoryKind<StampRuns> = {
  create: (pages) => new StampRuns(pages),

  check(memory) {
    if (memory instanceof StampRuns) return;
    throw new TtmError("ENODEV", 'Cannot use imported bytes: this device was made with contents "stamps"');
  },

  copy(source, sourcePage, target, targetPage, pages) {
    for (const run of [...source.read(sourcePage, pages)]) {
      target.write(targetPage + run.start - sourcePage, run.pages, run.stamp, run.offset);
    }
  },

  fill: (memory, page, pages, stamp) => memory.write(page, pages, stamp, 0),

  firstMismatch(memory, page, pages, stamp) {
    for (const run of memory.read(page, pages)) {
      const expected = stamp === 0 ? 0 : run.start - page;
      if (run.stamp !== stamp || run.offset !== expected) return run.start - page;
    }
    return -1;
  },

  codec: {
    encode: (memory) => new TextEncoder().encode(JSON.stringify([memory.pages, ...memory.read(0, memory.pages)])),
    decode(bytes) {
      const [pages, ...runs] = JSON.parse(new TextDecoder().decode(bytes));
      const memory = new StampRuns(pages);
      for (const run of runs) memory.write(run.start, run.pages, run.stamp, run.offset);
      return memory;
    },
  },
};
