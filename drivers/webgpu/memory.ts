import { type Fence, FenceContext, PAGE_SIZE } from "@ttm/core";
import { Budget } from "./budget.ts";
import { Chunk, type ChunkKind, type Range, SPAN, STAGING } from "./chunk.ts";
import { ChunkSet } from "./chunk_set.ts";
import { type GpuBuffer, GpuUsage } from "./gpu_types.ts";
import type { Maker, Refusal } from "./makings.ts";
import { type MemorySizes, slabSizes, stagingSizes } from "./memory_sizes.ts";
import { Room } from "./room.ts";
import type { Timeline } from "./timeline.ts";

/** Bytes of a stamp of readbacks, and of the buffer with those of the next ones; see `Readbacks`. */
export const STAMP_BYTES = 4;
export const STAMPS_BYTES: number = 64 * STAMP_BYTES;

/** The buffer with the stamps, and what signals when the device has said whether it has it. */
interface Stamps {
  readonly buffer: GpuBuffer;
  creation: Fence | null;
}

/**
 * The memory of a driver, under a budget of bytes: ranges for buffer objects, and staging buffers. A `GPUBuffer` that is
 * given back is taken over by the next request that it suits; it is destroyed only if a request of another size needs
 * its bytes.
 */
export class GpuMemory {
  readonly budget: Budget;
  readonly sizes: MemorySizes;
  /** After `"later"`: signals when it is worth asking again. */
  freeing: Fence | null = null;
  #maker: Maker;
  #timeline: Timeline;
  #chunks: ChunkSet;
  #room: Room;
  /** By handle. A `Map` would become slow where the same few handles come and go. */
  #ranges: (Range | null)[] = [null];
  #unusedHandles: number[] = [];
  #stamps: Stamps | null = null;
  #creations: FenceContext = new FenceContext("webgpu creation of the stamps");

  /** `onDestroy` is told when a `GPUBuffer` is destroyed or lost. */
  constructor(maker: Maker, timeline: Timeline, sizes: MemorySizes, onDestroy: (chunk: Chunk) => void = () => {}) {
    this.#maker = maker;
    this.#timeline = timeline;
    this.sizes = sizes;
    this.budget = new Budget(sizes.budget);
    this.#chunks = new ChunkSet(maker, timeline, this.budget, STAMPS_BYTES, onDestroy);
    this.#room = new Room(this.#chunks, timeline, this.budget, sizes);
  }

  /** Bytes that count in the budget. */
  get held(): number {
    return this.#chunks.held;
  }

  /** The most bytes that have counted in the budget at a time. */
  get highest(): number {
    return this.#chunks.highest;
  }

  /** The ranges in use. */
  get ranges(): Iterable<Range> {
    return this.#ranges.filter((range) => range !== null);
  }

  /** The most bytes that buffer objects may have at a time. */
  get roomForBuffers(): number {
    return this.budget.most - this.sizes.reserve;
  }

  /** Pages by which the budget has been raised, or lowered if negative, since the beginning. */
  get pagesAdded(): number {
    return Math.floor((this.budget.allowed - this.sizes.budget) / PAGE_SIZE);
  }

  /** The range with a handle; null if there is none, as for a buffer that is not in VRAM. */
  rangeOf(handle: number): Range | null {
    return this.#ranges[handle] ?? null;
  }

  /** Takes a range; `"later"` while the device creates or frees what serves it, `"no-room"` if somebody must leave. */
  take(pages: number, alignment: number, kind: ChunkKind): Range | "no-room" | "later" {
    const bytes = pages * PAGE_SIZE;
    const stamp = this.#stampsCreation();
    if (stamp !== null) return this.#later(stamp);
    const over = this.#room.comeWithinBudget();
    if (over !== null) return over === "no-room" ? over : this.#later(over);
    const range = this.#takeExisting(pages, alignment, kind);
    if (range !== null) return range;
    const pending = this.#chunks.pending(kind, bytes, kind.slab === null ? bytes + bytes / 4 : Infinity);
    if (pending !== null) return this.#later(pending);
    const grown = this.#room.grow(kind.slab === null ? [bytes] : slabSizes(this.sizes.slab, bytes), kind);
    if (!(grown instanceof Chunk)) return grown === "no-room" ? grown : this.#later(grown);
    return this.#takeExisting(pages, alignment, kind) ?? "no-room";
  }

  /** Takes a staging buffer of at least so many bytes. `"no-room"` if only a smaller one can be had. */
  takeStaging(bytes: number): Chunk | "no-room" | "later" {
    const most = Math.max(2 * bytes, 2 ** 16);
    const free = this.#chunks.smallest(STAGING, bytes, most);
    const pending = free === null ? this.#chunks.pending(STAGING, bytes, most) : null;
    if (pending !== null) return this.#later(pending);
    const chunk = free ?? this.#room.grow(stagingSizes(bytes), STAGING);
    if (chunk instanceof Chunk) chunk.users = 1;
    else if (chunk !== "no-room") return this.#later(chunk);
    else if (this.#stagingInUse()) return this.#later(this.#timeline.work());
    return chunk;
  }

  /** Gives a range back. Its next user comes after this one in the order of the queue. */
  give(range: Range): void {
    this.#ranges[range.handle] = null;
    this.#unusedHandles.push(range.handle);
    range.tenant = null;
    range.chunk.give(range);
  }

  /** Gives a staging buffer back, unmapped. */
  giveStaging(chunk: Chunk): void {
    chunk.users = 0;
  }

  /** The buffer with the stamps of readbacks; there is one before the first range. */
  get stamps(): GpuBuffer {
    return (this.#stamps as Stamps).buffer;
  }

  /** Destroys all `GPUBuffer`s that nobody uses. */
  shrink(): void {
    for (const chunk of this.#chunks.unused) this.#chunks.destroy(chunk);
    this.#stamps?.buffer.destroy();
    this.#stamps = null;
  }

  /** The device is lost. */
  lose(): void {
    this.#stamps = null;
    this.#chunks.lose();
  }

  /** Creates what is in use on another device, zeroed; chunks that it refuses have no `GPUBuffer` then. */
  async rebuild(): Promise<void> {
    await this.#stampsCreation()?.settled();
    await this.#chunks.rebuild();
  }

  #takeExisting(pages: number, alignment: number, kind: ChunkKind): Range | null {
    const bytes = pages * PAGE_SIZE;
    const range = kind.slab === null
      ? this.#chunks.smallest(kind, bytes, bytes + bytes / 4)?.take(pages, 1) ?? null
      : this.#chunks.takeShared(pages, alignment, kind);
    if (range === null) return null;
    range.handle = this.#unusedHandles.pop() ?? this.#ranges.length;
    this.#ranges[range.handle] = range;
    this.budget.noteServed();
    return range;
  }

  /** Creates the stamps while there is memory for them: without one nothing can be read back. Null once they exist. */
  #stampsCreation(): Fence | null {
    if (this.#stamps !== null) return this.#stamps.creation;
    const { buffer, answer } = this.#maker(STAMPS_BYTES, GpuUsage.COPY_SRC | GpuUsage.COPY_DST);
    const stamps: Stamps = { buffer, creation: null };
    this.#stamps = stamps;
    if (answer === null) return null;
    const answered = (refusal: Refusal | null) => {
      stamps.creation = null;
      if (refusal === null || this.#stamps !== stamps) return;
      buffer.destroy();
      this.#stamps = null;
    };
    return stamps.creation = this.#creations.follow(answer.then(answered));
  }

  #stagingInUse(): boolean {
    for (const { kind, users, ready } of this.#chunks) if (kind === STAGING && (users > 0 || !ready)) return true;
    return false;
  }

  #later(fence: Fence): "later" {
    this.freeing = fence;
    return "later";
  }

  /** A readable dump, one line for each `GPUBuffer`. */
  debug(): string {
    const lines = Array.from(this.#chunks, ({ id, size, kind, users }) => {
      const what = kind === STAGING ? "staging" : kind.slab === null ? "alone" : `${kind.slab} slab`;
      return `page ${id * SPAN}: ${size} bytes, ${what}, ${users} users`;
    });
    return [...lines, `${this.held} of ${this.budget.bytes} bytes, ${this.#chunks.retiring} of them destroyed`].join(
      "\n",
    );
  }
}
