import type { BuddyBlock, BuddyRequest } from "./mod.ts";

/** A block of the model; chunks are units. */
interface ModelBlock {
  readonly start: number;
  readonly size: number;
  readonly cleared: boolean;
}

type Wanted = Required<Omit<BuddyRequest, "ranged">> & { readonly ranged: boolean };

/**
 * The rules of the kernel's allocator over a plain list of the free blocks, which every search reads from end to end.
 */
export class BuddyModel {
  /** The free blocks, by address. */
  #free: ModelBlock[] = [];
  readonly #roots: readonly ModelBlock[];

  /** `chunks` is below 2^31. */
  constructor(readonly chunks: number) {
    for (let start = 0; start < chunks;) {
      const size = largestPower(chunks - start);
      this.#free.push({ start, size, cleared: false });
      start += size;
    }
    this.#roots = [...this.#free];
  }

  /** The free blocks, by size, dirty ones first, then by address. */
  get free(): readonly ModelBlock[] {
    return this.#free.toSorted((a, b) => a.size - b.size || Number(a.cleared) - Number(b.cleared) || a.start - b.start);
  }

  /** Frees blocks in the given order. */
  release(blocks: readonly BuddyBlock[], cleared: boolean): void {
    for (const { start, size } of blocks) this.#put({ start, size, cleared }, false);
  }

  /** Allocates the blocks of a valid request; null without enough free space. */
  allocate(wanted: Wanted): ModelBlock[] | null {
    const { start, size, end, minBlock, contiguous, ranged, trim } = wanted;
    if (start + size === end) return this.#takeRange(start, end);
    const rounded = contiguous ? 2 * largestPower(size - 0.5) : Math.ceil(size / minBlock) * minBlock;
    const taken: ModelBlock[] = [];
    let limit = rounded;
    for (let left = rounded; left > 0 && rounded <= this.chunks; left -= limit) {
      const block = this.#takeAtMost(wanted, Math.min(limit, largestPower(left)), contiguous ? rounded : minBlock);
      if (block === null) break;
      limit = block.size;
      taken.push(block);
    }
    const found = taken.reduce((sum, block) => sum + block.size, 0);
    if (found < rounded) {
      for (const block of taken) this.#put(block, false);
      return contiguous && !ranged ? this.#takeAround(wanted) : null;
    }
    const [last] = taken.slice(-1);
    if (!trim || rounded === size || last === undefined) return taken;
    this.#add(last);
    return [...taken.slice(0, -1), ...(this.#takeRange(last.start, last.start + last.size - rounded + size) ?? [])];
  }

  #takeAtMost(wanted: Wanted, size: number, smallest: number): ModelBlock | null {
    for (let at = size; at >= smallest; at /= 2) {
      const block = this.#take(wanted, at);
      if (block !== null) return block;
    }
    return this.#joinUnlike(wanted, smallest) ? this.#take(wanted, smallest) : null;
  }

  #take({ ranged, start, end, topDown, cleared }: Wanted, size: number): ModelBlock | null {
    const fit = this.#free.filter((block) => block.size >= size);
    const liked = fit.filter((block) => block.cleared === cleared);
    if (ranged) {
      const lo = Math.ceil(start / size) * size;
      const hi = Math.floor(end / size) * size;
      const isInside = (block: ModelBlock) => Math.max(block.start, lo) < Math.min(block.start + block.size, hi);
      const isRoot = (block: ModelBlock) =>
        this.#roots.some((root) => root.start === block.start && root.size === block.size);
      const block = liked.filter((block) => !cleared || isRoot(block)).find(isInside) ?? fit.find(isInside);
      return block === undefined ? null : this.#cut(block, Math.max(block.start, lo), size);
    }
    const smallest = (blocks: readonly ModelBlock[]) => {
      const least = Math.min(...blocks.map((block) => block.size));
      return blocks.findLast((block) => block.size === least);
    };
    const other = fit.filter((block) => block.cleared !== cleared);
    const block = (topDown ? liked.at(-1) : smallest(liked)) ?? smallest(other);
    return block === undefined ? null : this.#cut(block, block.start + block.size - size, size);
  }

  #joinUnlike({ start, end }: Wanted, smallest: number): boolean {
    for (const cleared of [true, false]) {
      for (let size = smallest / 2; size >= 1; size /= 2) {
        for (const block of this.#free.toReversed()) {
          const isMeant = block.size === size && block.cleared === cleared && this.#free.includes(block);
          if (!isMeant || block.start < start || block.start + size > end || !this.#buddy(block)) continue;
          this.#remove(block);
          if (this.#put({ ...block, cleared: false }, true) >= smallest) return true;
        }
      }
    }
    return false;
  }

  #takeAround({ size, minBlock }: Wanted): ModelBlock[] | null {
    const half = largestPower(size);
    if (half === 1) return null;
    for (const cleared of [true, false]) {
      for (const block of this.#free.toReversed()) {
        if (block.size !== half || block.cleared !== cleared) continue;
        const first = Math.floor(block.start / minBlock) * minBlock;
        const start = Math.floor((this.#freeUntil(first, first + size) - size) / minBlock) * minBlock;
        const right = this.#takeRange(first, first + size);
        const found = right ?? (start < 0 ? null : this.#takeRange(start, start + size));
        if (found !== null) return found;
      }
    }
    return null;
  }

  /**
   * The end of the free range as the kernel finds it: without cleared memory it skips a split block wholly in the
   * range.
   */
  #freeUntil(start: number, end: number): number {
    let cleared = this.#free.reduce((sum, block) => sum + (block.cleared ? block.size : 0), 0);
    for (let at = start;;) {
      const block = this.#free.find((block) => block.start <= at && at < block.start + block.size);
      if (block === undefined || at >= end) return at;
      const isHalfInside = at % (2 * block.size) === 0 && at + 2 * block.size <= Math.min(end, this.chunks);
      if (isHalfInside && cleared === 0) return at;
      const next = Math.min(block.start + block.size, end);
      if (block.cleared) cleared -= next - at;
      at = next;
    }
  }

  #takeRange(start: number, end: number): ModelBlock[] | null {
    if (this.#freeUntil(start, end) < end) return null;
    const taken: ModelBlock[] = [];
    for (let at = start; at < end;) {
      const block = this.#free.find((block) => block.start <= at && at < block.start + block.size) as ModelBlock;
      let size = block.size;
      while (at % size !== 0 || at + size > end) size /= 2;
      taken.push(this.#cut(block, at, size));
      at += size;
    }
    return taken;
  }

  /** Takes a part of a free block. */
  #cut(block: ModelBlock, start: number, size: number): ModelBlock {
    this.#remove(block);
    let { start: from, size: left } = block;
    while (left > size) {
      left /= 2;
      const isRight = start >= from + left;
      this.#add({ start: isRight ? from : from + left, size: left, cleared: block.cleared });
      if (isRight) from += left;
    }
    return { start, size, cleared: block.cleared };
  }

  /** Frees a block and joins it with free buddies of the same cleared state, or of any; returns the resulting size. */
  #put(block: ModelBlock, any: boolean): number {
    const buddy = this.#buddy(block);
    if (buddy === undefined || (!any && buddy.cleared !== block.cleared)) {
      this.#add(block);
      return block.size;
    }
    this.#remove(buddy);
    return this.#put({ ...block, start: Math.min(block.start, buddy.start), size: 2 * block.size }, any);
  }

  #buddy({ start, size }: ModelBlock): ModelBlock | undefined {
    if (this.#roots.some((root) => root.start === start && root.size === size)) return undefined;
    return this.#free.find((block) => block.start === (start ^ size) && block.size === size);
  }

  #add(block: ModelBlock): void {
    this.#free.push(block);
    this.#free.sort((a, b) => a.start - b.start);
  }

  #remove(block: ModelBlock): void {
    this.#free.splice(this.#free.indexOf(block), 1);
  }
}

/** The largest power of two that is not larger than the value. */
function largestPower(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}
