import { FenceList, type FenceUsage } from "./fence_list.ts";
import type { Fence } from "./fence.ts";
import type { Outcome } from "../base/outcome.ts";
import * as outcomes from "../base/outcome.ts";
import type { AcquireTicket } from "./acquire_ticket.ts";
import { Waiter, WaitingLine } from "./waiting_line.ts";

const { BLOCKED, DONE, EALREADY, EDEADLK } = outcomes;

/**
 * The reservation of a buffer (`dma_resv`): a lock, and the fences of the work on the buffer. Buffers that were created
 * with the same reservation are reserved together. Releasing it hands the lock to a waiter.
 */
export class Reservation {
  // No method has a name that begins with #: such a class has one more field in each of its many objects.

  /** Odd while the lock is held. */
  #turn = 0;
  #holder: AcquireTicket | null = null;
  /** Null if nobody has ever waited. */
  #line: WaitingLine | null = null;
  /** Null if no fence has ever been added. */
  #fences: FenceList | null = null;

  /** The fences of the work on the buffer. */
  get fences(): FenceList {
    return this.#fences ??= new FenceList();
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
    return this.#line?.length ?? 0;
  }

  /** @internal As `fences.pending`. */
  pending(usage?: FenceUsage): Fence | null {
    return this.#fences === null ? null : this.#fences.pending(usage);
  }

  /** @internal As `fences.allPending`. */
  allPending(usage?: FenceUsage): readonly Fence[] {
    return this.#fences === null ? NOTHING : this.#fences.allPending(usage);
  }

  /** @internal How many fences of work that writes have been added so far. */
  get writes(): number {
    return this.#fences?.writes ?? 0;
  }

  /** @internal Reserves a slot for one more fence, as `fences.reserve`; a list without fences has some. */
  reserveFence(): void {
    this.#fences?.reserve(1);
  }

  /** @internal Makes its fences copies of the pending ones of another reservation. */
  copyFences(other: Reservation): void {
    if (other.#fences !== null) this.fences.copyFrom(other.#fences);
  }

  /**
   * @internal Takes the lock if it is free.
   *
   * @returns BLOCKED if the caller has to wait, EALREADY if the ticket holds it already, EDEADLK if the ticket must
   * back off.
   */
  tryLock(ticket: AcquireTicket | null = null): Outcome {
    if (this.locked) return this.refuse(ticket);
    this.take(ticket);
    return DONE;
  }

  /** @internal Why a ticket does not get the lock that is held. */
  private refuse(ticket: AcquireTicket | null): Outcome {
    if (ticket !== null && ticket === this.#holder) return EALREADY;
    return this.mustGiveWay(ticket) ? EDEADLK : BLOCKED;
  }

  /**
   * @internal Whether a ticket must back off: it holds locks that an older one may wait for, one that holds this lock or
   * waits for it.
   */
  mustGiveWay(ticket: AcquireTicket | null): boolean {
    if (ticket === null || ticket.locks === 0) return false;
    return isOlder(this.#holder, ticket) || isOlder(this.#line?.oldest ?? null, ticket);
  }

  /** @internal Hands the lock to the next waiter, which holds it without a new attempt, or frees it. */
  release(): void {
    if (this.#holder !== null) this.forgetHolder(this.#holder);
    this.#turn++;
    if (this.#line !== null) this.handOver(this.#line);
  }

  /**
   * @internal Queues for a held lock, without a ticket at the end, with one before the younger tickets. `end` is called
   * with DONE when this waiter gets the lock, with EDEADLK when an older ticket queues and this one must back off.
   *
   * @returns A function that removes the waiter from the queue.
   */
  enqueue(ticket: AcquireTicket | null, end: (outcome: Outcome) => void): () => void {
    const line = this.#line ??= new WaitingLine();
    const waiter = new Waiter(end);
    line.join(waiter, ticket);
    if (ticket !== null) this.turnAwayTheYounger(line);
    return () => line.leave(waiter);
  }

  /** @internal Takes the free lock. */
  private take(ticket: AcquireTicket | null): void {
    this.#turn++;
    if (ticket === null) return;
    this.#holder = ticket;
    if (ticket.locks++ > 0 || ticket.waits === null) return;
    for (let { next } = ticket.waits; next.owner !== null; next = next.next) next.owner.noteLocks();
  }

  /** @internal The ticket no longer holds the lock. */
  private forgetHolder(holder: AcquireTicket): void {
    holder.locks--;
    this.#holder = null;
  }

  /** @internal Gives the lock to the first in line. */
  private handOver(line: WaitingLine): void {
    const next = line.first;
    if (next === null) return;
    line.leave(next);
    this.take(next.ticket);
    // Who unlocks when told has the one behind told afterwards: the depth of the stack does not depend on the line.
    line.tell(next, () => this.turnAwayTheYounger(line));
  }

  /** @internal Lets those back off that hold what older ones may wait for. */
  private turnAwayTheYounger(line: WaitingLine): void {
    for (const party of line.withLocks()) {
      for (let waiter: Waiter | null = party.first; waiter !== null && this.mustGiveWay(party.ticket);) {
        const next: Waiter | null = waiter.next;
        if (waiter.place.isLinked) {
          line.leave(waiter);
          waiter.end(EDEADLK);
        }
        waiter = next;
      }
    }
  }
}

const NOTHING: readonly Fence[] = [];

/** Whether `ticket` is older than `other`; who has none is neither older nor younger than anybody. */
function isOlder(ticket: AcquireTicket | null, other: AcquireTicket | null): boolean {
  return ticket !== null && other !== null && ticket.stamp < other.stamp;
}
