import type { BufferView, MoveEvent } from "@ttm/core";
import type { Composition } from "./compose.ts";
import { MoveCounters } from "./counters.ts";

/** The figures of all buffers with one tag. Sizes are in bytes. */
export interface TagReport {
  /** The tag. */
  readonly tag: string;
  /** Buffers allocated. */
  readonly buffers: number;
  /** The sum of their sizes, not rounded to pages; not all of them need be live at the same time. */
  readonly bytes: number;
  /** Copied into fast memory. */
  readonly bytesIn: number;
  /** Copied out of fast memory. */
  readonly bytesOut: number;
  /** Bytes of pages bound for the GPU, for a GPU that copies nothing; else 0. */
  readonly bytesBound: number;
  /** Evictions from fast memory. */
  readonly evictions: number;
}

class TagCounter extends MoveCounters {
  buffers = 0;
  bytes = 0;
}

/** Counts moves by the tags of buffers. */
export class TagCounters {
  #composition: Pick<Composition, "fast" | "copies">;
  #byTag = new Map<string, TagCounter>();
  #byBuffer = new WeakMap<BufferView, TagCounter>();

  /** Counters for one composition. */
  constructor(composition: Pick<Composition, "fast" | "copies">) {
    this.#composition = composition;
  }

  /** Adds a buffer with a tag. */
  alloc(tag: string, buffer: BufferView): void {
    const counter = this.#byTag.get(tag) ?? new TagCounter(this.#composition);
    this.#byTag.set(tag, counter);
    this.#byBuffer.set(buffer, counter);
    counter.buffers++;
    counter.bytes += buffer.bytes;
  }

  /** Takes one event of the tracer. */
  add(event: MoveEvent): void {
    this.#byBuffer.get(event.buffer)?.add(event);
  }

  /** The figures of each tag, in descending order of bytes moved, then of size. */
  reports(): TagReport[] {
    const reports = Array.from(this.#byTag, ([tag, counter]) => {
      const { buffers, bytes, bytesIn, bytesOut, bytesBound, evictions } = counter;
      return { tag, buffers, bytes, bytesIn, bytesOut, bytesBound, evictions };
    });
    const moved = ({ bytesIn, bytesOut, bytesBound }: TagReport) => bytesIn + bytesOut + bytesBound;
    return reports.sort((a, b) => moved(b) - moved(a) || b.bytes - a.bytes);
  }
}
