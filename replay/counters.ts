import { type MoveEvent, PAGE_SIZE } from "@ttm/core";
import type { Composition } from "./compose.ts";

/** Counts moves from the events of a device's tracer. */
export class MoveCounters {
  /** Buffers evicted from fast memory. */
  evictions = 0;
  /** Bytes copied into fast memory. */
  bytesIn = 0;
  /** Bytes copied out of fast memory. */
  bytesOut = 0;
  /** Bytes of fast memory cleared for buffers without contents. */
  bytesCleared = 0;
  /** Bytes of pages bound for the GPU, for a GPU that copies nothing. */
  bytesBound = 0;
  #fast: string;
  #copies: boolean;

  /** Counters for one composition. */
  constructor({ fast, copies }: Pick<Composition, "fast" | "copies">) {
    this.#fast = fast;
    this.#copies = copies;
  }

  /** Takes one event of the tracer. */
  add(event: MoveEvent): void {
    if (event.failure !== null) return;
    if (event.evict && event.from?.memoryType === this.#fast) this.evictions++;
    if (this.#copies) this.#addCopy(event);
    else if (event.to.memoryType !== "system") this.bytesBound += event.buffer.pages * PAGE_SIZE;
  }

  #addCopy({ buffer, from, to, dropped }: MoveEvent): void {
    if (dropped) return;
    const bytes = buffer.pages * PAGE_SIZE;
    if (from?.memoryType === this.#fast) this.bytesOut += bytes;
    if (to.memoryType !== this.#fast) return;
    if (from === null) this.bytesCleared += bytes;
    else this.bytesIn += bytes;
  }
}

/** What is kept of a successful move: the buffer, and the fence of the copy or null. */
export type Moved = Pick<MoveEvent, "buffer" | "fence">;

/** The same counters, with a list of the successful moves. */
export class Counters extends MoveCounters {
  #moved: Moved[] = [];

  /** Takes one event of the tracer. */
  override add(event: MoveEvent): void {
    super.add(event);
    const { buffer, fence, failure } = event;
    if (failure === null) this.#moved.push({ buffer, fence });
  }

  /** Returns the successful moves since the last call. */
  takeMoved(): Moved[] {
    const moved = this.#moved;
    this.#moved = [];
    return moved;
  }
}
