import type { TraceLine, UseLine } from "./bo_trace_line.ts";
import type { Fail } from "./values.ts";
import { type BufferUse, WorkloadError, type WorkloadEvent } from "./workload.ts";

/** Counts of a trace, under the names that the header's `stats` use. */
export interface TraceCounts {
  /** Lines after the header. */
  readonly events: number;
  /** Buffers allocated. */
  readonly allocs: number;
  /** Buffers freed. */
  readonly frees: number;
  /** Lines that use a buffer. */
  readonly uses: number;
  /** Distinct job numbers; uses without one are not counted. */
  readonly jobs: number;
}

/** A job that the next line may add a buffer to. */
interface OpenJob {
  readonly first: UseLine;
  readonly line: number;
  readonly uses: BufferUse[];
  /** The line that uses each buffer, by buffer id. */
  readonly usedOn: Map<number, number>;
}

/** Converts the lines of a bo-trace into events, and refuses lines that contradict earlier ones. */
export class TraceEvents {
  /** The events so far. A job is added with its first use; later uses extend it. */
  readonly events: WorkloadEvent[] = [];
  readonly #file: string;
  readonly #allocatedOn = new Map<number, number>();
  readonly #freedOn = new Map<number, number>();
  readonly #jobOn = new Map<number, number>();
  #lines = 0;
  #open: OpenJob | undefined;
  #now = 0;

  /** `file` is the file's name in error messages. */
  constructor(file: string) {
    this.#file = file;
  }

  /** Counts of the lines so far. */
  get counts(): TraceCounts {
    const [events, allocs, frees] = [this.#lines, this.#allocatedOn.size, this.#freedOn.size];
    return { events, allocs, frees, uses: events - allocs - frees, jobs: this.#jobOn.size };
  }

  /**
   * Adds the event of line `at`.
   *
   * @throws {WorkloadError} For an event
   * - whose `t` is less than that of the event before;
   * - that allocates an id a second time, or uses or frees a buffer that is not live;
   * - that uses a buffer twice in a job, has another `t`, `dur` or `ctx` than the first use of its job, or belongs to a
   *   job that another event has ended.
   */
  add(at: number, line: TraceLine): void {
    const fail: Fail = (why) =>
      new WorkloadError(this.#file, { line: at }, `Cannot replay ${line.op} of buffer ${line.id}: ${why}`);
    if (line.t < this.#now) throw fail(`t goes back from ${this.#now} to ${line.t}`);
    this.#now = line.t;
    this.#lines++;
    if (line.op === "alloc") {
      const earlier = this.#allocatedOn.get(line.id);
      if (earlier !== undefined) throw fail(`its id was taken on line ${earlier}`);
      this.#allocatedOn.set(line.id, at);
    } else {
      if (!this.#allocatedOn.has(line.id)) throw fail("it was not allocated before");
      const freed = this.#freedOn.get(line.id);
      if (freed !== undefined) throw fail(`it was freed on line ${freed}`);
    }
    if (line.op === "use") return this.#use(at, line, fail);
    if (line.op === "free") this.#freedOn.set(line.id, at);
    this.#open = undefined;
    this.events.push(line);
  }

  #use(at: number, line: UseLine, fail: Fail): void {
    const { id, write, job } = line;
    if (this.#open === undefined || job === undefined || job !== this.#open.first.job) {
      this.#open = this.#begin(at, line, fail);
    }
    const open = this.#open;
    for (const field of ["t", "dur", "ctx"] as const) {
      const [is, was] = [line[field], open.first[field]];
      if (is === undefined || is === was) continue;
      throw fail(`${field} is ${is}, but ${was ?? "missing"} on line ${open.line}, where job ${job} begins`);
    }
    const earlier = open.usedOn.get(id);
    if (earlier !== undefined) throw fail(`job ${job} uses it already on line ${earlier}`);
    open.usedOn.set(id, at);
    open.uses.push({ id, write });
  }

  #begin(at: number, first: UseLine, fail: Fail): OpenJob {
    const { t, job, dur, ctx } = first;
    if (job !== undefined) {
      const earlier = this.#jobOn.get(job);
      if (earlier !== undefined) throw fail(`job ${job} began on line ${earlier} and was over before this line`);
      this.#jobOn.set(job, at);
    }
    const uses: BufferUse[] = [];
    this.events.push({ op: "job", t, uses, durationUs: dur ?? 0, ...(ctx === undefined ? {} : { context: ctx }) });
    return { first, line: at, uses, usedOn: new Map() };
  }
}
