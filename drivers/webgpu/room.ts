import { type Fence, TtmError } from "@ttm/core";
import type { Budget } from "./budget.ts";
import { type Chunk, type ChunkKind, STAGING } from "./chunk.ts";
import type { ChunkSet } from "./chunk_set.ts";
import type { MemorySizes } from "./memory_sizes.ts";
import type { Timeline } from "./timeline.ts";

/** Makes room in the budget: for new chunks by destroying others, and after it has become smaller. */
export class Room {
  #chunks: ChunkSet;
  #timeline: Timeline;
  #budget: Budget;
  #sizes: MemorySizes;

  constructor(chunks: ChunkSet, timeline: Timeline, budget: Budget, sizes: MemorySizes) {
    this.#chunks = chunks;
    this.#timeline = timeline;
    this.#budget = budget;
    this.#sizes = sizes;
  }

  /**
   * Creates a chunk of the first size that there is room for, or begins to free the bytes for one of the last. Returns a
   * fence if it is worth asking again once that has signalled, `"no-room"` if somebody must leave.
   */
  grow(sizes: readonly number[], kind: ChunkKind): Chunk | Fence | "no-room" {
    const least = sizes.at(-1) ?? 0;
    this.#mustBeAllowed(least);
    const room = this.#roomFor(kind);
    for (const size of sizes) {
      if (size <= room && size <= this.#sizes.maxBufferSize && this.#budget.mayAsk(size, this.#chunks.held)) {
        const chunk = this.#chunks.create(size, kind);
        return chunk.creation ?? chunk;
      }
    }
    return this.#makeRoom(least, room, kind);
  }

  /** After the budget has become smaller: destroys what nobody uses. True if somebody has to leave first. */
  isOverBudget(): boolean {
    const over = () => this.#chunks.held - this.#chunks.retiring - this.#budget.bytes;
    if (over() <= 0) return false;
    for (const chunk of [...this.#chunks.unused(0)]) if (over() > 0) this.#chunks.destroy(chunk);
    return over() > 0;
  }

  #makeRoom(least: number, room: number, kind: ChunkKind): Fence | "no-room" {
    const { retiring } = this.#chunks;
    const unused = [...this.#chunks.unused(kind === STAGING ? 0 : this.#sizes.reserve)];
    const isRefused = !this.#budget.mayAsk(least, this.#chunks.held);
    let missing = (isRefused ? least : least - room) - retiring;
    const mayHelp = isRefused
      ? retiring > 0 || unused.length > 0
      : missing <= unused.reduce((sum, { size }) => sum + size, 0);
    if (!mayHelp) return "no-room";
    for (const chunk of unused) {
      if (missing <= 0) break;
      missing -= chunk.size;
      this.#chunks.destroy(chunk);
    }
    return this.#timeline.work();
  }

  #mustBeAllowed(size: number): void {
    const { maxBufferSize } = this.#sizes;
    if (size > maxBufferSize) {
      throw new TtmError("EINVAL", `${size} bytes are more than the device's maxBufferSize of ${maxBufferSize}`);
    }
    this.#chunks.mustBeValid(size);
  }

  /** A part of the reserve is always left to staging, also when a smaller budget has been set. */
  #roomFor(kind: ChunkKind): number {
    const reserved = Math.max(0, this.#sizes.reserve - this.#chunks.staging);
    const free = this.#budget.bytes - this.#chunks.held;
    return kind === STAGING ? Math.max(free, reserved) : free - reserved;
  }
}
