import { TtmError } from "@ttm/core";

/** Allocation of a buffer. Its contents are undefined until a job writes it. */
export interface AllocEvent {
  /** Which kind of event. */
  readonly op: "alloc";
  /** Time: microseconds or a sequence number, see {@linkcode Workload.time}. */
  readonly t: number;
  /** Identifies the buffer; an id is never reused, not even after the buffer was freed. */
  readonly id: number;
  /** Size in bytes, from 1; not rounded to pages. */
  readonly bytes: number;
  /** The purpose of the buffer, for reports. */
  readonly tag?: string;
}

/** One buffer of a job. */
export interface BufferUse {
  /** The buffer, which is live: allocated and not freed. */
  readonly id: number;
  /** Whether the job writes the buffer, and perhaps reads it too; otherwise it only reads. */
  readonly write: boolean;
}

/** One submission to the GPU. All its buffers must be where the GPU can reach them while it runs. */
export interface JobEvent {
  /** Which kind of event. */
  readonly op: "job";
  /** When the job is submitted, see {@linkcode Workload.time}. */
  readonly t: number;
  /** At least one buffer, no buffer twice. */
  readonly uses: readonly BufferUse[];
  /** Time on the GPU, in whole microseconds; 0 if unknown. */
  readonly durationUs: number;
  /** The GPU context that submits it; absent if unknown. */
  readonly context?: number;
}

/** The owner frees a buffer. Jobs submitted before may still be using it. */
export interface FreeEvent {
  /** Which kind of event. */
  readonly op: "free";
  /** Time, see {@linkcode Workload.time}. */
  readonly t: number;
  /** The buffer, which is live. */
  readonly id: number;
}

/** One step of a workload. */
export type WorkloadEvent = AllocEvent | JobEvent | FreeEvent;

/** A program's use of GPU memory: a stream of allocations, jobs and frees. */
export interface Workload {
  /** Its name, for reports. */
  readonly name: string;
  /** The unit of `t`: microseconds since the start, or steps of a sequence if arrival times are unknown. */
  readonly time: "us" | "seq";
  /** In order of `t`. Buffers that are never freed are still live at the end. */
  readonly events: readonly WorkloadEvent[];
  /**
   * The first byte of each buffer by its id, for reports; absent if the recording has no addresses. bo-trace does not
   * keep them. Each process has addresses of its own, 2^48 apart.
   */
  readonly addresses?: ReadonlyMap<number, number>;
}

/** Where in a file something is: the line, from 1, or the offset in bytes in the contents after decompression. */
export type Position = { readonly line: number } | { readonly offset: number };

/** The reason why a file is not a valid workload, with file and position; its code is `EINVAL`. */
export class WorkloadError extends TtmError {
  /** The name of the file, as passed to the reader. */
  readonly file: string;
  /** The line, from 1; undefined in a file that is not text. */
  readonly line: number | undefined;
  /** The offset in bytes, in the contents after decompression; undefined in a file of lines. */
  readonly offset: number | undefined;
  /** The message without file and position. */
  readonly why: string;

  /** Makes the message `FILE:LINE: why`, or `FILE: byte OFFSET: why`. */
  constructor(file: string, position: Position, why: string) {
    super(
      "EINVAL",
      "line" in position ? `${file}:${position.line}: ${why}` : `${file}: byte ${position.offset}: ${why}`,
    );
    this.file = file;
    this.why = why;
    this.line = "line" in position ? position.line : undefined;
    this.offset = "offset" in position ? position.offset : undefined;
  }
}

const PAGE_BYTES = 4096;

/** The peak size of a workload's live buffers, in bytes, each buffer rounded up to pages of 4096 bytes. */
export function peakBytes(workload: Workload): number {
  const live = new Map<number, number>();
  let now = 0;
  let peak = 0;
  for (const event of workload.events) {
    if (event.op === "alloc") {
      const bytes = Math.ceil(event.bytes / PAGE_BYTES) * PAGE_BYTES;
      live.set(event.id, bytes);
      now += bytes;
      peak = Math.max(peak, now);
    } else if (event.op === "free") {
      now -= live.get(event.id) ?? 0;
      live.delete(event.id);
    }
  }
  return peak;
}

/** Whether a workload has jobs; recordings of an allocator alone have none. */
export function hasJobs(workload: Workload): boolean {
  return workload.events.some((event) => event.op === "job");
}
