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

  /** @internal Whether a ticket must back off: it holds locks that the older holder of this one may wait for. */
  mustGiveWay(ticket: AcquireTicket | null): boolean {
    return ticket !== null && this.#holder !== null && ticket.locks > 0 && this.#holder.stamp < ticket.stamp;
  }

  /** @internal Hands the lock to the next waiter, which holds it without a new attempt, or frees it. */
  unlock(): void {
    if (this.#holder !== null) this.#holder.locks--;
    this.#holder = null;
    this.#turn++;
    if (this.#waiters !== null) this.#handOver();
  }

  /**
   * @internal Queues for a held lock; `end` is called with DONE when this waiter gets the lock, with EDEADLK when an
   * older ticket gets it and this one must back off.
   *
   * @returns A function that removes the waiter from the queue.
   */
  enqueue(ticket: AcquireTicket | null, end: (outcome: Outcome) => void): () => void {
    this.#waiters ??= [];
    const waiter = { ticket, end };
    this.#waiters.push(waiter);
    return () => this.#remove(waiter);
  }

  #take(ticket: AcquireTicket | null): void {
    this.#turn++;
    this.#holder = ticket;
    if (ticket !== null) ticket.locks++;
  }

  #handOver(): void {
    const next = this.#nextInLine();
    if (next === undefined) return;
    this.#take(next.ticket);
    next.end(DONE);
    this.#turnAwayTheYounger();
  }

  /** Removes the next waiter: the first, or if that one has a ticket, the one with the oldest ticket. */
  #nextInLine(): Waiter | undefined {
    let next = this.#waiters?.[0];
    if (next === undefined) return undefined;
    for (const waiter of this.#waiters ?? []) {
      if (next.ticket !== null && waiter.ticket !== null && waiter.ticket.stamp < next.ticket.stamp) next = waiter;
    }
    this.#remove(next);
    return next;
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
