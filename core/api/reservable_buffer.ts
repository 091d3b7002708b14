import { checkWaitOptions, show } from "../base/arguments.ts";
import { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { reserveError } from "./failure.ts";
import { NO_OPTIONS, RESERVE_OPTIONS, type ReserveOptions, type WaitOptions } from "../contract/call_options.ts";
import { BLOCKED, DONE, EBUSY } from "../base/outcome.ts";
import { AcquireTicket } from "../lock/acquire_ticket.ts";
import { WAIT_BUDGET_MS, waitInLine } from "../state/wait.ts";

/** Reserving a buffer object: its reservation has at most one holder, and most operations require that it is held. */
export abstract class ReservableBuffer extends BufferRecord {
  /** @internal */
  declare protected readonly state: DeviceState;

  /**
   * Locks the reservation if it is free.
   *
   * @returns false if it is locked, and the caller may wait for it.
   * @throws {TtmError} `EINVAL` after the last reference is gone, or if `ticket` is not an acquire ticket; `EALREADY`
   * if the ticket holds the reservation; `EDEADLK` if an older ticket holds it or waits for it and this ticket holds
   * other locks: unlock those, then {@linkcode reserve} this buffer.
   */
  tryReserve(ticket: AcquireTicket | null = null): boolean {
    this.mustLive("reserve");
    this.#checkTicket(ticket);
    const outcome = this.reservation.tryLock(ticket);
    if (outcome === DONE || outcome === BLOCKED) return outcome === DONE;
    throw reserveError("reserve", this, outcome);
  }

  /**
   * Locks the reservation, waiting in line for it without a time limit: a caller that holds it already and passes no
   * ticket waits forever. Dispose of the result, or call {@linkcode unreserve}; the result does not unlock the
   * reservation of a later holder.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone; `EBUSY` with `noWait` if it is locked; with a ticket
   * `EALREADY` and `EDEADLK` as {@linkcode tryReserve}, `EDEADLK` also during the wait. An aborted signal rejects with
   * its reason. On error nothing has changed.
   */
  reserve(options: ReserveOptions = NO_OPTIONS): Promise<Disposable> {
    // The usual case: the reservation is free. Locking it here costs less than a call of an async function.
    const isMine = options === NO_OPTIONS && !this.disposed && this.reservation.tryLock() === DONE;
    return isMine ? Promise.resolve(new Turn(this)) : this.#reserve("reserve", options, Infinity);
  }

  /**
   * @internal Locks the reservation for a call that unlocks it itself. The holder may be the caller of that call, which
   * would wait for itself: fails with `EDEADLK` if one holder keeps it for 15 s.
   */
  async reserveFor(what: string, options: WaitOptions): Promise<Disposable> {
    checkWaitOptions(what, options, this);
    return await this.#reserve(what, options, WAIT_BUDGET_MS);
  }

  async #reserve(what: string, options: ReserveOptions, patienceMs: number): Promise<Disposable> {
    this.mustLive(what);
    checkWaitOptions(what, options, this, RESERVE_OPTIONS);
    const { ticket = null, signal, noWait = false } = options;
    this.#checkTicket(ticket);
    const { reservation } = this;
    signal?.throwIfAborted();
    let outcome = reservation.tryLock(ticket);
    if (outcome === BLOCKED && noWait) outcome = EBUSY;
    if (outcome === BLOCKED) outcome = await waitInLine(this.state.clock, reservation, ticket, signal, patienceMs);
    if (outcome !== DONE) throw reserveError(what, this, outcome);
    if (!this.disposed) return new Turn(this);
    reservation.unlock();
    throw new TtmError("EINVAL", `Cannot ${what} ${this}: its last reference went while it was waited for`);
  }

  /** @internal Number of the current turn of the reservation, one turn per holder, for {@linkcode endTurn}. */
  get turn(): number {
    return (this.shared ?? this.reservation).turn;
  }

  /** @internal Unreserves the buffer if that turn is still the current one. */
  endTurn(turn: number): void {
    if (this.turn === turn) this.unreserve();
  }

  /** @internal Whether its reservation is held under a ticket, even after the last reference is gone. */
  isHeldUnder(ticket: AcquireTicket): boolean {
    return (this.shared ?? this.reservation).holder === ticket;
  }

  /**
   * Unlocks the reservation and moves the buffer to the LRU tail, or tells another policy that it was used.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved.
   */
  unreserve(): void {
    if (this.disposed && this.#unlockFormer()) return;
    this.mustBeReserved("unreserve");
    const row = this.resourceRow;
    if (row >= 0) this.state.order.touch(row, this);
    this.reservation.unlock();
  }

  /**
   * Unlocks the reservation without changing the eviction order.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved.
   */
  unlock(): void {
    if (this.disposed && this.#unlockFormer()) return;
    this.mustBeReserved("unlock");
    this.reservation.unlock();
  }

  /**
   * Waits until the reservation is free, without keeping it locked (`ttm_bo_wait_unreserved`).
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone; `EBUSY` with `noWait` if it is locked; `EDEADLK` if
   * one holder, perhaps the caller itself, keeps it for 15 s. An aborted signal rejects with its reason.
   */
  async waitUnreserved(options: WaitOptions = {}): Promise<void> {
    const what = "wait for the reservation of";
    this.mustLive(what);
    checkWaitOptions(what, options, this);
    options.signal?.throwIfAborted();
    const { reservation } = this;
    if (!reservation.locked) return;
    await this.reserveFor(what, options);
    reservation.unlock();
  }

  /** A shared reservation that was locked through this buffer can be unlocked through it even after its release. */
  #unlockFormer(): boolean {
    if (this.shared?.locked !== true) return false;
    this.shared.unlock();
    return true;
  }

  #checkTicket(ticket: unknown): void {
    if (ticket === null || ticket instanceof AcquireTicket) return;
    throw new TtmError("EINVAL", `Cannot reserve ${this}: ticket must be an AcquireTicket, not ${show(ticket)}`);
  }

  /** @internal */
  protected mustLive(what: string): void {
    if (this.disposed) this.#refuse(what);
  }

  /** @internal */
  protected mustBeReserved(what: string): void {
    if (this.disposed || !this.reservation.locked) this.#refuse(what);
  }

  // A separate method, so that the checks above are small enough to be inlined.
  #refuse(what: string): never {
    const why = this.disposed ? "its last reference is gone" : "it is not reserved";
    throw new TtmError("EINVAL", `Cannot ${what} ${this}: ${why}`);
  }
}

/** The result of `reserve`: unreserves the buffer when it is disposed of. */
class Turn implements Disposable {
  #buffer: ReservableBuffer;
  #turn: number;

  constructor(buffer: ReservableBuffer) {
    this.#buffer = buffer;
    this.#turn = buffer.turn;
  }

  [Symbol.dispose](): void {
    this.#buffer.endTurn(this.#turn);
  }
}
