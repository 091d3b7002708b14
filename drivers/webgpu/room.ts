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
    const room = this.#roomFor(kind, least);
    for (const size of sizes) {
      if (size <= room && size <= this.#sizes.maxBufferSize && this.#budget.mayAsk(size, this.#chunks.held)) {
        const chunk = this.#chunks.create(size, kind);
        return chunk.creation ?? chunk;
      }
    }
    return this.#makeRoom(least, room, kind);
  }

  /**
   * After the budget has become smaller: destroys what nobody uses, and returns a fence for its memory; `"no-room"` if
   * somebody must leave first, null if no more is held than the budget.
   */
  comeWithinBudget(): Fence | "no-room" | null {
    const over = () => this.#chunks.held - this.#chunks.retiring - this.#budget.bytes;
    for (const chunk of over() > 0 ? this.#chunks.unused : []) if (over() > 0) this.#chunks.destroy(chunk);
    if (over() > 0) return "no-room";
    return this.#chunks.held > this.#budget.bytes ? this.#timeline.work() : null;
  }

  #makeRoom(least: number, room: number, kind: ChunkKind): Fence | "no-room" {
    const { retiring } = this.#chunks;
    const isRefused = !this.#budget.mayAsk(least, this.#chunks.held);
    let missing = (isRefused ? least : least - room) - retiring;
    let { staging } = this.#chunks;
    const gains = new Map<Chunk, number>();
    for (const chunk of this.#chunks.unused) {
      let gain = chunk.size;
      if (chunk.kind === STAGING) {
        if (kind !== STAGING) gain = Math.min(gain, staging - this.#sizes.reserve);
        if (gain > 0) staging -= chunk.size;
      }
      if (gain > 0) gains.set(chunk, gain);
    }
    // Readbacks that have not ended give back what they took besides the reserve.
    const later = kind === STAGING ? 0 : Math.max(0, staging - this.#sizes.reserve);
    const mayHelp = isRefused
      ? retiring > 0 || gains.size > 0
      : missing <= [...gains.values()].reduce((sum, gain) => sum + gain, later);
    if (!mayHelp) {
      // The next request, perhaps after others have left, asks the device anew.
      if (isRefused) this.#budget.forgive();
      return "no-room";
    }
    for (const [chunk, gain] of gains) {
      if (missing <= 0) break;
      missing -= gain;
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
  #roomFor(kind: ChunkKind, least: number): number {
    const reserved = Math.max(0, this.#sizes.reserve - this.#chunks.staging);
    // If nobody else can leave, a device that has refused is asked again.
    const isLast = kind !== STAGING && least > this.#budget.bytes - this.#sizes.reserve && this.#chunks.isEmpty;
    const free = (isLast ? this.#budget.most : this.#budget.bytes) - this.#chunks.held;
    return kind === STAGING ? Math.max(free, reserved - this.#chunks.retiring) : free - reserved;
  }
}
