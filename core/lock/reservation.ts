import { FenceList } from "./fence_list.ts";
import { BLOCKED, DONE, EALREADY, EDEADLK, type Outcome } from "../base/outcome.ts";
import type { AcquireTicket } from "./acquire_ticket.ts";

/** An entry of the queue for a held lock. */
interface Waiter {
  readonly ticket: AcquireTicket | null;
  /** Called once: with DONE when the waiter holds the lock, or with EDEADLK. */
  readonly end: (outcome: Outcome) => void;
}

/**
 * The reservation of a buffer (`dma_resv`): a lock, and the fences of the work on the buffer. Buffers that were created
 * with the same reservation are reserved together. Unlocking hands the lock to a waiter.
 */
export class Reservation extends FenceList {
  /** Odd while the lock is held. */
  #turn = 0;
  #holder: AcquireTicket | null = null;
  #waiters: Waiter[] | null = null;

  /** The fences of the work on the buffer. */
  get fences(): FenceList {
    return this;
  }

  /** Whether it is held. */
  get locked(): boolean {
    return (this.#turn & 1) === 1;
  }

  /** @internal Grows with each locking and unlocking, so that a holder can tell whether it still holds the lock. */
  get turn(): number {
    return this.#turn;
  }

  /** The acquire ticket under which it is held; null if it is free or held without one. */
  get holder(): AcquireTicket | null {
    return this.#holder;
  }

  /** Number of waiters for the lock. */
  get waiting(): number {
    return this.#waiters?.length ?? 0;
  }

  /**
   * @internal Takes the lock if it is free.
   *
   * @returns BLOCKED if the caller has to wait, EALREADY if the ticket holds it already, EDEADLK if the ticket must
   * back off.
   */
  tryLock(ticket: AcquireTicket | null = null): Outcome {
    if (this.locked) return this.#refusal(ticket);
    this.#take(ticket);
    return DONE;
  }

  #refusal(ticket: AcquireTicket | null): Outcome {
    if (ticket !== null && ticket === this.#holder) return EALREADY;
    return this.mustGiveWay(ticket) ? EDEADLK : BLOCKED;
  }

  /**
   * @internal Whether a ticket must back off: it holds locks that an older one may wait for, one that holds this lock or
   * waits for it.
   */
  mustGiveWay(ticket: AcquireTicket | null): boolean {
    if (ticket === null || ticket.locks === 0) return false;
    return isOlder(this.#holder, ticket) || (this.#waiters?.some((waiter) => isOlder(waiter.ticket, ticket)) ?? false);
  }

  /** @internal Hands the lock to the next waiter, which holds it without a new attempt, or frees it. */
  unlock(): void {
    if (this.#holder !== null) this.#holder.locks--;
    this.#holder = null;
    this.#turn++;
    if (this.#waiters !== null) this.#handOver();
  }

  /**
   * @internal Queues for a held lock, without a ticket at the end, with one before the younger tickets. `end` is called
   * with DONE when this waiter gets the lock, with EDEADLK when an older ticket queues and this one must back off.
   *
   * @returns A function that removes the waiter from the queue.
   */
  enqueue(ticket: AcquireTicket | null, end: (outcome: Outcome) => void): () => void {
    this.#waiters ??= [];
    const waiter = { ticket, end };
    const at = ticket === null ? -1 : this.#waiters.findIndex((other) => isOlder(ticket, other.ticket));
    this.#waiters.splice(at < 0 ? this.#waiters.length : at, 0, waiter);
    if (ticket !== null) this.#turnAwayTheYounger();
    return () => this.#remove(waiter);
  }

  #take(ticket: AcquireTicket | null): void {
    this.#turn++;
    this.#holder = ticket;
    if (ticket !== null) ticket.locks++;
  }

  #handOver(): void {
    const next = this.#waiters?.shift();
    if (next === undefined) return;
    this.#take(next.ticket);
    next.end(DONE);
    this.#turnAwayTheYounger();
  }

  #turnAwayTheYounger(): void {
    for (const waiter of [...this.#waiters ?? []]) {
      if (!this.mustGiveWay(waiter.ticket)) continue;
      this.#remove(waiter);
      waiter.end(EDEADLK);
    }
  }

  #remove(waiter: Waiter): void {
    const at = this.#waiters?.indexOf(waiter) ?? -1;
    if (at >= 0) this.#waiters?.splice(at, 1);
  }
}

/** Whether `ticket` is older than `other`; who has none is neither older nor younger than anybody. */
function isOlder(ticket: AcquireTicket | null, other: AcquireTicket | null): boolean {
  return ticket !== null && other !== null && ticket.stamp < other.stamp;
}
