import type { Fence } from "../lock/fence.ts";
import { type Ranked, RankedQueue } from "../base/ranked_queue.ts";

/** A copy of imported bytes from the device back into the imported array. */
export interface Returning {
  /** The fence that the next attempt waits for; null if it waits for none. */
  readonly waitsFor: Fence | null;
  /** Makes the next attempt, once the reservation is free if an eviction holds it. */
  attempt(): void;
  /** Ends the return, so that the buffer can be freed; the array is unchanged if the bytes are still on the device. */
  end(): void;
}

/** What a stranded return looks for, and its place among those that look for the same. */
interface Stranded {
  readonly range: string;
  readonly member: Ranked<Returning>;
}

/**
 * The copies of imported bytes back to their arrays, by buffer. Those that have found no room on their way are stranded,
 * in one queue for each range in which they look for it: if the smallest finds none there, the others would not either.
 */
export class Returns<Buffer> {
  #all: Map<Buffer, Returning> = new Map();
  /** Those that wait for a fence. */
  readonly waiting: Set<Returning> = new Set();
  #stranded: Map<Returning, Stranded> = new Map();
  #queues: Map<string, RankedQueue<Returning>> = new Map();

  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  add(buffer: Buffer, one: Returning): void {
    this.#all.set(buffer, one);
  }

  delete(buffer: Buffer): void {
    const one = this.#all.get(buffer);
    this.#all.delete(buffer);
    if (one !== undefined) this.#forget(one);
  }

  /** Notes that a return has found no room for so many pages. */
  strand(one: Returning, pages: number, range: string): void {
    const queue = this.#queues.get(range) ?? new RankedQueue();
    this.#queues.set(range, queue);
    this.#stranded.set(one, { range, member: queue.add(pages, one) });
  }

  /** Lets a return make its next attempt. */
  attempt(one: Returning): void {
    this.#forget(one);
    one.attempt();
  }

  /** To be called when there may be more room: lets the stranded ones of each range try until one finds none. */
  retry(): void {
    for (const [range, queue] of [...this.#queues]) {
      for (let next = queue.first; next !== undefined; next = queue.first) {
        this.attempt(next.value);
        if (this.#stranded.get(next.value)?.range === range) break;
      }
    }
  }

  /** To be called when a buffer has been evicted: that has brought its bytes back, if they were to return. */
  evicted(buffer: Buffer): void {
    const one = this.#all.get(buffer);
    if (one !== undefined && this.#stranded.has(one)) this.attempt(one);
  }

  /** Ends all of them. */
  endAll(): void {
    for (const one of this.#all.values()) one.end();
  }

  #forget(one: Returning): void {
    this.waiting.delete(one);
    const place = this.#stranded.get(one);
    if (place === undefined) return;
    this.#stranded.delete(one);
    const queue = this.#queues.get(place.range);
    queue?.remove(place.member);
    if (queue?.size === 0) this.#queues.delete(place.range);
  }
}
