import type { AcquireTicket } from "./acquire_ticket.ts";
import { Link } from "../base/link.ts";
import type { Outcome } from "../base/outcome.ts";

/** One who stands in a line. */
export class Waiter {
  readonly line: WaitingLine;
  readonly ticket: AcquireTicket | null;
  /** Called once: with DONE when the waiter holds the lock, or with EDEADLK. */
  readonly end: (outcome: Outcome) => void;
  readonly place: Link<Waiter> = new Link<Waiter>(this);
  /** Its places among those with tickets: the first among all of them, each further one among fewer. */
  readonly ages: Link<Waiter>[] = [];

  constructor(line: WaitingLine, ticket: AcquireTicket | null, end: (outcome: Outcome) => void) {
    this.line = line;
    this.ticket = ticket;
    this.end = end;
  }

  /** Notes that its ticket has got its first lock, elsewhere. */
  noteLocks(): void {
    this.line.noteLocks(this);
  }
}

const LEVELS = 12;

/**
 * The line for a held lock: who has no ticket joins at the end, who has one before the first younger ticket. So the
 * tickets stand from the oldest to the youngest, and are found by a skip list, each level of which has every fourth of
 * the one below.
 */
export class WaitingLine {
  /** @internal The comparisons of all searches for the first younger ticket. */
  static steps = 0;
  #places: Link<Waiter> = new Link();
  #ages: readonly Link<Waiter>[] = Array.from({ length: LEVELS }, () => new Link());
  #joined = 0;
  // Waiters whose tickets have got locks; few, since they are turned away when an older ticket joins.
  #withLocks: Set<Waiter> = new Set();
  #length = 0;

  /** Number of waiters. */
  get length(): number {
    return this.#length;
  }

  /** The oldest ticket in the line. */
  get oldest(): AcquireTicket | null {
    return this.#ages[0]?.next.owner?.ticket ?? null;
  }

  /** Who comes next. */
  get first(): Waiter | null {
    return this.#places.next.owner;
  }

  /** Adds a waiter. */
  join(waiter: Waiter): void {
    const { ticket } = waiter;
    this.#length++;
    if (ticket === null) return waiter.place.joinBefore(this.#places);
    const older = this.#lastNotYounger(ticket);
    waiter.place.joinBefore(older[0]?.next.owner?.place ?? this.#places);
    for (const link of older.slice(0, this.#height())) {
      const age = new Link(waiter);
      age.joinBefore(link.next);
      waiter.ages.push(age);
    }
    (ticket.waits ??= new Set()).add(waiter);
    if (ticket.locks > 0) this.#withLocks.add(waiter);
  }

  /** Removes a waiter; one that has left is ignored. */
  leave(waiter: Waiter): void {
    if (!waiter.place.isLinked) return;
    this.#length--;
    waiter.place.leave();
    for (const age of waiter.ages) age.leave();
    waiter.ticket?.waits?.delete(waiter);
    this.#withLocks.delete(waiter);
  }

  /** Notes that the ticket of a waiter has got its first lock, elsewhere. */
  noteLocks(waiter: Waiter): void {
    this.#withLocks.add(waiter);
  }

  /** The waiters whose tickets hold locks, the oldest first. */
  withLocks(): readonly Waiter[] {
    if (this.#withLocks.size === 0) return [];
    for (const waiter of this.#withLocks) if (waiter.ticket?.locks === 0) this.#withLocks.delete(waiter);
    return [...this.#withLocks].sort((a, b) => (a.ticket?.stamp ?? 0) - (b.ticket?.stamp ?? 0));
  }

  /** The last place of each level that is not younger than a ticket. */
  #lastNotYounger({ stamp }: AcquireTicket): Link<Waiter>[] {
    const found: Link<Waiter>[] = [];
    let before: Waiter | null = null;
    for (let level = LEVELS - 1; level >= 0; level--) {
      let link: Link<Waiter> = (before === null ? this.#ages : before.ages)[level] as Link<Waiter>;
      while (!isYounger(link.next, stamp)) link = link.next;
      before = link.owner;
      found[level] = link;
    }
    return found;
  }

  #height(): number {
    const joined = ++this.#joined;
    let height = 1;
    while (height < LEVELS && joined % 4 ** height === 0) height++;
    return height;
  }
}

/** Whether a place, or the end of the line, is behind that of a ticket. */
function isYounger({ owner }: Link<Waiter>, stamp: number): boolean {
  WaitingLine.steps++;
  return owner === null || (owner.ticket?.stamp ?? 0) > stamp;
}
