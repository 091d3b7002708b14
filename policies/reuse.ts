import type { BufferView, EvictionPolicy, RemovalReason } from "@ttm/core";
import type { Queue } from "./pools/entries.ts";
import { Calendar } from "./pools/calendar.ts";
import { Histories } from "./pools/histories.ts";
import { Pool } from "./pools/pool.ts";
import { PoolPolicy } from "./pools/pool_policy.ts";
import type { Reached } from "./pools/reached.ts";

/** How much of the mean interval the newest one is. */
const NEWEST = 0.25;
/** Of the room, as many pages are remembered of evicted buffers. */
const GHOSTS = 8;
/** Intervals of up to so many times the number of buffers are told apart. */
const REACH = 8;
const NEVER = -Infinity;

/**
 * Expects each buffer to be used again after its mean interval between uses, and evicts the one whose use is expected
 * last. What is overdue, or was used only once, is expected the later the longer it has been so. Good for loops, also
 * with other uses in between, and if some buffers are used more often than others. Each step takes the same time,
 * however many buffers there are.
 *
 * G. Keramidas, P. Petoumenos, S. Kaxiras, "Cache replacement based on reuse-distance prediction", ICCD 2007, with the
 * history of each buffer instead of that of an instruction.
 *
 * @returns A policy for one device.
 *
 * @example Three buffers in turn, room for two
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, PAGE_SIZE, SimulatedClock } from "@ttm/core";
 * import { firstFit } from "@ttm/first-fit";
 * import { reuse } from "@ttm/policies";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * const driver = new RadeonSim({ vram: 2 * PAGE_SIZE, gtt: 4 * PAGE_SIZE });
 * const managers = { vram: firstFit(), gtt: firstFit() };
 * const device = new BoDevice({ driver, managers, policy: reuse(), clock: new SimulatedClock() });
 * const placement = { placement: [{ memoryType: "vram" }] };
 * const layers = [0, 1, 2].map(() => device.createBuffer({ bytes: PAGE_SIZE }));
 * let hits = 0;
 * for (const buffer of [...layers, ...layers, ...layers, ...layers, ...layers]) {
 *   if (buffer.memoryType === "vram") hits++;
 *   await device.submit([{ buffer, placement }], () => {});
 * }
 * assertEquals(hits, 5);
 * ```
 */
export function reuse(): EvictionPolicy {
  return new PoolPolicy("reuse", (entries) => new Reuse(entries));
}

class Reuse extends Pool {
  /** Times are counted in uses. */
  #now = 0;
  #count = 0;
  #histories: Histories = new Histories();
  /** The row of the history of each entry. */
  #rows: number[] = [];
  readonly #calendar: Calendar = new Calendar(() => this.queue());
  /** In the order in which they were due. */
  readonly #overdue: Queue = this.queue();
  /** In the order of their use. */
  readonly #usedOnce: Queue = this.queue();

  insert(entry: number, { id, pages }: BufferView): void {
    this.#count++;
    const known = this.#histories.find(id);
    const row = known < 0 ? this.#histories.make(id, pages) : known;
    this.#rows[entry] = row;
    if (known >= 0) return this.use(entry);
    this.#histories.lastUse[row] = this.#now++;
    this.#usedOnce.push(entry);
  }

  use(entry: number): void {
    const { lastUse, interval } = this.#histories;
    const row = this.#rows[entry] as number;
    const newest = this.#now - (lastUse[row] as number);
    const mean = interval[row] as number;
    const expected = mean === 0 ? newest : mean + NEWEST * (newest - mean);
    interval[row] = expected;
    lastUse[row] = this.#now;
    this.#calendar.push(entry, this.#now++ + expected);
  }

  override remove(entry: number, why: RemovalReason): void {
    this.#count--;
    const row = this.#rows[entry] as number;
    if (why === "evicted" || why === "pinned") this.#histories.leave(row, GHOSTS * this.room);
    else this.#histories.forget(row);
    super.remove(entry, why);
  }

  override begin(): void {
    super.begin();
    this.#calendar.reach(REACH * this.#count, this.#now);
    this.#calendar.advance(this.#now, this.#overdue);
  }

  victim(walk: Reached): number {
    const latest = this.#calendar.latest(walk);
    const overdue = walk.front(this.#overdue);
    const once = walk.front(this.#usedOnce);
    const untilLatest = latest < 0 ? NEVER : this.#calendar.dueOf(latest) - this.#now;
    const sinceDue = overdue < 0 ? NEVER : this.#now - this.#calendar.dueOf(overdue);
    const sinceOnce = once < 0 ? NEVER : this.#now - this.#lastUseOf(once);
    if (sinceOnce >= sinceDue && sinceOnce >= untilLatest) return once;
    return sinceDue >= untilLatest ? overdue : latest;
  }

  override resemble(other: this): void {
    super.resemble(other);
    this.#now = other.#now;
    this.#count = other.#count;
    this.#histories = other.#histories;
    this.#rows = other.#rows;
    this.#calendar.resemble(other.#calendar);
  }

  #lastUseOf(entry: number): number {
    return this.#histories.lastUse[this.#rows[entry] as number] as number;
  }
}
