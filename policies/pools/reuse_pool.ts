import type { BufferView, RemovalReason } from "@ttm/core";
import { Calendar } from "./calendar.ts";
import type { Queue } from "./entries.ts";
import { Histories } from "./histories.ts";
import { Pool } from "./pool.ts";
import type { Reached } from "./reached.ts";

/** Of the room, as many pages are remembered of evicted buffers. */
const GHOSTS = 8;
/** Intervals of up to so many times the number of buffers are told apart. */
const REACH = 8;
const NEVER = -Infinity;
/** The mark of an entry that was used since it was put where it is. */
const MISPLACED = 1;

/** Which entry is evicted first: whose use is expected last, or whose last use is longest ago. */
export type ReuseOrder = "next use" | "last use";

/** Knows the uses of its buffers, and has one of two orders. A change of the order takes O(n log n) time. */
export class ReusePool extends Pool {
  /** The order of the searches that begin from now on. */
  wanted: ReuseOrder = "next use";
  /** The order of the queues. Before the first search the one that is kept faster. */
  #order: ReuseOrder = "last use";
  #histories: Histories = new Histories();
  readonly #calendar: Calendar = new Calendar(() => this.queue(), (entry) => this.#histories.dueOf(entry));
  /** In the order in which they were due. */
  readonly #overdue: Queue = this.queue();
  /** In the order of their last use: all entries, or by next use those that were used once. */
  readonly #byLastUse: Queue = this.queue();

  insert(entry: number, { id }: BufferView): void {
    this.#histories.begin(entry, id);
    this.#place(entry);
  }

  use(entry: number): void {
    this.#histories.use(entry);
    if (this.#order === "last use" || this.#overdue.has(entry)) this.#place(entry);
    else this.entries.marks[entry] = MISPLACED;
  }

  override remove(entry: number, why: RemovalReason): void {
    if (why === "evicted" || why === "pinned") {
      const { ids, pages } = this.entries;
      this.#histories.leave(entry, ids[entry] as number, pages[entry] as number, GHOSTS * this.room);
    }
    super.remove(entry, why);
  }

  override begin(): void {
    super.begin();
    const reach = REACH * this.count;
    const isByNextUse = this.wanted === "next use";
    if (this.wanted !== this.#order || (isByNextUse && !this.#calendar.reaches(reach))) this.#arrange(reach);
    if (isByNextUse) this.#calendar.advance(this.#histories.now, this.#overdue);
  }

  victim(walk: Reached): number {
    return this.#order === "last use" ? walk.front(this.#byLastUse) : this.#furthest(walk);
  }

  /** Its entries, the one whose last use is longest ago first. */
  byLastUse(): number[] {
    return this.#sorted((entry) => this.#histories.lastUse[entry] as number);
  }

  override resemble(other: this): void {
    super.resemble(other);
    this.wanted = other.wanted;
    this.#order = other.#order;
    this.#histories = other.#histories;
    this.#calendar.resemble(other.#calendar);
  }

  /** What is overdue, or was used only once, is expected the later the longer it has been so. */
  #furthest(walk: Reached): number {
    const { lastUse, now } = this.#histories;
    const usedOnce = this.#placed(() => walk.front(this.#byLastUse));
    const latest = this.#placed(() => this.#calendar.latest(walk));
    const overdue = walk.front(this.#overdue);
    const untilLatest = latest < 0 ? NEVER : this.#histories.dueOf(latest) - now;
    const sinceDue = overdue < 0 ? NEVER : now - this.#histories.dueOf(overdue);
    const sinceOnce = usedOnce < 0 ? NEVER : now - (lastUse[usedOnce] as number);
    if (sinceOnce >= sinceDue && sinceOnce >= untilLatest) return usedOnce;
    return sinceDue >= untilLatest ? overdue : latest;
  }

  /** The entry that is looked for, when those that are found out of place have been put where they belong. */
  #placed(find: () => number): number {
    const { marks } = this.entries;
    let entry = find();
    for (; entry >= 0 && marks[entry] === MISPLACED; entry = find()) this.#place(entry);
    return entry;
  }

  #place(entry: number): void {
    this.entries.marks[entry] = 0;
    if (this.#order === "last use" || this.#histories.interval[entry] === 0) this.#byLastUse.push(entry);
    else this.#calendar.push(entry);
  }

  /** Puts all entries where the wanted order has them. */
  #arrange(reach: number): void {
    this.#order = this.wanted;
    const isByNextUse = this.#order === "next use";
    const entries = isByNextUse ? this.#sorted((entry) => this.#histories.dueOf(entry)) : this.byLastUse();
    if (isByNextUse) this.#calendar.restart(reach, this.#histories.now);
    for (const entry of entries) this.#place(entry);
  }

  #sorted(timeOf: (entry: number) => number): number[] {
    return this.queues.flatMap((queue) => [...queue]).sort((a, b) => timeOf(a) - timeOf(b));
  }
}
