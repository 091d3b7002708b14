/** A buffer comes into being. Its content is undefined until a job writes it. */
export interface AllocEvent {
  /** Which kind of event. */
  readonly op: "alloc";
  /** When: microseconds or a sequence number, see {@linkcode Workload.time}. */
  readonly t: number;
  /** Names the buffer; an id is never used for a second buffer, not even after the first was freed. */
  readonly id: number;
  /** Size in bytes, from 1; not rounded to pages. */
  readonly bytes: number;
  /** What the buffer is for; only people read it. */
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
  /** How long the GPU works on it, in whole microseconds; 0 if unknown. */
  readonly durationUs: number;
  /** The GPU context that submits it; absent if unknown. */
  readonly context?: number;
}

/** The owner drops a buffer. Jobs submitted before may still be using it. */
export interface FreeEvent {
  /** Which kind of event. */
  readonly op: "free";
  /** When, see {@linkcode Workload.time}. */
  readonly t: number;
  /** The buffer, which is live. */
  readonly id: number;
}

/** One step of a workload. */
export type WorkloadEvent = AllocEvent | JobEvent | FreeEvent;

/** What a program asks of a GPU's memory: a stream of allocations, jobs and frees. */
export interface Workload {
  /** What people call it. */
  readonly name: string;
  /** What `t` counts: microseconds since the start, or mere steps in a sequence without known arrival times. */
  readonly time: "us" | "seq";
  /** In time order: `t` never goes down. Buffers that are never freed live on at the end. */
  readonly events: readonly WorkloadEvent[];
}

/** Why a file is no workload that can be replayed, and where it stops being one. */
export class WorkloadError extends Error {
  /** The file, as the reader's caller named it. */
  readonly file: string;
  /** The line, from 1. */
  readonly line: number;

  /** Makes the message `FILE:LINE: why`. */
  constructor(file: string, line: number, why: string) {
    super(`${file}:${line}: ${why}`);
    this.name = "WorkloadError";
    this.file = file;
    this.line = line;
  }
}

const PAGE_BYTES = 4096;

/** The most memory that a workload's buffers take up at one time: bytes, each buffer rounded up to 4096-byte pages. */
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

/** Whether a workload submits anything; recordings of an allocator alone do not. */
export function hasJobs(workload: Workload): boolean {
  return workload.events.some((event) => event.op === "job");
}
