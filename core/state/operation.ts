import type { BufferRecord } from "./buffer_record.ts";
import { TtmError } from "../base/errors.ts";
import type { Fence } from "../lock/fence.ts";
import type { FenceList, FenceUsage } from "../lock/fence_list.ts";
import type { KeptReason, NoRoomFigures, NoRoomReport } from "../base/no_room_report.ts";
import { BLOCKED, codeOf, DONE, EBUSY, EIO, ENODEV, ENOMEM, ENOSPC, type Outcome, outcomeOf } from "../base/outcome.ts";
import type { PreparedPlace, PreparedPlacement } from "./prepared_placement.ts";
import type { Reservation } from "../lock/reservation.ts";
import type { Tracer } from "../contract/tracer.ts";

/** What an attempt can be blocked on: a fence until it signals, a reservation until it is free. */
export type Blocker = Fence | Reservation;

/** The record of one public call while it makes its attempts (`ttm_operation_ctx`). */
export class Operation {
  /** Treat what would have to be waited for as unavailable. */
  readonly noWait: boolean;
  /** The buffer that the call is about; null if it is about a memory type, or the device. */
  forBuffer: BufferRecord | null;
  /** The reservation that the caller holds and whose other buffers may be evicted as well. */
  siblings: Reservation | null = null;
  /** Ends its waits; pending, it comes before everything that would have to be waited for. */
  signal: AbortSignal | undefined = undefined;
  /** What the last attempt was blocked on. */
  blockedOn: Blocker | null = null;
  /** Victims that have left. */
  evictions = 0;
  /** How often memory has been asked back from others, in all attempts together. */
  shrinks = 0;
  /** Pages that have been swapped out and not been reported yet. */
  freedPages = 0;
  /** The stop that the driver asked for. */
  hop: PreparedPlacement | null = null;
  /** The copy out of a victim's place that has to end before the place is free. */
  ownCopy: Fence | null = null;
  /** Bits of the memory types in which room is being made right now, one eviction nested in another. */
  evicting = 0;
  /** What a driver, manager or store threw. */
  cause: unknown = undefined;
  /** Why there was no room. */
  noRoom: NoRoomFigures | null = null;
  #kept: Map<PreparedPlace, Readonly<Record<KeptReason, number>>> | null = null;
  #victimCause: unknown = undefined;
  /** How all victims that failed to leave have failed; ENOSPC if for different reasons. */
  #victimOutcome: Outcome = DONE;
  #failures: Map<Fence, unknown> | null = null;
  #tracer: Tracer;

  constructor(tracer: Tracer, noWait: boolean, forBuffer: BufferRecord | null = null) {
    this.#tracer = tracer;
    this.noWait = noWait;
    this.forBuffer = forBuffer;
  }

  /** Makes it the record of another call. */
  reset(): void {
    this.begin();
    this.siblings = null;
    this.evictions = 0;
    this.shrinks = 0;
    this.freedPages = 0;
    this.#failures = null;
  }

  /** Forgets what the last attempt left, but for the failure of what it was blocked on. */
  begin(): void {
    const { blockedOn } = this;
    if (blockedOn !== null && "error" in blockedOn && blockedOn.error !== undefined) {
      this.noteFailed(blockedOn, blockedOn.error);
    }
    this.blockedOn = null;
    this.hop = null;
    this.ownCopy = null;
    this.cause = undefined;
    this.noRoom = null;
    this.#kept = null;
    this.#victimCause = undefined;
    this.#victimOutcome = DONE;
  }

  /** Decides about a fence in the way: over, not to be waited for, or the thing to wait for. */
  waitFor(fence: Fence | null): Outcome {
    if (fence === null || fence.signalled) return DONE;
    return this.noWait ? EBUSY : this.waitForOwn(fence);
  }

  /** As {@linkcode waitFor}, for work of this operation itself, which `noWait` came too late for. */
  waitForOwn(fence: Fence): Outcome {
    if (fence.signalled) return DONE;
    this.#tracer.wait?.(fence);
    if (fence.signalled) return DONE;
    if (this.noWait) return EBUSY;
    this.blockedOn = fence;
    return BLOCKED;
  }

  /** As {@linkcode waitFor}, for all fences up to a usage, one after the other. */
  waitForAll(fences: FenceList, usage?: FenceUsage): Outcome {
    for (let fence = fences.pending(usage); fence !== null; fence = fences.pending(usage)) {
      const outcome = this.waitFor(fence);
      if (outcome !== DONE) return outcome;
    }
    return DONE;
  }

  /** Remembers that what this operation waited for has failed. */
  noteFailed(fence: Fence, error: unknown): void {
    this.#failures ??= new Map();
    this.#failures.set(fence, error);
  }

  /** Whether this operation has seen that fail. */
  hasSeenFail(fence: Fence | null): boolean {
    return fence !== null && this.#failures !== null && this.#failures.has(fence);
  }

  /** The first error of a fence that was waited for; undefined if there was none. */
  get firstFailure(): unknown {
    for (const error of this.#failures?.values() ?? []) return error;
    return undefined;
  }

  /** Keeps what was thrown, and turns it into a failure. */
  fail(error: unknown, fallback: Outcome): Outcome {
    this.cause = error;
    return error instanceof TtmError ? outcomeOf(error.code) : fallback;
  }

  /** Goes on without a victim that failed to leave; its failure only matters if no room is found at all. */
  passOver(outcome: Outcome): void {
    this.#victimOutcome = this.#victimOutcome === DONE || this.#victimOutcome === outcome ? outcome : ENOSPC;
    this.#victimCause ??= this.cause;
    this.cause = undefined;
  }

  /**
   * What the search for room has come to: if not one victim could leave, and each failed because the device did, that is
   * the answer; else that there is no room.
   */
  get withoutRoom(): Outcome {
    const isBroken = this.#victimOutcome === EIO || this.#victimOutcome === ENODEV;
    return isBroken && this.evictions === 0 && this.#victimCause !== undefined ? this.#victimOutcome : ENOMEM;
  }

  /** Remembers who did not leave a place. */
  noteKept(place: PreparedPlace, kept: Readonly<Record<KeptReason, number>>): void {
    this.#kept ??= new Map();
    this.#kept.set(place, kept);
  }

  /** Who did not leave a place in the last attempt; undefined if all did. */
  keptAt(place: PreparedPlace): Readonly<Record<KeptReason, number>> | undefined {
    return this.#kept?.get(place);
  }

  /** What the first victim that failed to leave has thrown. */
  get victimMessage(): string {
    return this.#victimCause instanceof Error ? this.#victimCause.message : String(this.#victimCause);
  }

  /** The error of a public call that ended with a failure. */
  error(what: string, why: string, outcome: Outcome, report?: () => NoRoomReport): TtmError {
    const cause = this.cause ?? this.#victimCause;
    return new TtmError(codeOf(outcome), `Cannot ${what}: ${why}`, {
      ...(cause === undefined ? {} : { cause }),
      ...(report === undefined ? {} : { report }),
    });
  }
}
