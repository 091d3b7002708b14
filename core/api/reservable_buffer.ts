import { checkWaitOptions, show } from "../base/arguments.ts";
import { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { reserveError } from "./failure.ts";
import { NO_OPTIONS, RESERVE_OPTIONS, type ReserveOptions, type WaitOptions } from "../contract/call_options.ts";
import { BLOCKED, DONE, EBUSY } from "../base/outcome.ts";
import { AcquireTicket } from "../lock/acquire_ticket.ts";
import { WAIT_BUDGET_MS, waitInLine } from "../state/wait.ts";

/** The part of a buffer that is reserved: by one party at a time, before anything is done with it. */
export abstract class ReservableBuffer extends BufferRecord {
  /** @internal */
  declare protected readonly state: DeviceState;

  /**
   * Takes the reservation if it is free.
   *
   * @returns false if it has to be waited for.
   * @throws {TtmError} `EINVAL` after the last reference is gone, or if the ticket is none; `EALREADY` if the ticket holds
   * it; `EDEADLK` if the ticket, which holds other locks, has to give way to an older one: unlock those, then
   * {@linkcode reserve} this one.
   */
  tryReserve(ticket: AcquireTicket | null = null): boolean {
    this.mustLive("reserve");
    this.#checkTicket(ticket);
    const outcome = this.reservation.tryLock(ticket);
    if (outcome === DONE || outcome === BLOCKED) return outcome === DONE;
    throw reserveError("reserve", this, outcome);
  }

  /**
   * Takes the reservation, waiting in line for it as long as it takes: whoever holds it already and has no ticket waits
   * for ever. Dispose of the result, or call {@linkcode unreserve}; the result does nothing to the reservation of others
   * who came later.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone; `EBUSY` with `noWait` if it is held; with a ticket
   * `EALREADY` and `EDEADLK` as {@linkcode tryReserve}, the latter also while it waits. An aborted signal rejects with its
   * reason. Nothing has changed then.
   */
  reserve(options: ReserveOptions = NO_OPTIONS): Promise<Disposable> {
    // What is usual: nothing to wait for. An async function would cost more than all of it.
    const isMine = options === NO_OPTIONS && !this.disposed && this.reservation.tryLock() === DONE;
    return isMine ? Promise.resolve(new Turn(this)) : this.#reserve("reserve", options, Infinity);
  }

  /**
   * @internal Takes the reservation for a call that gives it back itself. Its caller might be the one who holds it, and
   * would wait for itself: if it stays with one holder for 15 s, that is `EDEADLK`.
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

  /** @internal Names the turn of whoever holds the reservation now, for {@linkcode endTurn}. */
  get turn(): number {
    return (this.shared ?? this.reservation).turn;
  }

  /** @internal Unreserves it for whoever took that turn, unless the turn is over. */
  endTurn(turn: number): void {
    if (this.turn === turn) this.unreserve();
  }

  /** @internal Whether it was reserved under a ticket and still is, even after its release. */
  isHeldUnder(ticket: AcquireTicket): boolean {
    return (this.shared ?? this.reservation).holder === ticket;
  }

  /**
   * Gives the reservation up and makes the buffer the last to be evicted.
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
   * Gives the reservation up and leaves the order of eviction alone.
   *
   * @throws {TtmError} `EINVAL` if it is not reserved.
   */
  unlock(): void {
    if (this.disposed && this.#unlockFormer()) return;
    this.mustBeReserved("unlock");
    this.reservation.unlock();
  }

  /**
   * Waits until nobody holds the reservation, without taking it (`ttm_bo_wait_unreserved`).
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone; `EBUSY` with `noWait` if somebody holds it; `EDEADLK` if
   * one party, perhaps the caller, keeps it for 15 s. An aborted signal rejects with its reason.
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

  /** Whoever reserved a shared reservation by a buffer may give it up by this buffer, even after its release. */
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

  // By itself, so that the checks are small enough to be compiled into every call.
  #refuse(what: string): never {
    const why = this.disposed ? "its last reference is gone" : "it is not reserved";
    throw new TtmError("EINVAL", `Cannot ${what} ${this}: ${why}`);
  }
}

/** What a party that has reserved a buffer disposes of. */
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
