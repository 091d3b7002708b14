import type { Operation, State } from "./operations.ts";

/** The fences that the lines of a trace have made, and those that may still be pending. */
export class SeenFences {
  #timelines: number[] = [];
  #pending = new Set<number>();

  /** Number of fences made so far, which is the number of the next one. */
  get count(): number {
    return this.#timelines.length;
  }

  /** By number. */
  get pending(): readonly number[] {
    return [...this.#pending].sort((a, b) => a - b);
  }

  timeline(fence: number): number {
    return this.#timelines[fence] ?? 0;
  }

  after({ cd, f = 0, op, tl = 0 }: Operation, { ev = [] }: State): void {
    if (op === "addfence" && f === this.count) this.#add(tl);
    for (const [first, second, , , , , , fence = -1] of ev) {
      const id = Number(first === "w" ? second : fence);
      // Fences of copies are on timeline 0.
      while (id >= this.count) this.#add(0);
      if (first === "w" || id >= 0 && cd === 1) this.#signal(id);
    }
    if (op === "signal") this.#signal(f);
    if (op === "drain") this.#pending.clear();
  }

  #add(timeline: number): void {
    this.#pending.add(this.count);
    this.#timelines.push(timeline);
  }

  /** Also signals earlier fences of the timeline. */
  #signal(fence: number): void {
    for (const each of this.#pending) {
      if (each <= fence && this.timeline(each) === this.timeline(fence)) this.#pending.delete(each);
    }
  }
}
