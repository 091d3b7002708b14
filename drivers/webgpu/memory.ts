import { type Fence, FenceContext, PAGE_SIZE, TtmError } from "@ttm/core";
import { Budget } from "./budget.ts";
import { Chunk, type ChunkKind, type Range, SPAN } from "./chunk.ts";
import { type GpuBuffer, GpuUsage } from "./gpu_types.ts";
import type { Maker, Refusal } from "./makings.ts";
import type { Timeline } from "./timeline.ts";

/** Bytes of the buffer with the stamp of readbacks; see `Readbacks`. */
export const STAMP_BYTES = 4;
/** Of two kinds of `GPUBuffer`, staging is the one that the CPU maps. */
export const STAGING: ChunkKind = { usage: GpuUsage.MAP_READ | GpuUsage.COPY_DST, slab: null };

/** Sizes of a memory, in bytes. */
export interface MemorySizes {
  readonly budget: number;
  /** Part of the budget that only staging buffers take. */
  readonly reserve: number;
  /** Size of a slab. */
  readonly slab: number;
  readonly maxBufferSize: number;
}

/**
 * All `GPUBuffer`s of a driver, under a budget of bytes: those in use, those that wait for their next user, those that
 * are being created, and those that were destroyed and whose memory may not be free yet. A buffer that is given back is
 * taken over by the next request that it suits; it is destroyed only if a request of another size needs its bytes.
 */
export class GpuMemory {
  readonly budget: Budget;
  readonly sizes: MemorySizes;
  /** Bytes that count in the budget. */
  held: number = STAMP_BYTES;
  /** The most that were ever held. */
  highest: number = STAMP_BYTES;
  /** After `"later"`: signals when it is worth asking again. */
  freeing: Fence | null = null;
  #maker: Maker;
  #timeline: Timeline;
  #chunks: Set<Chunk> = new Set();
  #ranges: Map<number, Range> = new Map();
  #creations: FenceContext = new FenceContext("webgpu creation");
  /** Bytes of destroyed buffers, and of staging buffers. */
  #retiring = 0;
  #staging: number = STAMP_BYTES;
  #chunksMade = 0;
  #epoch = 0;
  #stamp: GpuBuffer | null = null;
  #invalid: { readonly size: number; readonly error: TtmError } | null = null;
  #onDestroy: (chunk: Chunk) => void;

  /** `onDestroy` is told when a `GPUBuffer` is destroyed or lost. */
  constructor(maker: Maker, timeline: Timeline, sizes: MemorySizes, onDestroy: (chunk: Chunk) => void = () => {}) {
    this.#maker = maker;
    this.#timeline = timeline;
    this.sizes = sizes;
    this.budget = new Budget(sizes.budget);
    this.#onDestroy = onDestroy;
  }

  /** The ranges in use. */
  get ranges(): Iterable<Range> {
    return this.#ranges.values();
  }

  /** The most bytes that buffer objects may have at a time. */
  get roomForBuffers(): number {
    return this.budget.bytes - this.sizes.reserve;
  }

  /** Pages by which the budget has been raised, or lowered if negative, since the beginning. */
  get pagesAdded(): number {
    return Math.floor((this.budget.allowed - this.sizes.budget) / PAGE_SIZE);
  }

  /** The range at a page address. */
  rangeAt(start: number): Range {
    const range = this.#ranges.get(start);
    if (range === undefined) throw new TtmError("EINVAL", `page ${start} is in no range of webgpu's memory`);
    return range;
  }

  /** Takes a range; `"later"` while the device creates or frees what serves it, `"no-room"` if somebody must leave. */
  take(pages: number, alignment: number, kind: ChunkKind): Range | "no-room" | "later" {
    const bytes = pages * PAGE_SIZE;
    const over = this.#comeWithinBudget();
    if (over) return "no-room";
    const range = this.#takeExisting(pages, alignment, kind);
    if (range !== null) return range;
    const pending = this.#pending(kind, bytes, kind.slab === null ? bytes + bytes / 4 : Infinity);
    if (pending !== null) return this.#later(pending);
    const sizes = kind.slab === null ? [bytes] : slabSizes(this.sizes.slab, bytes);
    const grown = this.#grow(sizes, kind);
    return grown instanceof Chunk ? this.#takeExisting(pages, alignment, kind) ?? "no-room" : grown;
  }

  /** Takes a staging buffer of at least so many bytes. `"no-room"` if only a smaller one can be had. */
  takeStaging(bytes: number): Chunk | "no-room" | "later" {
    const most = Math.max(2 * bytes, 2 ** 16);
    const free = this.#smallest(STAGING, bytes, most);
    const pending = free === null ? this.#pending(STAGING, bytes, most) : null;
    if (pending !== null) return this.#later(pending);
    const chunk = free ?? this.#grow([roundUp(bytes), bytes], STAGING);
    if (chunk instanceof Chunk) chunk.users = 1;
    else if (chunk === "no-room" && this.#stagingInUse()) return this.#later(this.#timeline.work());
    return chunk;
  }

  /** Gives a range back. Its next user comes after this one in the order of the queue. */
  give(range: Range): void {
    if (this.#ranges.get(range.start) !== range) {
      throw new TtmError("EINVAL", `Cannot free pages: webgpu's memory did not hand out page ${range.start}`);
    }
    this.#ranges.delete(range.start);
    range.tenant = null;
    const { chunk } = range;
    chunk.give(range);
    if (chunk.users === 0 && chunk.buffer === null) this.#forget(chunk);
  }

  /** Gives a staging buffer back, unmapped. */
  giveStaging(chunk: Chunk): void {
    chunk.users = 0;
  }

  /** The buffer with the stamp of readbacks. */
  get stamp(): GpuBuffer {
    return this.#stamp ??= this.#maker(STAMP_BYTES, GpuUsage.COPY_SRC | GpuUsage.COPY_DST).buffer;
  }

  /** Destroys all `GPUBuffer`s that nobody uses. */
  shrink(): void {
    for (const chunk of [...this.#unused()]) this.#destroy(chunk);
    this.#stamp?.destroy();
    this.#stamp = null;
  }

  /** The device is lost: what nobody uses is gone, and so are staging buffers. */
  lose(): void {
    this.#stamp = null;
    for (const chunk of [...this.#chunks]) {
      if (chunk.users === 0 || chunk.kind === STAGING) this.#forget(chunk);
      this.#onDestroy(chunk);
    }
  }

  /** Creates all `GPUBuffer`s in use anew, zeroed; those that the device refuses are null then. */
  async rebuild(): Promise<void> {
    await Promise.all(
      Array.from(this.#chunks, async (chunk) => {
        const { buffer, answer } = this.#maker(chunk.size, chunk.kind.usage);
        chunk.renew(buffer, ++this.#epoch);
        if (await answer !== null) chunk.renew(null, ++this.#epoch);
      }),
    );
  }

  #takeExisting(pages: number, alignment: number, kind: ChunkKind): Range | null {
    const bytes = pages * PAGE_SIZE;
    let range: Range | null = null;
    if (kind.slab === null) range = this.#smallest(kind, bytes, bytes + bytes / 4)?.take(pages, 1) ?? null;
    else {
      for (const chunk of this.#chunks) {
        if (!chunk.ready || !isSame(chunk.kind, kind)) continue;
        range = chunk.take(pages, alignment);
        if (range !== null) break;
      }
    }
    if (range === null) return null;
    this.#ranges.set(range.start, range);
    this.budget.noteServed();
    return range;
  }

  #smallest(kind: ChunkKind, least: number, most: number): Chunk | null {
    let best: Chunk | null = null;
    for (const chunk of this.#chunks) {
      const { size } = chunk;
      const suits = size >= least && size <= most && chunk.ready && chunk.users === 0 && isSame(chunk.kind, kind);
      if (suits && (best === null || size < best.size)) best = chunk;
    }
    return best;
  }

  #pending(kind: ChunkKind, least: number, most: number): Fence | null {
    for (const { size, creation, kind: other } of this.#chunks) {
      if (creation !== null && size >= least && size <= most && isSame(other, kind)) return creation;
    }
    return null;
  }

  /** Creates a chunk of the first size that there is room for, or begins to free the bytes for one of the last. */
  #grow(sizes: readonly number[], kind: ChunkKind): Chunk | "no-room" | "later" {
    const least = sizes.at(-1) ?? 0;
    this.#mustBeAllowed(least);
    const room = this.#roomFor(kind);
    for (const size of sizes) {
      if (size <= room && size <= this.sizes.maxBufferSize && this.budget.mayAsk(size, this.held)) {
        const chunk = this.#create(size, kind);
        return chunk.creation === null ? chunk : this.#later(chunk.creation);
      }
    }
    const unused = [...this.#unused(kind)];
    const isRefused = !this.budget.mayAsk(least, this.held);
    let missing = (isRefused ? least : least - room) - this.#retiring;
    const mayHelp = isRefused
      ? this.#retiring > 0 || unused.length > 0
      : missing <= unused.reduce((sum, { size }) => sum + size, 0);
    if (!mayHelp) return "no-room";
    for (const chunk of unused) {
      if (missing <= 0) break;
      missing -= chunk.size;
      this.#destroy(chunk);
    }
    return this.#later(this.#timeline.work());
  }

  #mustBeAllowed(size: number): void {
    const { maxBufferSize } = this.sizes;
    if (size > maxBufferSize) {
      throw new TtmError("EINVAL", `${size} bytes are more than the device's maxBufferSize of ${maxBufferSize}`);
    }
    if (this.#invalid?.size !== size) return;
    const { error } = this.#invalid;
    this.#invalid = null;
    throw error;
  }

  /** A part of the reserve is always left to staging, also when a smaller budget has been set. */
  #roomFor(kind: ChunkKind): number {
    const reserved = Math.max(0, this.sizes.reserve - this.#staging);
    const free = this.budget.bytes - this.held;
    return kind === STAGING ? Math.max(free, reserved) : free - reserved;
  }

  /** Chunks that may be destroyed for a request; for one of buffer objects the reserve stays. */
  *#unused(kind: ChunkKind = STAGING): Generator<Chunk> {
    let staging = this.#staging;
    for (const chunk of this.#chunks) {
      if (chunk.users > 0 || !chunk.ready) continue;
      if (chunk.kind === STAGING && kind !== STAGING) {
        if (staging - chunk.size < this.sizes.reserve) continue;
        staging -= chunk.size;
      }
      yield chunk;
    }
  }

  #stagingInUse(): boolean {
    for (const { kind, users } of this.#chunks) if (kind === STAGING && users > 0) return true;
    return false;
  }

  /** After the budget has become smaller; true if somebody has to leave first. */
  #comeWithinBudget(): boolean {
    const over = () => this.held - this.#retiring - this.budget.bytes;
    if (over() <= 0) return false;
    for (const chunk of [...this.#unused()]) if (over() > 0) this.#destroy(chunk);
    return over() > 0;
  }

  #create(size: number, kind: ChunkKind): Chunk {
    const { buffer, answer } = this.#maker(size, kind.usage);
    const chunk = new Chunk(this.#chunksMade++, size, kind, buffer, ++this.#epoch);
    this.#chunks.add(chunk);
    this.#count(chunk, size);
    if (answer !== null) {
      chunk.creation = this.#creations.follow(answer.then((refusal) => this.#answered(chunk, refusal)));
    }
    return chunk;
  }

  #answered(chunk: Chunk, refusal: Refusal | null): void {
    chunk.creation = null;
    if (refusal === null || !this.#chunks.has(chunk)) return;
    chunk.buffer?.destroy();
    this.#forget(chunk);
    const { isOutOfMemory, error } = refusal;
    if (isOutOfMemory) this.budget.refuse(chunk.size, this.held);
    else if (error.code === "EINVAL") this.#invalid = { size: chunk.size, error };
  }

  #destroy(chunk: Chunk): void {
    const { size, kind } = chunk;
    this.#chunks.delete(chunk);
    this.#onDestroy(chunk);
    chunk.buffer?.destroy();
    this.#retiring += size;
    if (kind === STAGING) this.#staging -= size;
    this.#timeline.work().observe(() => {
      this.#retiring -= size;
      this.held -= size;
    });
  }

  #forget(chunk: Chunk): void {
    if (this.#chunks.delete(chunk)) this.#count(chunk, -chunk.size);
  }

  #count({ kind }: Chunk, bytes: number): void {
    this.held += bytes;
    if (kind === STAGING) this.#staging += bytes;
    this.highest = Math.max(this.highest, this.held);
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
    return [...lines, `${this.held} of ${this.budget.bytes} bytes, ${this.#retiring} of them destroyed`].join("\n");
  }
}

function isSame(a: ChunkKind, b: ChunkKind): boolean {
  return a.usage === b.usage && a.slab === b.slab;
}

function slabSizes(largest: number, bytes: number): readonly number[] {
  const sizes = [];
  for (let size = largest; size > bytes; size = Math.floor(size / 2 / PAGE_SIZE) * PAGE_SIZE) sizes.push(size);
  return [...sizes, bytes];
}

/** A size that others of about the same can use, too: at most an eighth more. */
function roundUp(bytes: number): number {
  const step = Math.max(256, 2 ** Math.floor(Math.log2(bytes)) / 8);
  return Math.ceil(bytes / step) * step;
}
