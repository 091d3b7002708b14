import { FenceList } from "./fence_list.ts";
import { BLOCKED, DONE, EALREADY, EDEADLK, type Outcome } from "../base/outcome.ts";
import type { AcquireTicket } from "./acquire_ticket.ts";

/** Somebody in line for a lock. */
interface Waiter {
  readonly ticket: AcquireTicket | null;
  /** Told once: DONE with the lock held, or EDEADLK. */
  readonly end: (outcome: Outcome) => void;
}

/**
 * A lock and the fences of the work that it guards (`dma_resv`): of one buffer, or of several that were created with the
 * same one and are reserved together. Unlocking hands the lock to somebody who waits.
 */
export class Reservation extends FenceList {
  /** @internal How many have given it up: whoever remembers the number that it took the lock at knows its own turn. */
  turn = 0;
  #locked = false;
  #holder: AcquireTicket | null = null;
  #waiters: Waiter[] | null = null;

  /** The work that has been submitted on the buffer. */
  get fences(): FenceList {
    return this;
  }

  /** Whether somebody holds it. */
  get locked(): boolean {
    return this.#locked;
  }

  /** The ticket that it is held under; null if it is free or held without one. */
  get holder(): AcquireTicket | null {
    return this.#holder;
  }

  /** How many wait for the lock. */
  get waiting(): number {
    return this.#waiters?.length ?? 0;
  }

  /**
   * @internal Takes the lock if it is free.
   *
   * @returns BLOCKED if it has to be waited for, EALREADY if the ticket holds it, EDEADLK if the ticket must give way.
   */
  tryLock(ticket: AcquireTicket | null = null): Outcome {
    if (!this.locked) {
      this.#take(ticket);
      return DONE;
    }
    if (ticket !== null && ticket === this.#holder) return EALREADY;
    return this.mustGiveWay(ticket) ? EDEADLK : BLOCKED;
  }

  /** @internal Whether a ticket that holds locks may not wait for this one: its older holder may want those locks. */
  mustGiveWay(ticket: AcquireTicket | null): boolean {
    return ticket !== null && this.#holder !== null && ticket.locks > 0 && this.#holder.stamp < ticket.stamp;
  }

  /** @internal Hands the lock to the next in line, who then holds it without having to try again, or frees it. */
  unlock(): void {
    if (this.#holder !== null) this.#holder.locks--;
    this.#holder = null;
    this.#locked = false;
    this.turn++;
    if (this.#waiters !== null) this.#handOver();
  }

  /**
   * @internal Queues for a lock that is held; `end` is called with DONE when it is this waiter's, with EDEADLK when an
   * older ticket got it.
   *
   * @returns A function that leaves the queue.
   */
  enqueue(ticket: AcquireTicket | null, end: (outcome: Outcome) => void): () => void {
    this.#waiters ??= [];
    const waiter = { ticket, end };
    this.#waiters.push(waiter);
    return () => this.#remove(waiter);
  }

  #take(ticket: AcquireTicket | null): void {
    this.#locked = true;
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

  /** The first who came; if that one has a ticket, the oldest ticket in line. */
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
