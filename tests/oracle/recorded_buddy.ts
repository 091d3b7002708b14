import type { Allocation, AllocationRequest, ManagerNode, MemTypeManager } from "@ttm/core";
import { type BuddyAllocation, BuddyAllocator } from "@ttm/buddy";

const PAGE = 4096;

/** The node of a buffer: scattered blocks without a start. */
export interface BuddyNode extends ManagerNode {
  readonly allocation: BuddyAllocation;
}

/**
 * The manager of the recordings with a buddy allocator for VRAM: it has no ranges, takes every buffer as being in
 * the way of every other, and has 0 as the start of each.
 */
export class RecordedBuddy implements MemTypeManager<BuddyNode> {
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

  allocate({ pages, topDown, contiguous }: AllocationRequest): Allocation<BuddyNode> {
    const allocation = this.#allocator.allocate({ size: pages * PAGE, topDown, contiguous });
    if (allocation === null) return "no-room";
    this.#usedPages += pages;
    return { start: 0, allocation };
  }

  free({ allocation }: BuddyNode): void {
    this.#usedPages -= allocation.blocks.reduce((sum, { size }) => sum + size / PAGE, 0);
    this.#allocator.release(allocation);
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
