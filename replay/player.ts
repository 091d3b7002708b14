import {
  type BufferObject,
  type BufferView,
  Fence,
  joinTracers,
  type MoveEvent,
  type Place,
  type PreparedPlacement,
  TtmError,
} from "@ttm/core";
import { compose, type Composition, type CompositionOptions } from "./compose.ts";
import { Counters } from "./counters.ts";
import { TagCounters } from "./tag_counters.ts";
import { type Recorder, recorder } from "@ttm/explain";
import { UsageError } from "./usage_error.ts";
import { VramSamples } from "./vram_samples.ts";
import { Verifier } from "./verifier.ts";
import { type BufferUse, hasJobs, type Workload, type WorkloadEvent } from "@ttm/import";

/** Options of a replay. */
export interface PlayOptions extends CompositionOptions {
  /** Compare contents and check invariants on the way. @default {false} */
  readonly verify?: boolean;
  /** How many events of the device are recorded, the last ones. @default {none} */
  readonly record?: number;
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

// The CPU prepares at most the next job while the GPU works on the current one.
const JOBS_AHEAD = 2;
const COMPARE_ALL_EVERY = 256;
const PROGRESS_EVERY = 64;

/**
 * Runs a workload through a composed device and counts moves. The rules, so that figures are comparable: a buffer is
 * first validated at its first use (in workloads without jobs, at its allocation). It is validated to fast memory
 * (VRAM, or the carve-out), evicting others; if that fails, to the fallback that the GPU can also access (GTT, or pages
 * behind the IOMMU), then to system memory. The buffers of a job are reserved together. A free waits for the buffer's
 * work.
 */
export class Player {
  /** The device that it runs on. */
  readonly composition: Composition;
  /** Counters of moves. */
  readonly counters: Counters;
  /** Counters of moves by tag. */
  readonly tags: TagCounters;
  /** Records what the device does; null if nobody asked for it. */
  readonly recorder: Recorder | null;
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
  /** Buffers that found no place that the GPU can reach, by reason. */
  readonly failures: Map<string, number> = new Map();
  #tenants = new Map<number, Tenant>();
  #owners = new Map<BufferView, Tenant>();
  #workload: Workload;
  #validateAtAlloc: boolean;
  #verify: boolean;
  #onProgress: ((done: number) => void) | undefined;
  // A buffer in any place of the busy list stays there, so with `#fallback` alone an evicted buffer would never come
  // back. Hence the placement with fast memory alone is tried first, as in radeon's command submission.
  #fastOnly: PreparedPlacement;
  #fallback: PreparedPlacement;
  #lastResort: PreparedPlacement;
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
    this.recorder = options.record === undefined ? null : recorder({
      events: options.record,
      run: workload.name,
      tagOf: ({ label }) => label ?? "",
      submissionOf: () => this.jobs === 0 ? null : this.jobs,
    });
    const tracer = joinTracers({ move: counted }, this.recorder?.tracer ?? {}, options.tracer ?? {});
    this.composition = compose({ ...options, tracer });
    const { device, fast, fallback } = this.composition;
    this.counters = new Counters(this.composition);
    this.tags = new TagCounters(this.composition);
    this.verifier = new Verifier(this.composition);
    this.samples = new VramSamples(device, fast);
    const place = (memoryType: string): Place => ({ memoryType });
    this.#fastOnly = device.preparePlacement({ placement: [place(fast)] });
    this.#fallback = device.preparePlacement({
      placement: [place(fast)],
      busyPlacement: [place(fast), ...(fallback === null ? [] : [place(fallback)])],
    });
    this.#lastResort = device.preparePlacement({ placement: [place("system")] });
  }

  /** Runs all events, and waits for the remaining work. */
  play(): void {
    const { events, time } = this.#workload;
    const firstAt = events[0]?.t ?? 0;
    for (const [at, event] of events.entries()) {
      if (time === "us") this.composition.clock.advanceTo((event.t - firstAt) / 1000);
      this.#playEvent(event);
      if (at % PROGRESS_EVERY === 0) this.#onProgress?.(at);
    }
    this.composition.clock.runUntilIdle();
    if (this.#verify) this.verifier.compareAll(this.#tenants.values());
    this.#onProgress?.(events.length);
  }

  #playEvent(event: WorkloadEvent): void {
    switch (event.op) {
      case "alloc":
        this.events++;
        this.#alloc(event.id, event.bytes, event.tag);
        break;
      case "job":
        this.events += event.uses.length;
        this.jobs++;
        this.#submit(event.uses, event.durationUs / 1000);
        break;
      case "free":
        this.events++;
        this.#free(event.id);
        break;
    }
  }

  #alloc(id: number, bytes: number, label: string | undefined): void {
    const buffer = this.composition.device.createBuffer({ bytes, label });
    const tenant = { buffer, stamp: 0 };
    this.#tenants.set(id, tenant);
    this.#owners.set(buffer, tenant);
    if (label !== undefined) this.tags.alloc(label, buffer);
    if (this.#validateAtAlloc) this.#submit([{ id, write: true }], 0);
  }

  #free(id: number): void {
    const { buffer } = this.#tenant(id);
    this.#waitUntil(() => !buffer.busy);
    this.#tenants.delete(id);
    this.#owners.delete(buffer);
    buffer.unref();
  }

  #submit(uses: readonly BufferUse[], durationMs: number): void {
    const oldest = this.#inFlight.length < JOBS_AHEAD ? undefined : this.#inFlight.shift();
    if (oldest !== undefined) this.#waitUntil(() => oldest.signalled);
    const stamp = ++this.#submissions;
    const tenants = uses.map(({ id }) => this.#tenant(id));
    for (const { buffer } of tenants) buffer.tryReserve();
    for (const { buffer } of tenants) this.#place(buffer);
    const moved = this.#verifyMoves();
    const buffers = uses.map(({ write }, at) => {
      const tenant = tenants[at] as Tenant;
      // The first use of a buffer writes it, so that its contents can be verified.
      return { tenant, buffer: tenant.buffer, write: write || tenant.stamp === 0 };
    }).filter(({ buffer }) => this.#isReachable(buffer));
    for (const { tenant, write } of buffers) if (write) tenant.stamp = stamp;
    const fence = this.composition.gpu.submit({
      buffers,
      durationMs,
      program: (contents) => buffers.forEach(({ write }, at) => write && contents[at]?.fill(stamp)),
    });
    this.#inFlight.push(fence);
    for (const { buffer } of tenants) buffer.unreserve();
    if (this.#verify) this.#verifyJob(fence, buffers.map(({ tenant }) => tenant), moved);
    this.samples.add(stamp);
  }

  #place(buffer: BufferObject): void {
    const { fast, fallback } = this.composition;
    if (buffer.memoryType === fast) this.hits++;
    const unreached = this.#validate(buffer, this.#fastOnly) && this.#validate(buffer, this.#fallback);
    const error = unreached?.code === "ENOMEM" ? this.#validate(buffer, this.#lastResort) : unreached;
    if (fallback !== null && buffer.memoryType === fallback) this.fallbacks++;
    if (error !== null) this.#fail(reasonOf(error, buffer));
    else if (!this.#isReachable(buffer)) this.#fail("only system memory had room, which the GPU cannot reach");
  }

  #isReachable({ memoryType }: BufferObject): boolean {
    const { fast, fallback } = this.composition;
    return memoryType !== null && (memoryType === fast || memoryType === fallback);
  }

  /** Validates a buffer, waiting if blocked; returns the error if it fails. */
  #validate(buffer: BufferObject, placement: PreparedPlacement): TtmError | null {
    try {
      for (;;) {
        const blockedOn = buffer.tryValidate(placement);
        if (blockedOn === null) return null;
        this.#waitUntil(() => blockedOn instanceof Fence ? blockedOn.signalled : !blockedOn.locked);
      }
    } catch (error) {
      if (error instanceof TtmError) return error;
      throw error;
    }
  }

  #fail(reason: string): void {
    this.failures.set(reason, (this.failures.get(reason) ?? 0) + 1);
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
    if (this.#submissions % COMPARE_ALL_EVERY === 0) this.verifier.compareAll(this.#tenants.values());
  }

  #waitUntil(condition: () => boolean): void {
    if (condition()) return;
    this.waits++;
    const { clock, parts } = this.composition;
    if (clock.runUntil(condition)) return;
    const why = "a fence has not signalled, and nothing is left to happen on the simulated clock";
    throw new UsageError(`Cannot replay on ${parts.driver}: ${why}`);
  }

  #tenant(id: number): Tenant {
    const tenant = this.#tenants.get(id);
    if (tenant === undefined) throw new Error(`the workload uses buffer ${id}, which is not there`);
    return tenant;
  }
}

/** The reason why a validate failed, without the buffer's name and size, so that equal reasons are counted together. */
function reasonOf(error: TtmError, buffer: BufferObject): string {
  const { report } = error;
  if (report === undefined) return error.message.replace(`Cannot validate ${buffer}: `, "");
  return [...new Set(report.tried.map(({ memoryType, problem }) => `${memoryType}: ${problem}`))].join(", ");
}
