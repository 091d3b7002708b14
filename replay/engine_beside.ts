import type { BufferView, Clock, Driver, Fence } from "@ttm/core";
import { byteMemory, Engine, type EngineStats, type GpuJob, submitJob } from "@ttm/sim-parts";
import type { SimulatedGpu, StampedContents } from "./gpu.ts";

/**
 * Runs the jobs for a driver that only moves buffers. It accesses contents as the CPU does: in the host pages of a
 * buffer, if they are bytes, else through the driver's windows, which it opens only for each access.
 */
export class EngineBeside implements SimulatedGpu {
  #driver: Driver;
  #engine: Engine;
  // Buffers that a job was to write while the CPU could not access them: their contents are unknown.
  #unknown = new WeakSet<BufferView>();

  /** An engine on the clock of the device that the driver belongs to. */
  constructor(driver: Driver, clock: Clock) {
    this.#driver = driver;
    this.#engine = new Engine(clock, "graphics");
  }

  /** Statistics of its busy and idle time. */
  get graphicsStats(): EngineStats {
    return this.#engine.stats;
  }

  /** Queues a job behind the moves and conflicting jobs of its buffers. */
  submit(job: GpuJob<StampedContents>): Fence {
    return submitJob<StampedContents>(this.#engine, job, (buffer) => this.contentsOf(buffer));
  }

  /** The contents of a buffer in its current resource; null if it has no memory yet, which reads as zero. */
  contentsOf(buffer: BufferView): StampedContents | null {
    const { memoryType, pages, tt } = buffer;
    const start = buffer.start ?? 0;
    const isFixed = this.#driver.memoryTypes.some(({ name, fixed }) => name === memoryType && fixed === true);
    if (this.#driver.supports?.contents === false) return this.#at(buffer, (use) => use(null));
    if (isFixed) return this.#at(buffer, (use) => this.#throughWindow(memoryType as string, start, pages, use));
    if (tt?.populated !== true) return null;
    const bytes = tt.contents instanceof Uint8Array ? tt.contents : null;
    return this.#at(buffer, (use) => use(bytes));
  }

  #throughWindow<Result>(
    type: string,
    start: number,
    pages: number,
    use: (bytes: Uint8Array | null) => Result,
  ): Result {
    const bytes = this.#driver.ioMemReserve?.(type, start, pages) ?? null;
    try {
      return use(bytes);
    } finally {
      if (bytes !== null) this.#driver.ioMemFree?.(type, start, pages);
    }
  }

  #at(buffer: BufferView, open: <Result>(use: (bytes: Uint8Array | null) => Result) => Result): StampedContents {
    const { pages } = buffer;
    const unknown = this.#unknown;
    return {
      fill: (stamp) =>
        open((bytes) => {
          if (bytes === null) return void unknown.add(buffer);
          byteMemory.fill(bytes, 0, pages, stamp);
          unknown.delete(buffer);
        }),
      firstMismatch: (stamp) =>
        open((bytes) => {
          if (bytes === null || unknown.has(buffer)) return null;
          return byteMemory.firstMismatch(bytes, 0, pages, stamp);
        }),
    };
  }
}
