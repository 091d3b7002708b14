import { type Fence, FenceContext } from "@ttm/core";

/** The fences of a recording by their numbers, each on one of its timelines. */
export class Timelines {
  #contexts: FenceContext[] = [];
  #fences: Fence[] = [];
  #ids = new Map<Fence, number>();

  /** Makes the next fence, on a timeline. */
  next(timeline: number): Fence {
    const context = this.#contexts[timeline] ??= new FenceContext(`timeline ${timeline}`);
    const fence = context.next();
    this.#ids.set(fence, this.#fences.length);
    this.#fences.push(fence);
    return fence;
  }

  /** Number of fences. */
  get made(): number {
    return this.#fences.length;
  }

  /** A fence that exists; the next one if its number is that. */
  get(id: number, timeline: number): Fence {
    return this.#fences[id] ?? this.next(timeline);
  }

  id(fence: Fence | null): number {
    return fence === null ? -1 : this.#ids.get(fence) ?? NaN;
  }

  /** Signals a fence, perhaps with an error, and with it all earlier ones of its timeline. */
  signal(fence: Fence, error?: unknown): void {
    for (const other of this.#fences) {
      if (other.context !== fence.context || other.seqno > fence.seqno) continue;
      other.signal(other === fence ? error : undefined);
    }
  }

  signalAll(): void {
    for (const fence of this.#fences) fence.signal();
  }
}
