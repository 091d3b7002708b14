import { type Clock, type Fence, FenceContext } from "@ttm/core";

interface Task {
  readonly after: readonly Fence[];
  readonly durationMs: number;
  readonly run: () => void;
  readonly fence: Fence;
}

/** How an engine has spent its time, in simulated milliseconds. */
export interface EngineStats {
  /** Tasks that have ended. */
  readonly tasks: number;
  /** Time spent on tasks. */
  readonly busyMs: number;
  /** Tasks that the engine was free for but that had to wait for fences first. */
  readonly stalls: number;
  /** Time spent waiting like that. */
  readonly stalledMs: number;
}

/**
 * One in-order engine on a clock: a task starts when the one before it has ended and the fences that it waits for
 * have signalled, takes its time, and has its effect at the end, when its fence signals.
 */
export class Engine {
  #clock: Clock;
  #context: FenceContext;
  #queue: Task[] = [];
  #running = false;
  #freeSince = 0;
  #stats = { tasks: 0, busyMs: 0, stalls: 0, stalledMs: 0 };

  /** `name` is for messages. */
  constructor(clock: Clock, name: string) {
    this.#clock = clock;
    this.#context = new FenceContext(name);
  }

  /** What it has done so far. */
  get stats(): EngineStats {
    return { ...this.#stats };
  }

  /** Queues a task that waits for `after`, takes `durationMs` and then calls `run`; if that throws, the fence fails. */
  submit(after: readonly Fence[], durationMs: number, run: () => void): Fence {
    const fence = this.#context.next();
    this.#queue.push({ after, durationMs, run, fence });
    if (this.#queue.length === 1) this.#becomeFree();
    return fence;
  }

  #becomeFree(): void {
    this.#freeSince = this.#clock.now();
    this.#startFirst();
  }

  #startFirst(): void {
    const [task] = this.#queue;
    if (task === undefined || this.#running) return;
    const pending = task.after.find((fence) => !fence.signalled);
    if (pending !== undefined) {
      pending.onSignal(() => this.#startFirst());
      return;
    }
    this.#running = true;
    const now = this.#clock.now();
    if (now > this.#freeSince) {
      this.#stats.stalls++;
      this.#stats.stalledMs += now - this.#freeSince;
    }
    this.#clock.schedule(now + task.durationMs, () => this.#end(task));
  }

  #end(task: Task): void {
    this.#queue.shift();
    this.#running = false;
    this.#stats.tasks++;
    this.#stats.busyMs += task.durationMs;
    try {
      task.run();
      task.fence.signal();
    } catch (error) {
      task.fence.signal(error);
    }
    this.#becomeFree();
  }
}
