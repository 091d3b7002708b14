import { AcquireTicket } from "../lock/acquire_ticket.ts";
import { addFence, byDemand, type Part, touch, typesOf } from "./job.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import { BLOCKED, DONE, EBUSY, EDEADLK, EINVAL, EIO, ENOMEM, ENOSPC, type Outcome } from "../base/outcome.ts";
import type { DeviceState } from "../state/device_state.ts";
import type { SubmittedBuffer } from "../contract/driver.ts";
import { TtmError } from "../base/errors.ts";
import type { Fence } from "../lock/fence.ts";
import { fenceOf, type Work } from "./work.ts";
import { giveUpPlace, waitUntilLeft } from "../place/make_room.ts";
import { holderInTheWay, isWorkInTheWay, searched } from "./in_the_way.ts";
import type { InLine } from "./line.ts";
import type { MemoryType } from "../state/memory_type.ts";
import { type Blocker, Operation } from "../state/operation.ts";
import type { Reservation } from "../lock/reservation.ts";
import { validate } from "../place/validate.ts";
import { waitToRetry } from "../place/transfer.ts";

/** One submission: its buffers, what it holds of them, and how far it has come. It waits for nothing itself. */
export class Submission implements InLine {
  readonly ticket: AcquireTicket = new AcquireTicket();
  /** What blocked the last attempt, or what made the submission back off. */
  blockedOn: Blocker | null = null;
  /** The part at which it failed; null if it was none. */
  failedAt: Part | null = null;
  /** The operation that failed. */
  op: Operation;
  /** The fence of the submitted work. */
  fence: Fence | null = null;
  #state: DeviceState;
  #parts: readonly Part[];
  #entries: readonly SubmittedBuffer[] | null = null;
  #types: number | null = null;
  #work: Work;
  #locked: Reservation[] = [];
  #waits = 0;
  /** The memory types that its own buffers are leaving, or have left, so that what is free comes together. */
  #cleared: Set<MemoryType> = new Set();
  #isClearing = false;

  constructor(
    state: DeviceState,
    parts: readonly Part[],
    work: Work,
    noWait: boolean,
    signal: AbortSignal | undefined,
  ) {
    this.#state = state;
    this.#parts = parts;
    this.#work = work;
    this.op = new Operation(state.tracer, noWait);
    this.op.signal = signal;
    this.op.submitter = this.ticket;
    this.op.start("submit");
  }

  get age(): number {
    return this.ticket.stamp;
  }

  /** Those that its buffers may be placed in; all after its second wait, since victims may lack room elsewhere. */
  get types(): number {
    if (this.#waits > 1) return (1 << this.#state.types.length) - 1;
    return this.#types ??= this.#parts.reduce((types, part) => types | typesOf(part), 0);
  }

  /** Whether it holds reservations. */
  get holds(): boolean {
    return this.#locked.length > 0;
  }

  /** The buffer of its own that has a reservation; null if it is another party's. */
  ownerOf(reservation: Reservation): BufferRecord | null {
    return this.#parts.find(({ buffer }) => buffer.reservation === reservation)?.buffer ?? null;
  }

  /** Notes that it is going to wait. */
  wait(): void {
    this.#waits++;
  }

  /** Takes over a reservation that was locked under its ticket. */
  adopt(reservation: Reservation): void {
    this.#locked.push(reservation);
  }

  /** Unlocks what it has locked; the order of eviction stays as it is. */
  backOff(): void {
    for (const reservation of this.#locked.splice(0)) {
      if (reservation.holder === this.ticket) reservation.release();
    }
    this.#cleared.clear();
    this.#isClearing = false;
  }

  /**
   * Reserves and places what is not yet, and submits the work.
   *
   * @returns DONE, BLOCKED on what must be waited for with the reservations held, EDEADLK if the submission must back
   * off and wait then, or why it failed.
   * @throws What the caller's work throws.
   */
  attempt(): Outcome {
    this.failedAt = null;
    let outcome = this.#lockAll();
    if (outcome === DONE) outcome = this.#mustBeUsable();
    if (outcome === DONE && this.#isClearing) outcome = this.#clear();
    if (outcome === DONE) outcome = this.#placeAll();
    if (outcome === DONE) outcome = this.#begin();
    if (outcome === DONE) outcome = this.#submit();
    if (outcome === BLOCKED || outcome === EDEADLK) return this.op.noWait ? EBUSY : outcome;
    return outcome;
  }

  /** The buffers as the driver sees them, the same list for all of its hooks. */
  get #submitted(): readonly SubmittedBuffer[] {
    return this.#entries ??= this.#parts.map(({ buffer, usage }) => ({ buffer, usage }));
  }

  #lockAll(): Outcome {
    for (const { buffer: { reservation } } of this.#parts) {
      if (reservation.holder === this.ticket) continue;
      const outcome = reservation.tryLock(this.ticket);
      if (outcome !== DONE) {
        this.blockedOn = reservation;
        return outcome;
      }
      this.#locked.push(reservation);
    }
    return DONE;
  }

  #mustBeUsable(): Outcome {
    for (const part of this.#parts) {
      const { buffer } = part;
      if (!buffer.disposed && buffer.cpuWriters === 0) continue;
      this.failedAt = part;
      const [code, why] = buffer.disposed
        ? ["EINVAL", "its last reference is gone"] as const
        : ["EBUSY", "the CPU writes to it"] as const;
      return this.op.fail(new TtmError(code, why), EINVAL);
    }
    return DONE;
  }

  #placeAll(): Outcome {
    const away = this.#parts.filter(({ buffer, placement }) => buffer.settledFor !== placement);
    if (away.length === 0) return DONE;
    for (const part of away.sort(byDemand)) {
      const outcome = this.#place(part);
      if (outcome !== DONE) return outcome;
    }
    return DONE;
  }

  #place(part: Part): Outcome {
    const { op } = this;
    op.begin();
    op.siblings = null;
    op.forBuffer = part.buffer;
    const outcome = validate(this.#state, part.buffer, part.placement, op);
    if (outcome === DONE) {
      op.shrinks = 0;
      return DONE;
    }
    this.failedAt = part;
    this.blockedOn = op.blockedOn;
    return outcome === ENOMEM || outcome === ENOSPC ? this.#withoutRoom(part, outcome) : outcome;
  }

  /** Room that others keep for a while is waited for. Pieces of room come together once its own buffers leave. */
  #withoutRoom(part: Part, outcome: Outcome): Outcome {
    const { op } = this;
    const holder = holderInTheWay(this.#state, part, this.ticket, op);
    if (holder !== null) {
      this.blockedOn = holder;
      return EDEADLK;
    }
    if (op.leftOut || (op.noWait && isWorkInTheWay(this.#state, part, op))) return EBUSY;
    const types = searched(this.#state, part, op).filter((type) => !type.isSystem && !this.#cleared.has(type));
    if (types.length === 0) return outcome;
    for (const type of types) this.#cleared.add(type);
    this.#isClearing = true;
    const cleared = this.#clear();
    return cleared === DONE ? this.#placeAll() : cleared;
  }

  /** Evicts its own buffers from the memory types to be cleared. One that cannot leave may do no harm. */
  #clear(): Outcome {
    const { op } = this;
    for (const { buffer } of this.#parts) {
      let outcome = DONE;
      // It may go from one of them to another.
      while (outcome === DONE && buffer.pins === 0 && buffer.type !== null && this.#cleared.has(buffer.type)) {
        const { type } = buffer;
        op.begin();
        op.siblings = buffer.reservation;
        outcome = giveUpPlace(this.#state, buffer, op);
        if (outcome === DONE) outcome = waitUntilLeft(op);
        if (buffer.type === type) break;
      }
      this.blockedOn = op.blockedOn;
      if (outcome === BLOCKED) return BLOCKED;
      if (op.leftOut) return EBUSY;
    }
    this.#isClearing = false;
    return DONE;
  }

  #begin(): Outcome {
    const { driver } = this.#state;
    const { op } = this;
    if (driver.beginSubmit === undefined) return DONE;
    op.begin();
    try {
      const answer = driver.beginSubmit(this.#submitted);
      if (answer === undefined) return DONE;
      const outcome = waitToRetry(op, answer, driver.name, "beginSubmit");
      this.blockedOn = op.blockedOn;
      return outcome;
    } catch (error) {
      return op.fail(error, EIO);
    }
  }

  /** Lets the caller submit its work, and gives the buffers back behind the fence of it. */
  #submit(): Outcome {
    let failure: { readonly error: unknown } | null = null;
    let outcome = DONE;
    // Work that fails, or that no fence tells of, may have written as well.
    for (const { buffer, usage } of this.#parts) if (usage === "write") buffer.becomeDirty();
    try {
      this.fence = fenceOf(this.#work(), "what submits the work");
    } catch (error) {
      failure = { error };
    }
    try {
      const fence = fenceOf(this.#state.driver.endSubmit?.(this.#submitted, failure !== null), "endSubmit");
      this.fence ??= fence;
    } catch (error) {
      outcome = this.op.fail(error, EIO);
    }
    const givenUp = this.#parts.find(({ buffer }) => buffer.reservation.holder !== this.ticket);
    if (givenUp !== undefined && outcome === DONE) {
      outcome = this.op.fail(
        new TtmError("EINVAL", `the callback has given up the reservation of ${givenUp.buffer}`),
        EINVAL,
      );
    }
    // What has been submitted uses the buffers, whatever has failed since.
    if (this.fence !== null) addFence(this.#parts, this.fence, this.#locked.length < this.#parts.length);
    if (failure !== null) throw failure.error;
    if (outcome === DONE) touch(this.#state, this.#parts);
    return outcome;
  }
}
