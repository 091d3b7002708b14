import type { Pieces } from "./bytes.ts";
import { readLines } from "./lines.ts";
import { type Fail, titleOf } from "./values.ts";
import { type BufferUse, type JobEvent, type Workload, WorkloadError, type WorkloadEvent } from "./workload.ts";
import { parseStep, type WsimStep, type WsimUse } from "./wsim_step.ts";

/** The most buffers of all sets, and the most uses of all submissions: a few characters can ask for any number. */
const MOST_BUFFERS = 1 << 20;
const MOST_USES = 1 << 22;

type Batch = Extract<WsimStep, { kind: "batch" }>;
type Placed<Step> = Step & { readonly line: number; readonly t: number };

/**
 * Reads a workload descriptor of i915's `gem_wsim`, once through. The buffers of all working sets are there from the
 * beginning; a batch that names any is a job. Time advances by the delays and periods of the CPU alone: what waits for
 * the GPU depends on how long that takes.
 *
 * @throws {WorkloadError} For text that is no step, a working set that is defined twice or not at all, a batch that
 * never ends, and a file without working sets: at that line.
 */
export async function readWsim(file: string, pieces: Pieces): Promise<Workload> {
  const reader = new Descriptor(file);
  for await (const { at, text } of readLines(file, pieces)) {
    if (text.startsWith("#")) continue;
    for (const step of text.split(",")) if (step.trim() !== "") reader.add(at, step.trim());
  }
  return { name: titleOf(file), time: "us", events: reader.events() };
}

class Descriptor {
  readonly #file: string;
  readonly #sets = new Map<number, { readonly line: number; readonly sizes: readonly number[] }>();
  readonly #batches: Placed<Batch>[] = [];
  /** The batch of each step, if it is one, for the steps that count back. */
  readonly #steps: (Placed<Batch> | undefined)[] = [];
  readonly #ends = new Map<Placed<Batch>, number>();
  #buffers = 0;
  #line = 1;
  #now = 0;

  constructor(file: string) {
    this.#file = file;
  }

  add(line: number, text: string): void {
    this.#line = line;
    const fail = this.#failAt(line);
    const step = parseStep(text, fail);
    const batch = step.kind === "batch" ? { ...step, line, t: this.#now } : undefined;
    if (batch !== undefined) this.#batches.push(batch);
    if (step.kind === "delay") this.#now += step.us;
    // A period counts from the beginning of the loop.
    if (step.kind === "period") this.#now = Math.max(this.#now, step.us);
    if (this.#now > Number.MAX_SAFE_INTEGER) throw fail("its delays are too long");
    if (step.kind === "terminate") {
      const ended = this.#steps[this.#steps.length - step.back];
      if (ended?.us !== Infinity) throw fail(`the step ${step.back} back has an end of its own`);
      this.#ends.set(ended, this.#now);
    }
    if (step.kind === "set") this.#define(step, fail);
    this.#steps.push(batch);
  }

  events(): WorkloadEvent[] {
    if (this.#sets.size === 0) throw this.#failAt(this.#line)("it has no working set, so no buffers");
    const allocs: WorkloadEvent[] = [];
    const firstIds = new Map<number, number>();
    for (const [set, { sizes }] of [...this.#sets].sort(([a], [b]) => a - b)) {
      firstIds.set(set, allocs.length + 1);
      for (const [index, bytes] of sizes.entries()) {
        allocs.push({ op: "alloc", t: 0, id: allocs.length + 1, bytes, tag: `ws${set}.${index}` });
      }
    }
    let uses = 0;
    const jobs: JobEvent[] = [];
    for (const batch of this.#batches) {
      const fail = this.#failAt(batch.line);
      const written = new Map<number, boolean>();
      for (const use of batch.uses) {
        uses += Math.max(0, use.last - use.first + 1);
        if (uses > MOST_USES) throw fail(`its batches have more than ${MOST_USES} uses`);
        this.#addUse(use, firstIds.get(use.set), written, fail);
      }
      const list: BufferUse[] = Array.from(written, ([id, write]) => ({ id, write }));
      const { t, context } = batch;
      if (list.length > 0) jobs.push({ op: "job", t, uses: list, durationUs: this.#duration(batch, fail), context });
    }
    return [...allocs, ...jobs];
  }

  #define({ set, sizes }: Extract<WsimStep, { kind: "set" }>, fail: Fail): void {
    const earlier = this.#sets.get(set);
    if (earlier !== undefined) throw fail(`working set ${set} was defined on line ${earlier.line}`);
    this.#buffers += sizes.reduce((sum, { count }) => sum + count, 0);
    if (this.#buffers > MOST_BUFFERS) throw fail(`its working sets have more than ${MOST_BUFFERS} buffers`);
    const each = sizes.flatMap(({ count, bytes }) => new Array<number>(count).fill(bytes));
    this.#sets.set(set, { line: this.#line, sizes: each });
  }

  #addUse({ set, first, last, write }: WsimUse, id: number | undefined, written: Map<number, boolean>, fail: Fail) {
    const count = this.#sets.get(set)?.sizes.length;
    if (id === undefined || count === undefined) throw fail(`there is no working set ${set}`);
    if (first > last || last >= count) throw fail(`working set ${set} has ${count} buffers, no ${first} to ${last}`);
    for (let index = first; index <= last; index++) {
      written.set(id + index, write || written.get(id + index) === true);
    }
  }

  #duration(batch: Placed<Batch>, fail: Fail): number {
    if (batch.us !== Infinity) return batch.us;
    const end = this.#ends.get(batch);
    if (end === undefined) throw fail("no step ends this batch, which has no end of its own");
    return end - batch.t;
  }

  #failAt(line: number): Fail {
    return (why) => new WorkloadError(this.#file, { line }, `Cannot read the gem_wsim workload: ${why}`);
  }
}
