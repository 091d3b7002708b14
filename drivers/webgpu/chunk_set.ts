import { type Fence, FenceContext, type TtmError } from "@ttm/core";
import type { Budget } from "./budget.ts";
import { Chunk, type ChunkKind, isSameKind, type Range, STAGING } from "./chunk.ts";
import type { Maker, Refusal } from "./makings.ts";
import type { Timeline } from "./timeline.ts";

/**
 * The `GPUBuffer`s of a driver, and the bytes that count in its budget: of those in use, those that wait for their next
 * user, those that are being created, and those that were destroyed and whose memory may not be free yet.
 */
export class ChunkSet implements Iterable<Chunk> {
  /** Bytes that count in the budget. */
  held: number;
  /** The most that were ever held. */
  highest: number;
  /** Bytes of staging buffers. */
  staging: number;
  /** Bytes of destroyed buffers that are held still. */
  retiring = 0;
  #all: Set<Chunk> = new Set();
  #maker: Maker;
  #timeline: Timeline;
  #budget: Budget;
  #onDestroy: (chunk: Chunk) => void;
  #creations: FenceContext = new FenceContext("webgpu creation");
  #made = 0;
  #epoch = 0;
  #invalid: { readonly size: number; readonly error: TtmError } | null = null;

  /** `fixed` bytes are held from the beginning. `onDestroy` is told when a `GPUBuffer` is destroyed or lost. */
  constructor(maker: Maker, timeline: Timeline, budget: Budget, fixed: number, onDestroy: (chunk: Chunk) => void) {
    this.held = this.highest = this.staging = fixed;
    this.#maker = maker;
    this.#timeline = timeline;
    this.#budget = budget;
    this.#onDestroy = onDestroy;
  }

  [Symbol.iterator](): Iterator<Chunk> {
    return this.#all[Symbol.iterator]();
  }

  /** The smallest one that nobody uses, of `least` to `most` bytes. */
  smallest(kind: ChunkKind, least: number, most: number): Chunk | null {
    let best: Chunk | null = null;
    for (const chunk of this.#all) {
      const { size } = chunk;
      const suits = size >= least && size <= most && chunk.ready && chunk.users === 0 && isSameKind(chunk.kind, kind);
      if (suits && (best === null || size < best.size)) best = chunk;
    }
    return best;
  }

  /** Pages of a slab of the kind; null if none has a hole for them. */
  takeShared(pages: number, alignment: number, kind: ChunkKind): Range | null {
    for (const chunk of this.#all) {
      const range = chunk.ready && isSameKind(chunk.kind, kind) ? chunk.take(pages, alignment) : null;
      if (range !== null) return range;
    }
    return null;
  }

  /** Signals when one of `least` to `most` bytes that is being created exists; null if there is none. */
  pending(kind: ChunkKind, least: number, most: number): Fence | null {
    for (const { size, creation, kind: other } of this.#all) {
      if (creation !== null && size >= least && size <= most && isSameKind(other, kind)) return creation;
    }
    return null;
  }

  /** Those that nobody uses, so that they may be destroyed. */
  get unused(): Chunk[] {
    return [...this.#all].filter((chunk) => chunk.users === 0 && chunk.ready);
  }

  /** Whether buffer objects use none. */
  get isEmpty(): boolean {
    for (const { kind, users } of this.#all) if (kind !== STAGING && users > 0) return false;
    return true;
  }

  /** Asks the device for a `GPUBuffer`; its `creation` tells when the device has answered. */
  create(size: number, kind: ChunkKind): Chunk {
    const { buffer, answer } = this.#maker(size, kind.usage);
    const chunk = new Chunk(this.#made++, size, kind, buffer, ++this.#epoch);
    this.#all.add(chunk);
    this.#count(chunk, size);
    if (answer !== null) {
      chunk.creation = this.#creations.follow(answer.then((refusal) => this.#answered(chunk, refusal)));
    }
    return chunk;
  }

  /** Throws, once, if the device has called the last buffer of this size invalid. */
  mustBeValid(size: number): void {
    if (this.#invalid?.size !== size) return;
    const { error } = this.#invalid;
    this.#invalid = null;
    throw error;
  }

  /** Destroys one; its bytes are held until all work submitted so far has ended. */
  destroy(chunk: Chunk): void {
    const { size, kind } = chunk;
    this.#all.delete(chunk);
    this.#onDestroy(chunk);
    chunk.buffer?.destroy();
    this.retiring += size;
    if (kind === STAGING) this.staging -= size;
    this.#timeline.work().observe(() => {
      this.retiring -= size;
      this.held -= size;
    });
  }

  /** Removes one that does not exist on the device. */
  forget(chunk: Chunk): void {
    if (this.#all.delete(chunk)) this.#count(chunk, -chunk.size);
  }

  /** The device is lost: what nobody uses is gone, and so are staging buffers. */
  lose(): void {
    for (const chunk of [...this.#all]) {
      if (chunk.users === 0 || chunk.kind === STAGING) this.forget(chunk);
      this.#onDestroy(chunk);
    }
  }

  /** Creates all `GPUBuffer`s in use anew, zeroed; those beyond the budget or that the device refuses are null then. */
  async rebuild(): Promise<void> {
    const asked = Array.from(this.#all, async (chunk) => {
      const isWithin = this.held <= this.#budget.bytes;
      const { buffer, answer } = isWithin ? this.#maker(chunk.size, chunk.kind.usage) : { buffer: null, answer: null };
      chunk.renew(buffer, ++this.#epoch);
      if (buffer !== null && await answer === null) return;
      chunk.renew(null, ++this.#epoch);
      this.forget(chunk);
    });
    await Promise.all(asked);
  }

  #answered(chunk: Chunk, refusal: Refusal | null): void {
    chunk.creation = null;
    if (!this.#all.has(chunk)) return;
    if (refusal === null) return this.#budget.noteHeld(this.held);
    chunk.buffer?.destroy();
    this.forget(chunk);
    const { isOutOfMemory, error } = refusal;
    if (isOutOfMemory) this.#budget.refuse(chunk.size, this.held);
    else if (error.code === "EINVAL") this.#invalid = { size: chunk.size, error };
  }

  #count({ kind }: Chunk, bytes: number): void {
    this.held += bytes;
    if (kind === STAGING) this.staging += bytes;
    this.highest = Math.max(this.highest, this.held);
  }
}
