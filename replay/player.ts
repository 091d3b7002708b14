import {
  type BufferObject,
  type BufferView,
  type Fence,
  joinTracers,
  type MoveEvent,
  type PreparedPlacement,
  TtmError,
} from "@ttm/core";
import { compose, type Composition, type CompositionOptions } from "./compose.ts";
import { Counters } from "./counters.ts";
import { JobPlacements } from "./job_placements.ts";
import { TagCounters } from "./tag_counters.ts";
import { UsageError } from "./usage_error.ts";
import { VramSamples } from "./vram_samples.ts";
import { Verifier } from "./verifier.ts";
import { type BufferUse, hasJobs, type Workload, type WorkloadEvent } from "@ttm/import";

/** Options of a replay. */
export interface PlayOptions extends CompositionOptions {
  /** Compare contents and check invariants on the way. @default {false} */
  readonly verify?: boolean;
  /** Called from time to time with the number of events done. */
  readonly onProgress?: (done: number) => void;
}

/** A live buffer of the workload. */
export interface Tenant {
  /** Its buffer object. */
  readonly buffer: BufferObject;
  /** The number of the submission that last wrote it, which is its stamp; 0 before the first write. */
  stamp: number;
}

/** A buffer of a job. */
interface JobBuffer {
  readonly buffer: BufferObject;
  readonly write: boolean;
}

// The CPU prepares at most the next job while the GPU works on the current one.
const JOBS_AHEAD = 2;
const COMPARE_ALL_EVERY = 256;
const PROGRESS_EVERY = 64;

/**
 * Runs a workload through a composed device and counts moves. The rules, so that figures are comparable: each job is one
 * submission (`BoDevice.submit`). A buffer is first placed at its first use (in workloads without jobs, at its
 * allocation): in fast memory (VRAM, or the carve-out), evicting others, or, where a job needs more than that has, in the
 * fallback that the GPU can also access (GTT, or pages behind the IOMMU). A job that does not fit into both together is
 * refused. A free waits for the buffer's work.
 */
export class Player {
  /** The device that it runs on. */
  readonly composition: Composition;
  /** Counters of moves. */
  readonly counters: Counters;
  /** Counters of moves by tag. */
  readonly tags: TagCounters;
  /** Compares contents, and counts the comparisons. */
  readonly verifier: Verifier;
  /** Samples of the use of fast memory. */
  readonly samples: VramSamples;
  /** Jobs of the workload that were submitted. */
  jobs = 0;
  /** Uses of buffers by jobs, each with its alloc and free: the lines of a recording. */
  events = 0;
  /** Uses of buffers that were in fast memory already. */
  hits = 0;
  /** Uses of buffers in the fallback memory type, because fast memory had no room even with eviction. */
  fallbacks = 0;
  /** Times that the CPU had to wait for the GPU. */
  waits = 0;
  /** Jobs that were refused, since their buffers did not fit together, by reason. */
  readonly failures: Map<string, number> = new Map();
  #tenants = new Map<number, Tenant>();
  #owners = new Map<BufferView, Tenant>();
  #workload: Workload;
  #validateAtAlloc: boolean;
  #verify: boolean;
  #onProgress: ((done: number) => void) | undefined;
  #placements: JobPlacements;
  #inFlight: Fence[] = [];
  #submissions = 0;

  /** Composes the device. */
  constructor(workload: Workload, options: PlayOptions) {
    this.#workload = workload;
    this.#validateAtAlloc = !hasJobs(workload);
    this.#verify = options.verify === true;
    this.#onProgress = options.onProgress;
    const counted = (event: MoveEvent) => {
      this.counters.add(event);
      this.tags.add(event);
    };
    const tracer = joinTracers({ move: counted }, options.tracer ?? {});
    this.composition = compose({ ...options, tracer });
    const { device, fast } = this.composition;
    this.counters = new Counters(this.composition);
    this.tags = new TagCounters(this.composition);
    this.verifier = new Verifier(this.composition);
    this.samples = new VramSamples(device, fast);
    this.#placements = new JobPlacements(device, this.composition);
  }

  /** Runs all events, and waits for the remaining work. */
  async play(): Promise<void> {
    const { events, time } = this.#workload;
    const firstAt = events[0]?.t ?? 0;
    for (const [at, event] of events.entries()) {
      if (time === "us") this.composition.clock.advanceTo((event.t - firstAt) / 1000);
      await this.#playEvent(event);
      if (at % PROGRESS_EVERY === 0) this.#onProgress?.(at);
    }
    this.composition.clock.runUntilIdle();
    if (this.#verify) this.verifier.compareAll(this.#tenants.values());
    this.#onProgress?.(events.length);
  }

  async #playEvent(event: WorkloadEvent): Promise<void> {
    switch (event.op) {
      case "alloc":
        this.events++;
        await this.#alloc(event.id, event.bytes, event.tag);
        break;
      case "job":
        this.events += event.uses.length;
        this.jobs++;
        await this.#submit(event.uses, event.durationUs / 1000);
        break;
      case "free":
        this.events++;
        this.#free(event.id);
        break;
    }
  }

  async #alloc(id: number, bytes: number, label: string | undefined): Promise<void> {
    const buffer = this.composition.device.createBuffer({ bytes, label });
    const tenant = { buffer, stamp: 0 };
    this.#tenants.set(id, tenant);
    this.#owners.set(buffer, tenant);
    if (label !== undefined) this.tags.alloc(label, buffer);
    if (this.#validateAtAlloc) await this.#submit([{ id, write: true }], 0);
  }

  #free(id: number): void {
    const { buffer } = this.#tenant(id);
    this.#waitUntil(() => !buffer.busy);
    this.#tenants.delete(id);
    this.#owners.delete(buffer);
    buffer.unref();
  }

  async #submit(uses: readonly BufferUse[], durationMs: number): Promise<void> {
    const oldest = this.#inFlight.length < JOBS_AHEAD ? undefined : this.#inFlight.shift();
    if (oldest !== undefined) this.#waitUntil(() => oldest.signalled);
    const { fast, fallback, gpu } = this.composition;
    const stamp = ++this.#submissions;
    const tenants = uses.map(({ id }) => this.#tenant(id));
    // The first use of a buffer writes it, so that its contents can be verified.
    const writes = uses.map(({ write }, at) => write || tenants[at]?.stamp === 0);
    const buffers = tenants.map(({ buffer }, at) => ({ buffer, write: writes[at] as boolean }));
    const inFast = tenants.filter(({ buffer }) => buffer.memoryType === fast).length;
    await this.#run(buffers, () => {
      const moved = this.#verifyMoves();
      this.hits += inFast;
      this.fallbacks += tenants.filter(({ buffer }) => buffer.memoryType === fallback).length;
      for (const [at, tenant] of tenants.entries()) if (writes[at]) tenant.stamp = stamp;
      const fence = gpu.submit({
        buffers,
        durationMs,
        program: (contents) => contents.forEach((one, at) => writes[at] && one.fill(stamp)),
      });
      this.#inFlight.push(fence);
      if (this.#verify) this.#verifyJob(fence, tenants, moved);
      return fence;
    });
    if (this.#verify && this.#submissions % COMPARE_ALL_EVERY === 0) this.verifier.compareAll(this.#tenants.values());
    this.samples.add(stamp);
  }

  /** Submits a job, or counts why it does not fit. */
  async #run(buffers: readonly JobBuffer[], work: () => Fence): Promise<void> {
    const objects = buffers.map(({ buffer }) => buffer);
    const { wherever } = this.#placements;
    let error = await this.#attempt(buffers, this.#placements.of(objects), work);
    if (error !== null && wherever !== null) error = await this.#attempt(buffers, objects.map(() => wherever), work);
    if (error === null) return;
    this.#verifyMoves();
    const reason = reasonOf(error, objects);
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
  }

  /** Submits a job with these placements; returns the error if it cannot be placed. */
  async #attempt(
    buffers: readonly JobBuffer[],
    placements: readonly PreparedPlacement[],
    work: () => Fence,
  ): Promise<TtmError | null> {
    const { clock, device } = this.composition;
    let isPlaced = false;
    const entries = buffers.map(({ buffer, write }, at) => {
      return { buffer, usage: write ? "write" : "read", placement: placements[at] as PreparedPlacement } as const;
    });
    for (;;) {
      const begun = clock.now();
      try {
        await device.submit(entries, () => {
          isPlaced = true;
          return work();
        });
        return null;
      } catch (error) {
        if (!(error instanceof TtmError) || isPlaced) throw error;
        if (error.code !== "EBUSY") return error;
        // Work may take longer than a submission waits for it, as long as something goes on.
        if (clock.pending === 0) this.#hang();
      } finally {
        if (clock.now() > begun) this.waits++;
      }
    }
  }

  /** Compares the contents of moved buffers at their destination when the copy has ended; returns these buffers. */
  #verifyMoves(): BufferView[] {
    // For a multihop move only the last leg counts.
    const fences = new Map(this.counters.takeMoved().map(({ buffer, fence }) => [buffer, fence]));
    if (this.#verify) {
      for (const [buffer, fence] of fences) {
        this.verifier.compareAt(fence, buffer, this.#owners.get(buffer)?.stamp ?? 0);
      }
    }
    return [...fences.keys()];
  }

  #verifyJob(fence: Fence, tenants: readonly Tenant[], moved: readonly BufferView[]): void {
    for (const { buffer, stamp } of tenants) this.verifier.compareAt(fence, buffer, stamp);
    this.verifier.checkTouched([...tenants.map(({ buffer }) => buffer), ...moved]);
  }

  #waitUntil(condition: () => boolean): void {
    if (condition()) return;
    this.waits++;
    if (!this.composition.clock.runUntil(condition)) this.#hang();
  }

  #hang(): never {
    const why = "a fence has not signalled, and nothing is left to happen on the simulated clock";
    throw new UsageError(`Cannot replay on ${this.composition.parts.driver}: ${why}`);
  }

  #tenant(id: number): Tenant {
    const tenant = this.#tenants.get(id);
    if (tenant === undefined) throw new Error(`the workload uses buffer ${id}, which is not there`);
    return tenant;
  }
}

/** The reason why a job was refused, without a buffer's name and size, so that equal reasons are counted together. */
function reasonOf({ message, report }: TtmError, buffers: readonly BufferObject[]): string {
  if (report !== undefined) {
    return [...new Set(report.tried.map(({ memoryType, problem }) => `${memoryType}: ${problem}`))].join(", ");
  }
  const names = buffers.map((buffer) => `Cannot submit ${buffer}: `);
  return message.slice((names.find((name) => message.startsWith(name)) ?? "Cannot submit: ").length);
}
