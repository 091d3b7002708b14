import type { Workload, WorkloadEvent } from "@ttm/import";

/** A buffer of a workload under construction. */
export interface BuiltBuffer {
  /** Its id. */
  readonly id: number;
  /** Its size in bytes. */
  readonly bytes: number;
}

/** The memory bandwidth that jobs run at, in bytes per microsecond: 300 GB/s, that of a mid-range graphics card. */
export const BANDWIDTH: number = 300_000;

/** Collects the events of a workload. Buffers get the ids 1, 2, 3 … */
export class WorkloadBuilder {
  /** The `t` of the next event. In a workload with `time: "seq"` it counts the jobs and moves by itself. */
  now = 0;
  readonly #name: string;
  readonly #time: Workload["time"];
  readonly #events: WorkloadEvent[] = [];
  readonly #live = new Set<BuiltBuffer>();
  #lastId = 0;

  /** For the meaning of `name` and `time` see {@linkcode Workload}. */
  constructor(name: string, time: Workload["time"]) {
    this.#name = name;
    this.#time = time;
  }

  /** Allocates a buffer of a whole number of bytes, at least 1. `tag` says what it is for. */
  alloc(bytes: number, tag: string): BuiltBuffer {
    const buffer = { id: ++this.#lastId, bytes };
    this.#live.add(buffer);
    this.#events.push({ op: "alloc", t: this.now, id: buffer.id, bytes, tag });
    return buffer;
  }

  /** Allocates a buffer and submits a job that writes all of it. */
  upload(bytes: number, tag: string): BuiltBuffer {
    const buffer = this.alloc(bytes, tag);
    this.job([], [buffer]);
    return buffer;
  }

  /**
   * Submits a job.
   *
   * The GPU is assumed to work as fast as its memory: the job takes `moved` bytes divided by {@linkcode BANDWIDTH},
   * rounded up to whole microseconds, and at least one.
   *
   * @param reads The buffers it only reads.
   * @param writes The buffers it writes; none of `reads`.
   * @param moved The bytes it reads and writes; by default the size of all its buffers.
   */
  job(reads: readonly BuiltBuffer[], writes: readonly BuiltBuffer[], moved?: number): void {
    const bytes = moved ?? [...reads, ...writes].reduce((sum, buffer) => sum + buffer.bytes, 0);
    const uses = [
      ...reads.map(({ id }) => ({ id, write: false })),
      ...writes.map(({ id }) => ({ id, write: true })),
    ];
    this.#events.push({ op: "job", t: this.now, uses, durationUs: Math.max(1, Math.ceil(bytes / BANDWIDTH)) });
    if (this.#time === "seq") this.now++;
  }

  /** Frees a buffer, which is live. */
  free(buffer: BuiltBuffer): void {
    this.#live.delete(buffer);
    this.#events.push({ op: "free", t: this.now, id: buffer.id });
  }

  /** Frees the buffers that are still live, in the order of their ids, and returns the workload. */
  finish(): Workload {
    for (const buffer of this.#live) this.free(buffer);
    return { name: this.#name, time: this.#time, events: this.#events };
  }
}
