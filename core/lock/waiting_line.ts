import type { AcquireTicket } from "./acquire_ticket.ts";
import { Link } from "../base/link.ts";
import { DONE, type Outcome } from "../base/outcome.ts";

/** One who stands in a line. */
export class Waiter {
  /** Called once: with DONE when the waiter holds the lock, or with EDEADLK. */
  readonly end: (outcome: Outcome) => void;
  readonly place: Link<Waiter> = new Link<Waiter>(this);
  /** All waiters of its ticket in the line; null without a ticket. */
  party: Party | null = null;
  /** Who of its party has joined after it. */
  next: Waiter | null = null;

  constructor(end: (outcome: Outcome) => void) {
    this.end = end;
  }

  get ticket(): AcquireTicket | null {
    return this.party?.ticket ?? null;
  }
}

/** The waiters of one ticket in one line; one, unless several tasks share the ticket. */
export class Party {
  readonly line: WaitingLine;
  readonly ticket: AcquireTicket;
  /** Its place among the parties of its ticket, in other lines. */
  readonly ofTicket: Link<{ noteLocks(): void }> = new Link<{ noteLocks(): void }>(this);
  /** Its places among the parties of the line: the first among all of them, each further one among fewer. */
  ages: readonly Link<Party>[] = [];
  first: Waiter;
  last: Waiter;

  constructor(line: WaitingLine, ticket: AcquireTicket, first: Waiter) {
    this.line = line;
    this.ticket = ticket;
    this.first = this.last = first;
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
  /** @internal The comparisons of all searches for the first younger ticket, and the parties looked at for their locks. */
  static steps = 0;
  #places: Link<Waiter> = new Link();
  #ages: readonly Link<Party>[] = Array.from({ length: LEVELS }, () => new Link());
  #joined = 0;
  // Parties whose tickets have got locks; few, since they are turned away when an older ticket joins.
  #withLocks: Set<Party> = new Set();
  #length = 0;
  /** Who has got the lock, and has not been told yet. */
  #next: Waiter | null = null;
  #isTelling = false;

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
  join(waiter: Waiter, ticket: AcquireTicket | null): void {
    this.#length++;
    if (ticket === null) return waiter.place.joinBefore(this.#places);
    const older = this.#lastNotYounger(ticket);
    waiter.place.joinBefore(older[0]?.next.owner?.first.place ?? this.#places);
    const party = older[0]?.owner ?? null;
    if (party?.ticket === ticket) {
      waiter.party = party;
      party.last = party.last.next = waiter;
    } else this.#open(waiter, ticket, older);
  }

  #open(waiter: Waiter, ticket: AcquireTicket, older: readonly Link<Party>[]): void {
    const party = waiter.party = new Party(this, ticket, waiter);
    party.ages = older.slice(0, this.#height()).map(({ next }) => {
      const age = new Link(party);
      age.joinBefore(next);
      return age;
    });
    party.ofTicket.joinBefore(ticket.waits ??= new Link());
    if (ticket.locks > 0) this.#withLocks.add(party);
  }

  /** Removes a waiter; one that has left is ignored. */
  leave(waiter: Waiter): void {
    if (!waiter.place.isLinked) return;
    this.#length--;
    waiter.place.leave();
    const { party } = waiter;
    if (party?.first !== waiter) return;
    // Those behind it may have left before.
    let { next } = waiter;
    while (next !== null && !next.place.isLinked) next = next.next;
    if (next === null) this.#close(party);
    else party.first = next;
  }

  #close(party: Party): void {
    for (const age of party.ages) age.leave();
    party.ofTicket.leave();
    this.#withLocks.delete(party);
  }

  /** Tells a waiter that it has the lock, and then those who get it from one who has been told; `after` follows each. */
  tell(waiter: Waiter, after: () => void): void {
    this.#next = waiter;
    if (this.#isTelling) return;
    this.#isTelling = true;
    try {
      while (this.#next !== null) {
        const { end } = this.#next;
        this.#next = null;
        end(DONE);
        after();
      }
    } finally {
      this.#isTelling = false;
    }
  }

  /** Notes that the ticket of a party has got its first lock, elsewhere. */
  noteLocks(party: Party): void {
    this.#withLocks.add(party);
  }

  /** The parties whose tickets hold locks, the oldest first. */
  withLocks(): readonly Party[] {
    if (this.#withLocks.size === 0) return [];
    WaitingLine.steps += this.#withLocks.size;
    for (const party of this.#withLocks) if (party.ticket.locks === 0) this.#withLocks.delete(party);
    return [...this.#withLocks].sort((a, b) => a.ticket.stamp - b.ticket.stamp);
  }

  /** The last place of each level that is not younger than a ticket. */
  #lastNotYounger({ stamp }: AcquireTicket): Link<Party>[] {
    const found: Link<Party>[] = [];
    let before: Party | null = null;
    for (let level = LEVELS - 1; level >= 0; level--) {
      let link: Link<Party> = (before === null ? this.#ages : before.ages)[level] as Link<Party>;
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
function isYounger({ owner }: Link<Party>, stamp: number): boolean {
  WaitingLine.steps++;
  return owner === null || owner.ticket.stamp > stamp;
}
