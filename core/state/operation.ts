import type { BufferRecord } from "./buffer_record.ts";
import { TtmError } from "../base/errors.ts";
import type { Fence } from "../lock/fence.ts";
import type { FenceUsage } from "../lock/fence_list.ts";
import type { KeptReason, NoRoomFigures, NoRoomReport } from "../base/no_room_report.ts";
import type { Outcome } from "../base/outcome.ts";
import * as outcomes from "../base/outcome.ts";
import type { PreparedPlace, PreparedPlacement } from "../resource/prepared_placement.ts";
import type { Reservation } from "../lock/reservation.ts";
import type { AcquireTicket } from "../lock/acquire_ticket.ts";
import type { Shield } from "../groups/shield.ts";
import type { EvictionCause } from "../contract/traced_eviction.ts";
import type { TracedOperation, Tracer, WaitEvent } from "../contract/tracer.ts";
import { VictimSearch } from "./victim_search.ts";

const { BLOCKED, DONE, EBUSY, EIO, ENODEV, ENOMEM, ENOSPC, codeOf, outcomeOf } = outcomes;

/** What an attempt can be blocked on: a fence, until it signals, or a reservation, until it is unlocked. */
export type Blocker = Fence | Reservation;

/** The state of one public call over all of its attempts (`ttm_operation_ctx`). */
export class Operation implements TracedOperation {
  /** The name of the call; `""` for background work. */
  name = "";
  /** Whether to fail with `EBUSY`, or skip a victim, instead of waiting. */
  readonly noWait: boolean;
  /** Whether the attempt has left out, with `noWait`, what it would have waited for. */
  leftOut = false;
  /** The buffer that the call was made for; null if it was made for a memory type or the device. */
  forBuffer: BufferRecord | null;
  /** The ticket of the submission; null if it is none. */
  submitter: AcquireTicket | null = null;
  /** A reservation that the caller holds, whose other buffers may be evicted; null if none may. */
  siblings: Reservation | null = null;
  /** Of an early upload: tells whom it may evict, null if nobody. Other operations may evict all that others do not keep. */
  mayEvict: ((victim: BufferRecord) => boolean) | null | undefined = undefined;
  /** Ends its waits. Once aborted, it takes precedence over everything that the operation would have to wait for. */
  signal: AbortSignal | undefined = undefined;
  /** The fence or reservation that blocked the last attempt. */
  blockedOn: Blocker | null = null;
  /** Number of victims that have been evicted. */
  evictions = 0;
  /** Number of rounds of the shrinker, over all attempts. */
  shrinks = 0;
  /** Number of pages that have been swapped out and not reported yet. */
  freedPages = 0;
  /** The intermediate placement of a multihop move that the driver asked for. */
  hop: PreparedPlacement | null = null;
  /** The copy of the move under way; null if there is nothing to wait for. */
  copy: Fence | null = null;
  /** The copy out of a victim's range that must end before the range is free. */
  ownCopy: Fence | null = null;
  /** Bit mask of the memory types that nested evictions are making room in. */
  evicting = 0;
  /** The walk that looks for victims; null if there is none, or no tracer wants to know. */
  search: VictimSearch | null = null;
  #outermost: VictimSearch | null = null;
  /** Whom the search for room leaves alone for the sake of groups; null if the device has no groups. */
  shield: Shield | null = null;
  /** The error that a driver, manager or store threw. */
  cause: unknown = undefined;
  /** The figures of the failed search for room, for the report of `ENOMEM`. */
  noRoom: NoRoomFigures | null = null;
  #kept: Map<PreparedPlace, Readonly<Record<KeptReason, number>>> | null = null;
  #victimCause: unknown = undefined;
  /** The outcome of the victims that failed to be evicted; ENOSPC if their outcomes differ. */
  #victimOutcome: Outcome = DONE;
  #failures: Map<Fence, unknown> | null = null;
  #tracer: Tracer;
  #isWaiting = false;

  constructor(tracer: Tracer, noWait: boolean, forBuffer: BufferRecord | null = null) {
    this.#tracer = tracer;
    this.noWait = noWait;
    this.forBuffer = forBuffer;
  }

  /** Names the call, and tells the tracer that it begins. */
  start(name: string): this {
    this.endWait();
    this.name = name;
    this.#tracer.operation?.(this);
    return this;
  }

  /** The acquire ticket under which the call is made; null without one. */
  get ticket(): AcquireTicket | null {
    return this.submitter ?? this.forBuffer?.reservation.holder ?? null;
  }

  /** Why the move under way evicts its buffer. */
  get evictionCause(): EvictionCause {
    const { forBuffer } = this;
    return this.search ?? { forBuffer, pages: forBuffer?.pages ?? 0, place: null, position: 0, passedOver: [] };
  }

  /** What the notes of the next walk are written into: a walk that makes room for a victim has its own. */
  get nextSearch(): VictimSearch {
    return this.search?.inner ?? (this.#outermost ??= new VictimSearch(this));
  }

  /** Resets all state, for use by another call. */
  reset(): void {
    this.begin();
    this.siblings = null;
    this.evictions = 0;
    this.shrinks = 0;
    this.freedPages = 0;
    this.#failures = null;
  }

  /** Prepares the next attempt: clears the state of the last one, but keeps the error of the fence it waited for. */
  begin(): void {
    this.endWait();
    if (this.blockedOn !== null) this.#unblock(this.blockedOn);
    this.hop = null;
    this.search = null;
    this.shield = null;
    this.evicting = 0;
    this.ownCopy = null;
    this.cause = undefined;
    this.noRoom = null;
    this.leftOut = false;
    this.#kept = null;
    this.#victimCause = undefined;
    this.#victimOutcome = DONE;
  }

  #unblock(blocker: Blocker): void {
    if ("error" in blocker && blocker.error !== undefined) this.noteFailed(blocker, blocker.error);
    this.blockedOn = null;
  }

  /** DONE if the fence has signalled; otherwise EBUSY with `noWait`, or BLOCKED on the fence. */
  waitFor(fence: Fence | null, what: WaitEvent["what"] = "fence"): Outcome {
    if (fence === null || fence.signalled) return DONE;
    return this.noWait ? this.#leaveFor(fence) : this.waitForOwn(fence, what);
  }

  /** As {@linkcode waitFor}, for a copy that this operation has queued itself; traced as a wait even with `noWait`. */
  waitForOwn(fence: Fence, what: WaitEvent["what"] = "fence"): Outcome {
    if (fence.signalled) return DONE;
    this.#tracer.wait?.(fence);
    if (fence.signalled) return DONE;
    if (this.noWait) return this.#leaveFor(fence);
    this.blockedOn = fence;
    if (this.#tracer.waitBegin !== undefined) this.beginWait(what, this.#ownerOf(fence));
    return BLOCKED;
  }

  /** BLOCKED on the reservation of a buffer. */
  waitForReservation(buffer: BufferRecord): Outcome {
    this.blockedOn = buffer.reservation;
    this.beginWait("reservation", buffer);
    return BLOCKED;
  }

  /** The buffer that a fence keeps busy, as far as the operation knows. */
  #ownerOf(fence: Fence): BufferRecord | null {
    for (const buffer of [this.search?.candidate, this.forBuffer]) {
      if (buffer && [...buffer.reservation.allPending()].includes(fence)) return buffer;
    }
    return null;
  }

  /** Tells the tracer what the operation waits for; nothing if it waits already. */
  beginWait(what: WaitEvent["what"], buffer: BufferRecord | null): void {
    if (this.#tracer.waitBegin === undefined || this.#isWaiting) return;
    this.#isWaiting = true;
    this.#tracer.waitBegin({ operation: this, what, buffer });
  }

  /** Tells the tracer that the operation goes on, or gives up, if it was waiting. */
  endWait(): void {
    if (!this.#isWaiting) return;
    this.#isWaiting = false;
    this.#tracer.waitEnd?.(this);
  }

  /** Does not wait, and lets a later call find the fence signalled. */
  #leaveFor(fence: Fence): Outcome {
    fence.enableSignaling();
    if (fence.signalled) return DONE;
    this.leftOut = true;
    return EBUSY;
  }

  /** As {@linkcode waitFor}, for all pending fences of a reservation up to a usage, one after the other. */
  waitForAll(reservation: Reservation, usage?: FenceUsage): Outcome {
    for (let fence = reservation.pending(usage); fence !== null; fence = reservation.pending(usage)) {
      const outcome = this.waitFor(fence);
      if (outcome !== DONE) return outcome;
    }
    return DONE;
  }

  /** Records the error of a fence that this operation waited for. */
  noteFailed(fence: Fence, error: unknown): void {
    this.#failures ??= new Map();
    this.#failures.set(fence, error);
  }

  /** Whether this operation has recorded an error of the fence. */
  hasSeenFail(fence: Fence | null): boolean {
    return fence !== null && this.#failures !== null && this.#failures.has(fence);
  }

  /** The first recorded error of a fence; undefined if there is none. */
  get firstFailure(): unknown {
    for (const error of this.#failures?.values() ?? []) return error;
    return undefined;
  }

  /** Stores a thrown error as the cause and returns its outcome. */
  fail(error: unknown, fallback: Outcome): Outcome {
    this.cause = error;
    return error instanceof TtmError ? outcomeOf(error.code) : fallback;
  }

  /** Skips a victim that failed to be evicted; its outcome only matters if no room is found at all. */
  passOver(outcome: Outcome): void {
    this.#victimOutcome = this.#victimOutcome === DONE || this.#victimOutcome === outcome ? outcome : ENOSPC;
    this.#victimCause ??= this.cause;
    this.cause = undefined;
  }

  /**
   * The outcome of a search that found no room: EIO or ENODEV if no victim could be evicted and all failed with it;
   * ENOMEM otherwise.
   */
  get withoutRoom(): Outcome {
    const isBroken = this.#victimOutcome === EIO || this.#victimOutcome === ENODEV;
    return isBroken && this.evictions === 0 && this.#victimCause !== undefined ? this.#victimOutcome : ENOMEM;
  }

  /** Records the numbers of buffers that were not evicted from a place, by reason, if there are any. */
  noteKept(place: PreparedPlace, kept: Readonly<Record<KeptReason, number>> | null): void {
    if (kept === null) return;
    this.#kept ??= new Map();
    this.#kept.set(place, kept);
  }

  /** The numbers of buffers that the last attempt did not evict from a place; undefined if none were recorded. */
  keptAt(place: PreparedPlace): Readonly<Record<KeptReason, number>> | undefined {
    return this.#kept?.get(place);
  }

  /** The message of the first error that the eviction of a victim threw. */
  get victimMessage(): string {
    return this.#victimCause instanceof Error ? this.#victimCause.message : String(this.#victimCause);
  }

  /** The error of a public call that failed. */
  error(what: string, why: string, outcome: Outcome, report?: () => NoRoomReport): TtmError {
    const cause = this.cause ?? this.#victimCause;
    const error = new TtmError(codeOf(outcome), `Cannot ${what}: ${why}`, {
      ...(cause === undefined ? {} : { cause }),
      ...(report === undefined ? {} : { report }),
    });
    return this.fails(error);
  }

  /** Tells the tracer that the call fails, and how. */
  fails(error: TtmError): TtmError {
    this.endWait();
    this.#tracer.failure?.(this, error);
    return error;
  }
}
