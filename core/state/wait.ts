import { blockTask } from "../time/block_task.ts";
import type { Clock, ClockEvent } from "../time/clock.ts";
import type { Fence } from "../lock/fence.ts";
import type { Operation } from "./operation.ts";
import { BLOCKED, DONE, EBUSY, type Outcome } from "../base/outcome.ts";
import { Reservation } from "../lock/reservation.ts";
import type { AcquireTicket } from "../lock/acquire_ticket.ts";

/** Maximum time that one operation may wait for the device, over all its waits, in milliseconds. */
export const WAIT_BUDGET_MS = 15_000;

/**
 * Repeats a synchronous attempt until it is no longer blocked, waiting for the fence or reservation that blocks it.
 * Rejects with the signal's reason when it is aborted; the effects of earlier attempts are not undone.
 *
 * @param op The operation of this call only.
 * @returns The outcome of the last attempt; EBUSY when the wait budget is used up.
 */
export async function complete(
  clock: Clock,
  op: Operation,
  signal: AbortSignal | undefined,
  attempt: () => Outcome,
): Promise<Outcome> {
  signal?.throwIfAborted();
  const outcome = attempt();
  return outcome === BLOCKED ? await waitAndRepeat(clock, op, signal, attempt) : outcome;
}

/** As {@linkcode complete}, after a first attempt that has been blocked. */
export async function waitAndRepeat(
  clock: Clock,
  op: Operation,
  signal: AbortSignal | undefined,
  attempt: () => Outcome,
  ticket: AcquireTicket | null = null,
): Promise<Outcome> {
  const deadline = clock.now() + WAIT_BUDGET_MS;
  let outcome: Outcome = BLOCKED;
  while (outcome === BLOCKED && op.blockedOn !== null) {
    try {
      if (op.blockedOn instanceof Reservation) {
        if (!await turnComes(clock, op.blockedOn, ticket, signal)) return EBUSY;
      } else if (!await fenceSignals(clock, op.blockedOn, deadline, signal)) return EBUSY;
    } finally {
      op.endWait();
    }
    signal?.throwIfAborted();
    op.begin();
    outcome = attempt();
  }
  return outcome;
}

/** Waits for a fence; false if the deadline comes first. */
export function fenceSignals(
  clock: Clock,
  fence: Fence,
  deadline: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  // The tracer may have signalled the fence.
  if (fence.signalled) return Promise.resolve(true);
  return blockTask(clock, signal, (resolve) => {
    const timer = clock.schedule(deadline, () => resolve(false));
    const forget = fence.onSignal(() => resolve(true));
    return () => {
      clock.cancel(timer);
      forget();
    };
  });
}

/**
 * Waits in line for a locked reservation.
 *
 * @returns DONE with the lock held; EDEADLK if the ticket must back off; BLOCKED if one holder keeps the reservation
 * for `patienceMs` milliseconds.
 */
export function waitInLine(
  clock: Clock,
  reservation: Reservation,
  ticket: AcquireTicket | null,
  signal: AbortSignal | undefined,
  patienceMs: number,
): Promise<Outcome> {
  return blockTask<Outcome>(clock, signal, (resolve) => {
    const leave = reservation.enqueue(ticket, resolve);
    if (patienceMs === Infinity) return leave;
    let timer: ClockEvent;
    const watch = () => {
      const { turn } = reservation;
      timer = clock.schedule(clock.now() + patienceMs, () => turn === reservation.turn ? resolve(BLOCKED) : watch());
    };
    watch();
    return () => {
      clock.cancel(timer);
      leave();
    };
  });
}

/** Waits in line, under the ticket, until a reservation is unlocked, without keeping it; false on timeout. */
export async function turnComes(
  clock: Clock,
  reservation: Reservation,
  ticket: AcquireTicket | null,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  signal?.throwIfAborted();
  let outcome = reservation.tryLock(ticket);
  if (outcome === BLOCKED) outcome = await waitInLine(clock, reservation, ticket, signal, WAIT_BUDGET_MS);
  if (outcome === DONE) reservation.release();
  return outcome !== BLOCKED;
}
