import { type AllocationRequest, type MemTypeManager, NO_ROOM } from "@ttm/core";
import { BuddyAllocator, type BuddyBlock } from "@ttm/buddy";

const PAGE = 4096;

/**
 * The manager of the recordings with a buddy allocator for VRAM: it has no ranges, takes every buffer as being in
 * the way of every other, and has 0 as the start of each.
 */
export class RecordedBuddy implements MemTypeManager {
  readonly name = "recorded-buddy";
  #allocator: BuddyAllocator = new BuddyAllocator({ size: PAGE, chunk: PAGE });
  #usedPages = 0;

  get usedPages(): number {
    return this.#usedPages;
  }

  /** In bytes. */
  get available(): number {
    return this.#allocator.free;
  }

  init(pages: number): void {
    this.#allocator = new BuddyAllocator({ size: pages * PAGE, chunk: PAGE });
  }

  allocate({ pages, topDown, contiguous }: AllocationRequest): number {
    const handle = this.#allocator.take({ size: pages * PAGE, topDown, contiguous });
    if (handle > 0) this.#usedPages += pages;
    return handle || NO_ROOM;
  }

  startOf(): number {
    return 0;
  }

  /** The scattered blocks of a buffer. */
  blocksOf(handle: number): BuddyBlock[] {
    return this.#allocator.blocksOf(handle);
  }

  free(handle: number, pages: number): void {
    this.#usedPages -= pages;
    this.#allocator.give(handle);
  }

  intersects(): boolean {
    return true;
  }

  compatible(): boolean {
    return true;
  }

  takedown(): boolean {
    return this.#usedPages === 0;
  }

  debug(): string {
    return `${this.#usedPages} pages used`;
  }
}
