import { type AllocationRequest, type MemTypeManager, NO_ROOM } from "@ttm/core";

/** The least that a manager can do, so that only the core's work is left: it counts pages, and trusts its caller. */
export class CountingManager implements MemTypeManager {
  readonly name = "counting";
  usedPages = 0;
  #pages = 0;

  init(pages: number): void {
    this.#pages = pages;
  }

  allocate({ pages }: AllocationRequest): number {
    if (this.usedPages + pages > this.#pages) return NO_ROOM;
    this.usedPages += pages;
    return 1;
  }

  free(_handle: number, pages: number): void {
    this.usedPages -= pages;
  }

  takedown(): boolean {
    return this.usedPages === 0;
  }

  debug(): string {
    return `${this.usedPages} of ${this.#pages} pages`;
  }
}
