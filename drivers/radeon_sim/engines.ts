import { type Clock, type Fence, PAGE_SIZE, TtmError } from "@ttm/core";
import { Engine, type EngineStats } from "@ttm/sim-parts";
import type { CheckedOptions } from "./radeon_options.ts";

/** A kind of engine that can be made to hang. */
export type EngineKind = "copy" | "graphics";

/** A copy or a clear, as the engines see it. */
export interface CopyTask {
  /** Fences to wait for before it starts. */
  readonly after: readonly Fence[];
  /** Size in pages. */
  readonly pages: number;
  /** Whether its source is in VRAM. */
  readonly leavesVram: boolean;
  /** Its effect, at its end. */
  readonly run: () => void;
}

/** The engines of one GPU, and the CPU's updates of the GART's table as a fourth one. */
export class Engines {
  /** One engine for all copies, or one for those out of VRAM and one for those into it. */
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

  /** The sum of the copy engines' statistics. */
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

  /** Updates `pages` entries of the GART's table. Tasks that are submitted later start after that. */
  updateGart(pages: number): void {
    const durationMs = this.#options.bindLatencyMs + pages * this.#options.bindMsPerPage;
    if (durationMs > 0) this.#lastUpdate = this.gart.submit([], durationMs, () => {});
  }

  /** Makes the n-th task of a kind from now on hang; n is 1 for the next. */
  hang(kind: EngineKind, nth: number): void {
    this.#tasksToHang[kind] = nth;
  }

  /** Fails the task that each engine is running and continues with the next; returns the number of failed tasks. */
  reset(): number {
    const error = new TtmError("EIO", "Cannot finish the running task: the GPU was reset");
    // All engines halt before the first fence signals; else a task that this fence starts would be lost, too.
    const goOn = [...this.copies, this.graphics].map((engine) => engine.halt());
    return goOn.map((go) => go(error)).filter((hadTask) => hadTask).length;
  }

  #submit(kind: EngineKind, engine: Engine, after: readonly Fence[], durationMs: number, run: () => void): Fence {
    const hangs = --this.#tasksToHang[kind] === 0;
    const behind = this.#lastUpdate === null ? after : [...after, this.#lastUpdate];
    return engine.submit(behind, hangs ? Infinity : durationMs, run);
  }
}
