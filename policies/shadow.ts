import type { BufferView, EvictionPolicy } from "@ttm/core";

/** The memory type that the buffers of shadows are in. */
export const MEMORY_TYPE = "shadow";

/** What a policy of its own would have kept in so many pages, and what it would have missed. */
export class Shadow {
  readonly #policy: EvictionPolicy;
  readonly #views: readonly BufferView[];
  readonly #inside: boolean[] = [];
  /** Size of what is inside, in pages. */
  #pages = 0;

  /** `views` are the buffers by entry. */
  constructor(policy: EvictionPolicy, views: readonly BufferView[]) {
    this.#policy = policy;
    this.#views = views;
  }

  /** A buffer is used, while there is room for so many pages; the pages that are brought in. */
  use(entry: number, room: number): number {
    const view = this.#views[entry] as BufferView;
    const missed = this.#inside[entry] ? 0 : view.pages;
    const wanted = this.#pages + missed;
    if (wanted > room) this.#evict(wanted - room, view);
    if (!this.#inside[entry]) this.#bringIn(entry, view);
    this.#policy.touch(entry);
    return missed;
  }

  /** A buffer has gone for good. */
  forget(entry: number): void {
    if (this.#inside[entry]) this.#leave(entry, "freed");
  }

  /** Evicts everything. */
  empty(): void {
    if (this.#pages > 0) this.#evict(this.#pages);
  }

  #bringIn(entry: number, view: BufferView): void {
    this.#pages += view.pages;
    this.#inside[entry] = true;
    this.#policy.insert(entry, view, MEMORY_TYPE);
  }

  #evict(pages: number, newcomer?: BufferView): void {
    const end = this.#pages - pages;
    const walk = this.#policy.candidates(MEMORY_TYPE, newcomer);
    while (this.#pages > end) {
      const victim = walk.next();
      if (victim < 0) break;
      this.#leave(victim, "evicted");
    }
    walk.close();
  }

  #leave(entry: number, why: "evicted" | "freed"): void {
    this.#inside[entry] = false;
    this.#pages -= (this.#views[entry] as BufferView).pages;
    this.#policy.remove(entry, why);
  }
}
