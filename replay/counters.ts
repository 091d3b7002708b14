import { type MoveEvent, PAGE_SIZE } from "@ttm/core";

/** Counts what moves, as told by a device's tracer, and remembers who moved since it was last asked. */
export class Counters {
  /** Buffers evicted from VRAM. */
  evictions = 0;
  /** Bytes copied into VRAM. */
  bytesIn = 0;
  /** Bytes copied out of VRAM. */
  bytesOut = 0;
  /** Bytes of VRAM cleared for buffers without contents. */
  bytesCleared = 0;
  #moved: MoveEvent[] = [];

  /** Takes one event of the tracer. */
  add(event: MoveEvent): void {
    if (event.failure !== null) return;
    const bytes = event.buffer.pages * PAGE_SIZE;
    this.#moved.push(event);
    if (event.from?.memoryType === "vram") {
      this.bytesOut += bytes;
      if (event.evict) this.evictions++;
    }
    if (event.to.memoryType !== "vram") return;
    if (event.from === null) this.bytesCleared += bytes;
    else this.bytesIn += bytes;
  }

  /** The successful moves since the last call. */
  takeMoved(): MoveEvent[] {
    const moved = this.#moved;
    this.#moved = [];
    return moved;
  }
}
