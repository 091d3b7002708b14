import type { Allocation, AllocationRequest, ManagerNode, MemTypeManager } from "@ttm/core";

interface CountedNode extends ManagerNode {
  readonly pages: number;
}

/** The least that a manager can do, so that only the core's work is left: it counts pages, and trusts its caller. */
export class CountingManager implements MemTypeManager<CountedNode> {
  readonly name = "counting";
  readonly addresses = false;
  usedPages = 0;
  #pages = 0;

  init(pages: number): void {
    this.#pages = pages;
  }

  allocate({ pages }: AllocationRequest): Allocation<CountedNode> {
    if (this.usedPages + pages > this.#pages) return "no-room";
    this.usedPages += pages;
    return { start: 0, pages };
  }

  free({ pages }: CountedNode): void {
    this.usedPages -= pages;
  }

  takedown(): boolean {
    return this.usedPages === 0;
  }

  debug(): string {
    return `${this.usedPages} of ${this.#pages} pages`;
  }
}
