import { checkWaitOptions, show } from "./arguments.ts";
import { BufferRecord } from "./buffer_record.ts";
import { TtmError } from "./errors.ts";
import { reserveError } from "./failure.ts";
import { once } from "./once.ts";
import { RESERVE_OPTIONS } from "./option_names.ts";
import { NO_OPTIONS, type ReserveOptions } from "./options.ts";
import { BLOCKED, DONE } from "./outcome.ts";
import { AcquireTicket } from "./ticket.ts";
import { lock, waitInLine } from "./wait.ts";

/** The part of a buffer that is reserved: by one party at a time, before anything is done with it. */
export abstract class ReservableBuffer extends BufferRecord {
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
    throw reserveError(this, outcome);
  }

  /**
   * Takes the reservation, waiting in line for it. Dispose of the result, or call {@linkcode unreserve}.
   *
   * @throws {TtmError} `EINVAL` after the last reference is gone; with a ticket `EALREADY` and `EDEADLK` as
   * {@linkcode tryReserve}, the latter also while it waits; the signal's reason when it is aborted. Nothing has changed
   * then.
   */
  reserve(options: ReserveOptions = NO_OPTIONS): Promise<Disposable> {
    // What is usual: nothing to wait for. An async function would cost more than all of it.
    const isMine = options === NO_OPTIONS && !this.disposed && this.reservation.tryLock() === DONE;
    return isMine ? Promise.resolve(once(this, unreserve)) : this.#reserve(options);
  }

  async #reserve(options: ReserveOptions): Promise<Disposable> {
    this.mustLive("reserve");
    checkWaitOptions("reserve", options, this, RESERVE_OPTIONS);
    const { ticket = null, signal } = options;
    this.#checkTicket(ticket);
    const { reservation } = this;
    signal?.throwIfAborted();
    let outcome = reservation.tryLock(ticket);
    if (outcome === BLOCKED) outcome = await waitInLine(this.state.clock, reservation, ticket, signal);
    if (outcome !== DONE) throw reserveError(this, outcome);
    if (!this.disposed) return once(this, unreserve);
    reservation.unlock();
    throw new TtmError("EINVAL", `Cannot reserve ${this}: its last reference went while it was waited for`);
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
   * @throws {TtmError} `EINVAL` after the last reference is gone. An aborted signal rejects with its reason.
   */
  async waitUnreserved(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    this.mustLive("wait for the reservation of");
    checkWaitOptions("wait for the reservation of", options, this);
    const { reservation } = this;
    if (!reservation.locked) return;
    await lock(this.state.clock, reservation, null, options.signal);
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

function unreserve(buffer: ReservableBuffer): void {
  buffer.unreserve();
}
