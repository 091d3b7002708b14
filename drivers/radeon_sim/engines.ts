import { type Clock, type Fence, PAGE_SIZE, TtmError } from "@ttm/core";
import { Engine, type EngineStats } from "@ttm/sim-parts";
import type { CheckedOptions } from "./radeon_options.ts";

/** A kind of engine that can be made to hang. */
export type EngineKind = "copy" | "graphics";

/** A copy or a clear, as the engines see it. */
export interface CopyTask {
  /** Work that must end before it starts. */
  readonly after: readonly Fence[];
  /** Size in pages. */
  readonly pages: number;
  /** Whether it leaves its place in VRAM. */
  readonly leavesVram: boolean;
  /** Its effect, at its end. */
  readonly run: () => void;
}

/** The engines of one GPU, and the processor that writes the table of the GART for them. */
export class Engines {
  /** One, or that of what leaves VRAM and that of what comes. */
  readonly copies: readonly Engine[];
  readonly graphics: Engine;
  readonly gart: Engine;
  #options: CheckedOptions;
  #lastUpdate: Fence | null = null;
  #tasksToHang: Record<EngineKind, number> = { copy: 0, graphics: 0 };

  /** Idle engines on a clock. */
  constructor(clock: Clock, options: CheckedOptions) {
    const names = options.copyEngines === 1 ? ["copy"] : ["copy out", "copy in"];
    this.copies = names.map((name) => new Engine(clock, name));
    this.graphics = new Engine(clock, "graphics");
    this.gart = new Engine(clock, "gart");
    this.#options = options;
  }

  /** What the copy engines have done together. */
  get copyStats(): EngineStats {
    const sum = { tasks: 0, busyMs: 0, stalls: 0, stalledMs: 0 };
    for (const { stats } of this.copies) {
      sum.tasks += stats.tasks;
      sum.busyMs += stats.busyMs;
      sum.stalls += stats.stalls;
      sum.stalledMs += stats.stalledMs;
    }
    return sum;
  }

  /** Queues a copy on its engine. */
  copy({ after, pages, leavesVram, run }: CopyTask): Fence {
    const { copyLatencyMs, copyBytesPerMs } = this.#options;
    const engine = this.copies.at(leavesVram ? 0 : -1) as Engine;
    return this.#submit("copy", engine, after, copyLatencyMs + (pages * PAGE_SIZE) / copyBytesPerMs, run);
  }

  /** Queues a job on the graphics engine. */
  job(after: readonly Fence[], durationMs: number, run: () => void): Fence {
    return this.#submit("graphics", this.graphics, after, durationMs, run);
  }

  /** Writes so many entries of the GART's table. Whatever is submitted later starts after that. */
  updateGart(pages: number): void {
    const durationMs = this.#options.bindLatencyMs + pages * this.#options.bindMsPerPage;
    if (durationMs > 0) this.#lastUpdate = this.gart.submit([], durationMs, () => {});
  }

  /** Lets the n-th task of a kind from now on hang; n is 1 for the next. */
  hang(kind: EngineKind, nth: number): void {
    this.#tasksToHang[kind] = nth;
  }

  /** Ends what the engines are working on by an error, and goes on behind it; how many tasks that were. */
  reset(): number {
    const error = new TtmError("EIO", "Cannot finish the work in hand: the GPU was reset");
    // All of them stop before the first fence signals, or what it lets another one start would be lost, too.
    const goOn = [...this.copies, this.graphics].map((engine) => engine.halt());
    return goOn.map((go) => go(error)).filter((hadTask) => hadTask).length;
  }

  #submit(kind: EngineKind, engine: Engine, after: readonly Fence[], durationMs: number, run: () => void): Fence {
    const hangs = --this.#tasksToHang[kind] === 0;
    const behind = this.#lastUpdate === null ? after : [...after, this.#lastUpdate];
    return engine.submit(behind, hangs ? Infinity : durationMs, run);
  }
}
