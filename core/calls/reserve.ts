import { checkWaitOptions, show } from "../base/arguments.ts";
import type { BufferRecord } from "../state/buffer_record.ts";
import type { DeviceState } from "../state/device_state.ts";
import { TtmError } from "../base/errors.ts";
import { reserveError } from "./call_errors.ts";
import { RESERVE_OPTIONS, type ReserveOptions, type WaitOptions } from "../contract/call_options.ts";
import { BLOCKED, DONE, EBUSY } from "../base/outcome.ts";
import { AcquireTicket } from "../lock/acquire_ticket.ts";
import type { Reservation } from "../lock/reservation.ts";
import { Operation } from "../state/operation.ts";
import { WAIT_BUDGET_MS, waitInLine } from "../state/wait.ts";

/** A buffer whose reservation a caller can hold. */
type Reservable = BufferRecord & { unreserve(): void };

/** Fails with `EINVAL` if the last reference to the buffer is gone. */
export function mustLive(buffer: BufferRecord, what: string): void {
  if (buffer.disposed) refuse(buffer, what);
}

/** Fails with `EINVAL` if the buffer is not reserved, or its last reference is gone. */
export function mustBeReserved(buffer: BufferRecord, what: string): void {
  if (buffer.disposed || !buffer.reservation.locked) refuse(buffer, what);
}

// A separate function, so that the checks above are small enough to be inlined.
function refuse(buffer: BufferRecord, what: string): never {
  const why = buffer.disposed ? "its last reference is gone" : "it is not reserved";
  throw new TtmError("EINVAL", `Cannot ${what} ${buffer}: ${why}`);
}

/** Fails with `EINVAL` if a buffer is to be reserved under something else than an acquire ticket. */
export function checkTicket(buffer: BufferRecord, ticket: unknown): void {
  if (ticket instanceof AcquireTicket) return;
  throw new TtmError("EINVAL", `Cannot reserve ${buffer}: ticket must be an AcquireTicket, not ${show(ticket)}`);
}

/** Locks a buffer's reservation, waiting in line for it; fails with `EDEADLK` if one holder keeps it for `patienceMs`. */
export async function reserve(
  state: DeviceState,
  buffer: Reservable,
  what: string,
  options: ReserveOptions,
  patienceMs: number,
): Promise<Disposable> {
  mustLive(buffer, what);
  checkWaitOptions(what, options, buffer, RESERVE_OPTIONS);
  const { ticket = null, signal, noWait = false } = options;
  if (ticket !== null) checkTicket(buffer, ticket);
  const { reservation } = buffer;
  signal?.throwIfAborted();
  let outcome = reservation.tryLock(ticket);
  if (outcome === BLOCKED && noWait) outcome = EBUSY;
  if (outcome === BLOCKED) {
    const op = new Operation(state.tracer, false, buffer);
    op.submitter = ticket;
    op.start("reserve").waitForReservation(buffer);
    try {
      outcome = await waitInLine(state.clock, reservation, ticket, signal, patienceMs);
    } finally {
      op.endWait();
    }
    if (outcome !== DONE) throw op.fails(reserveError(what, buffer, outcome));
  }
  if (outcome !== DONE) throw reserveError(what, buffer, outcome);
  if (!buffer.disposed) return new Turn(buffer);
  reservation.release();
  throw new TtmError("EINVAL", `Cannot ${what} ${buffer}: its last reference went while it was waited for`);
}

/**
 * Locks a buffer's reservation for a call that unlocks it itself. The holder may be the caller of that call, which would wait
 * for itself: fails with `EDEADLK` if one holder keeps it for 15 s.
 */
export async function reserveForCall(
  state: DeviceState,
  buffer: Reservable,
  what: string,
  options: WaitOptions,
): Promise<Disposable> {
  checkWaitOptions(what, options, buffer);
  return await reserve(state, buffer, what, options, WAIT_BUDGET_MS);
}

/** The holder's turn of the reservation: unreserves the buffer when it is disposed of, unless the turn is over. */
export class Turn implements Disposable {
  #buffer: Reservable;
  #turn: number;

  constructor(buffer: Reservable) {
    this.#buffer = buffer;
    this.#turn = buffer.reservation.turn;
  }

  [Symbol.dispose](): void {
    if (lockedOne(this.#buffer).turn === this.#turn) this.#buffer.unreserve();
  }
}

/** Whether its reservation is held under a ticket, even after the last reference is gone. */
export function isHeldUnder(buffer: BufferRecord, ticket: AcquireTicket): boolean {
  return lockedOne(buffer).holder === ticket;
}

/**
 * Unlocks the shared reservation that was locked through a buffer before its release; fails with `EINVAL` if there is
 * none to unlock.
 */
export function unlockFormer(buffer: BufferRecord, what: string): void {
  const { shared } = buffer;
  if (shared?.locked !== true) return refuse(buffer, what);
  shared.release();
}

/** The reservation that its users lock: a released buffer has left a shared one, which may still be held. */
function lockedOne(buffer: BufferRecord): Reservation {
  return buffer.shared ?? buffer.reservation;
}
