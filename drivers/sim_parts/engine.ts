import { type Clock, type ClockEvent, type Fence, FenceContext } from "@ttm/core";

interface Task {
  readonly after: readonly Fence[];
  readonly durationMs: number;
  readonly run: () => void;
  readonly fence: Fence;
  /** The task queued after it. */
  next: Task | null;
}

/** The task that an engine is running. */
interface Work {
  readonly task: Task;
  readonly since: number;
  /** The scheduled end; null if the task hangs. */
  readonly end: ClockEvent | null;
}

/** The simulated time that an engine has spent, in milliseconds. */
export interface EngineStats {
  /** Tasks that have ended, also those that a reset has ended. */
  readonly tasks: number;
  /** Time spent running tasks. */
  readonly busyMs: number;
  /** Tasks for which the idle engine had to wait for fences. */
  readonly stalls: number;
  /** Time spent in these waits. */
  readonly stalledMs: number;
}

/**
 * One in-order engine on a clock: a task starts when the one before it has ended and the fences that it waits for have
 * signalled. It takes its duration, and has its effect at the end, when its fence signals.
 */
export class Engine {
  #clock: Clock;
  #context: FenceContext;
  #first: Task | null = null;
  #last: Task | null = null;
  #work: Work | null = null;
  #halted = false;
  #freeSince = 0;
  #stats = { tasks: 0, busyMs: 0, stalls: 0, stalledMs: 0 };

  /** `name` is for error messages. */
  constructor(clock: Clock, name: string) {
    this.#clock = clock;
    this.#context = new FenceContext(name);
  }

  /** Statistics of the tasks so far. */
  get stats(): EngineStats {
    return { ...this.#stats };
  }

  /**
   * Queues a task that waits for `after`, takes `durationMs` and then calls `run`; if that throws, the fence fails.
   * With an infinite duration it hangs: it starts and never ends.
   */
  submit(after: readonly Fence[], durationMs: number, run: () => void): Fence {
    const fence = this.#context.next();
    const task = { after, durationMs, run, fence, next: null };
    const before = this.#last;
    this.#last = task;
    if (before !== null) before.next = task;
    else {
      this.#first = task;
      this.#becomeFree();
    }
    return fence;
  }

  /**
   * Stops the running task, and starts no other, even if fences signal.
   *
   * @returns A function that resumes: the fence of the stopped task fails with the error, and the queued tasks follow.
   * It returns whether a task was stopped.
   */
  halt(): (error: unknown) => boolean {
    const work = this.#work;
    if (work !== null && work.end !== null) this.#clock.cancel(work.end);
    this.#halted = true;
    return (error) => {
      this.#halted = false;
      if (work === null) this.#startFirst();
      else {
        this.#end(work.task, this.#clock.now() - work.since, () => {
          throw error;
        });
      }
      return work !== null;
    };
  }

  #becomeFree(): void {
    this.#freeSince = this.#clock.now();
    this.#startFirst();
  }

  #startFirst(): void {
    const task = this.#first;
    if (task === null || this.#work !== null || this.#halted) return;
    const pending = task.after.find((fence) => !fence.signalled);
    if (pending !== undefined) {
      pending.onSignal(() => this.#startFirst());
      return;
    }
    const now = this.#clock.now();
    if (now > this.#freeSince) {
      this.#stats.stalls++;
      this.#stats.stalledMs += now - this.#freeSince;
    }
    const end = () => this.#end(task, task.durationMs, task.run);
    const hangs = task.durationMs === Infinity;
    this.#work = { task, since: now, end: hangs ? null : this.#clock.schedule(now + task.durationMs, end) };
  }

  #end({ fence, next }: Task, spentMs: number, run: () => void): void {
    this.#first = next;
    if (next === null) this.#last = null;
    this.#work = null;
    this.#stats.tasks++;
    this.#stats.busyMs += spentMs;
    let error: unknown;
    try {
      run();
    } catch (thrown) {
      error = thrown;
    }
    try {
      fence.signal(error);
    } finally {
      this.#becomeFree();
    }
  }
}
