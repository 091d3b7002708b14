import type { Pieces } from "./bytes.ts";
import { type FtraceEvent, isNoEvent, parseFtraceLine } from "./ftrace_line.ts";
import { readLines } from "./lines.ts";
import { type Fail, MOST_BYTES, show, titleOf } from "./values.ts";
import { type AllocEvent, type JobEvent, type Workload, WorkloadError, type WorkloadEvent } from "./workload.ts";

const PAGE_BYTES = 4096;
const POINTER = /^(?:0x)?([0-9a-f]{1,16})$/i;

/** The buffers that a thread listed last, by pointer, with their sizes. */
interface BufferList {
  readonly list: string;
  readonly sizes: Map<string, number>;
  /** Whether a submission used it, so that the next buffer begins a new list. */
  submitted: boolean;
}

type Job = { -readonly [Key in keyof JobEvent]: JobEvent[Key] };

/**
 * Reads ftrace's text (`trace-cmd report`, `/sys/kernel/tracing/trace`) with amdgpu's events. Buffers come from
 * `amdgpu_bo_create`, or were there before if only a list names them. A submission (`amdgpu_cs_ioctl`) uses what its
 * thread listed last (`amdgpu_bo_list_set`); the kernel does not say what it writes, so it counts as writing all. Its time
 * on the GPU is that from `amdgpu_sched_run_job` to `dma_fence_signaled`. The kernel does not record when buffers are
 * freed: one ends where its pointer is given to another.
 *
 * @throws {WorkloadError} For a line that is none of ftrace's, events that were lost, a field that is missing or wrong,
 * and text without an event of amdgpu that names a buffer: at that line.
 */
export async function readAmdgpuTrace(file: string, pieces: Pieces): Promise<Workload> {
  const trace = new AmdgpuTrace();
  let at = 1;
  const fail: Fail = (why) => new WorkloadError(file, { line: at }, `Cannot read the ftrace text: ${why}`);
  for await (const line of readLines(file, pieces)) {
    at = line.at;
    if (!line.ended) throw fail("its last line is cut short");
    const text = line.text.replace(/\r$/, "");
    const event = parseFtraceLine(text);
    if (event !== undefined) trace.add(event, fail);
    else if (/LOST \d+ EVENTS/.test(text)) throw fail(`events were lost: ${show(text)}`);
    else if (!isNoEvent(text)) throw fail(`${show(text)} is no event`);
  }
  const events = trace.events();
  if (events.length === 0) throw fail("no event of amdgpu names a buffer");
  return { name: titleOf(file), time: "us", events };
}

class AmdgpuTrace {
  readonly #before: AllocEvent[] = [];
  readonly #events: WorkloadEvent[] = [];
  readonly #live = new Map<string, number>();
  readonly #lists = new Map<number, BufferList>();
  readonly #jobs = new Map<string, Job>();
  readonly #started = new Map<string, number>();
  #buffers = 0;
  #first: number | undefined;
  #now = 0;

  add(event: FtraceEvent, fail: Fail): void {
    this.#first ??= event.us;
    this.#now = Math.max(this.#now, event.us - this.#first);
    if (event.name === "amdgpu_bo_create") this.#create(event, fail);
    else if (event.name === "amdgpu_bo_list_set") this.#list(event, fail);
    else if (event.name === "amdgpu_cs_ioctl") this.#submit(event, fail);
    else if (event.name === "amdgpu_sched_run_job") this.#started.set(fence(event, fail), this.#now);
    else if (event.name === "dma_fence_signaled") this.#signal(fence(event, fail));
  }

  events(): WorkloadEvent[] {
    return [...this.#before, ...this.#events];
  }

  #create(event: FtraceEvent, fail: Fail): void {
    const bo = pointer(event, "bo", fail);
    const bytes = wholeField(event, "pages", fail, 1, MOST_BYTES / PAGE_BYTES) * PAGE_BYTES;
    const earlier = this.#live.get(bo);
    if (earlier !== undefined) this.#events.push({ op: "free", t: this.#now, id: earlier });
    this.#events.push({ op: "alloc", t: this.#now, id: this.#enter(bo), bytes });
  }

  #list(event: FtraceEvent, fail: Fail): void {
    const list = pointer(event, "list", fail);
    const bo = pointer(event, "bo", fail);
    const bytes = wholeField(event, "bo_size", fail, 1, MOST_BYTES);
    let current = this.#lists.get(event.pid);
    if (current === undefined || current.submitted || current.list !== list) {
      current = { list, sizes: new Map(), submitted: false };
      this.#lists.set(event.pid, current);
    }
    current.sizes.set(bo, bytes);
  }

  #submit(event: FtraceEvent, fail: Fail): void {
    const key = fence(event, fail);
    const current = this.#lists.get(event.pid);
    // A submission without a list, such as one of page tables, names no buffer.
    if (current === undefined) return;
    current.submitted = true;
    const uses = Array.from(
      current.sizes,
      ([bo, bytes]) => ({ id: this.#live.get(bo) ?? this.#find(bo, bytes), write: true }),
    );
    const context = Number(key.split(":", 1)[0]);
    const job: Job = { op: "job", t: this.#now, uses, durationUs: 0, context };
    this.#jobs.set(key, job);
    this.#events.push(job);
  }

  #signal(key: string): void {
    const [job, started] = [this.#jobs.get(key), this.#started.get(key)];
    if (job !== undefined && started !== undefined) job.durationUs = this.#now - started;
    this.#jobs.delete(key);
    this.#started.delete(key);
  }

  #find(bo: string, bytes: number): number {
    const id = this.#enter(bo);
    this.#before.push({ op: "alloc", t: 0, id, bytes });
    return id;
  }

  #enter(bo: string): number {
    this.#live.set(bo, ++this.#buffers);
    return this.#buffers;
  }
}

/** What names a fence: `context:seqno`, which newer kernels write as one field. */
function fence(event: FtraceEvent, fail: Fail): string {
  const joined = event.fields.get("fence");
  if (joined !== undefined && /^\d{1,15}:\d{1,20}$/.test(joined)) return joined;
  return `${wholeField(event, "context", fail, 0)}:${wholeField(event, "seqno", fail, 0)}`;
}

function pointer({ name, fields }: FtraceEvent, field: string, fail: Fail): string {
  const [, digits] = POINTER.exec(fields.get(field) ?? "") ?? [];
  if (digits !== undefined) return digits.toLowerCase().replace(/^0+(?=.)/, "");
  throw fail(`${field} of ${name} must be a pointer, but is ${show(fields.get(field))}`);
}

function wholeField(
  { name, fields }: FtraceEvent,
  field: string,
  fail: Fail,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  const text = fields.get(field);
  const value = text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw fail(`${field} of ${name} must be a whole number from ${least} to ${most}, but is ${show(text)}`);
}
