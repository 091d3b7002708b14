import type { BufferView, EvictionPolicy } from "@ttm/core";

/** The memory type that the buffers of shadows are in. */
export const MEMORY_TYPE = "shadow";

/** What a policy of its own would have kept in so many pages, and what it would have missed. */
export class Shadow {
  /** Pages brought in; what is longer ago counts less. */
  missed = 0;
  readonly #policy: EvictionPolicy;
  readonly #views: readonly BufferView[];
  readonly #inside: boolean[] = [];
  #free: number;

  /** `views` are the buffers by entry. */
  constructor(policy: EvictionPolicy, views: readonly BufferView[], room: number) {
    this.#policy = policy;
    this.#views = views;
    this.#free = room;
  }

  /** A buffer is used. */
  use(entry: number): void {
    if (!this.#inside[entry]) this.#bringIn(entry);
    this.#policy.touch(entry);
  }

  /** A buffer has gone for good. */
  forget(entry: number): void {
    if (this.#inside[entry]) this.#leave(entry, "freed");
  }

  #bringIn(entry: number): void {
    const view = this.#views[entry] as BufferView;
    this.missed += view.pages;
    if (this.#free < view.pages) this.#makeRoom(view);
    this.#free -= view.pages;
    this.#inside[entry] = true;
    this.#policy.insert(entry, view, MEMORY_TYPE);
  }

  #makeRoom(newcomer: BufferView): void {
    const walk = this.#policy.candidates(MEMORY_TYPE, newcomer);
    while (this.#free < newcomer.pages) {
      const victim = walk.next();
      if (victim < 0) break;
      this.#leave(victim, "evicted");
    }
    walk.close();
  }

  #leave(entry: number, why: "evicted" | "freed"): void {
    this.#inside[entry] = false;
    this.#free += (this.#views[entry] as BufferView).pages;
    this.#policy.remove(entry, why);
  }
}
