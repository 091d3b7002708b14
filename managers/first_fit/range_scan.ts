import { TtmError } from "@ttm/core";
import { show } from "@ttm/core/arguments";
import { alignUp } from "./hole_table.ts";
import { HEAD, NONE, type SpanRing } from "./span_ring.ts";

/** The request of a scan. */
export interface ScanRequest {
  /** Units, at least 1. */
  readonly size: number;
  /** The start is a multiple of this, at least 1. */
  readonly alignment: number;
  /** First unit that may be used. */
  readonly lo: number;
  /** First unit after the range that may be used, or `Infinity`. */
  readonly hi: number;
}

/** A run of adjacent ranges that were added, with the holes around them. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/**
 * Searches for victims whose removal makes a hole (`drm_mm_scan`): the caller adds one removable range after the other,
 * by its handle, in LRU order, until some of them and the holes between them form a large enough range. Of all such ranges it takes
 * the one for which the fewest units have to be removed.
 *
 * A scan changes nothing, and the allocator must not change during it.
 */
export class RangeScan {
  #ring: SpanRing;
  #request: ScanRequest;
  #isCurrent: () => boolean;
  #added: Set<number> = new Set();
  #byStart: Map<number, Run> = new Map();
  #byEnd: Map<number, Run> = new Map();
  #victims: readonly number[] = [];

  /** @internal `isCurrent` tells whether the allocator is unchanged since the scan began. */
  constructor(ring: SpanRing, request: ScanRequest, isCurrent: () => boolean) {
    this.#ring = ring;
    this.#request = request;
    this.#isCurrent = isCurrent;
  }

  /** The handles of the ranges to remove, by address; empty until enough were added. */
  get victims(): readonly number[] {
    return this.#victims;
  }

  /**
   * Adds a removable range by its handle; adding it again has no effect. O(1) on average until enough were added, then
   * O(ranges of the run) once.
   *
   * @returns Whether enough ranges were added; later calls change nothing.
   * @throws {TtmError} `EINVAL` if the handle is not that of an allocated range, or the allocator was changed.
   */
  add(handle: number): boolean {
    const row = typeof handle === "number" ? this.#ring.rowOf(handle) : NONE;
    if (row === NONE) {
      throw new TtmError("EINVAL", `Cannot scan: ${show(handle)} is not, or no longer, a handle of this allocator`);
    }
    if (!this.#isCurrent()) throw new TtmError("EINVAL", "Cannot scan: the allocator has changed since the scan began");
    if (this.#victims.length > 0) return true;
    if (this.#added.has(row)) return false;
    this.#added.add(row);
    const run = this.#grow(row);
    const { size, alignment, lo, hi } = this.#request;
    if (alignUp(Math.max(run.start, lo), alignment) + size > Math.min(run.end, hi)) return false;
    this.#victims = this.#cheapest(run, this.#rowsAround(row)).map((row) => this.#ring.handle(row));
    return true;
  }

  /** Joins a range with the adjacent runs and holes. Each run already includes the holes at its ends. */
  #grow(row: number): Run {
    const [start, end] = [this.#ring.start(row), this.#ring.end(row)];
    const run = {
      start: this.#byEnd.get(start)?.start ?? this.#ring.end(this.#ring.previous(row)),
      end: this.#byStart.get(end)?.end ?? this.#ring.start(this.#ring.next(row)),
    };
    this.#byStart.set(run.start, run);
    this.#byEnd.set(run.end, run);
    return run;
  }

  /** The added rows of a row's run, by address. */
  #rowsAround(row: number): number[] {
    const ring = this.#ring;
    let first = row;
    for (let at = ring.previous(row); this.#added.has(at); at = ring.previous(at)) first = at;
    const rows: number[] = [];
    for (let at = first; at !== HEAD && this.#added.has(at); at = ring.next(at)) rows.push(at);
    return rows;
  }

  /**
   * The cost falls only where a range ends, so the cheapest hole starts at the first aligned address after the end of a
   * range, or at the first of the run.
   */
  #cheapest(run: Run, rows: readonly number[]): number[] {
    const ring = this.#ring;
    const { size, alignment, lo, hi } = this.#request;
    const from = Math.max(run.start, lo);
    const to = Math.min(run.end, hi);
    const isBefore = (at: number, address: number) => at < rows.length && ring.start(rows[at] as number) < address;
    let [best, bestCost] = [[] as number[], Infinity];
    let [first, last, cost] = [0, 0, 0];
    for (const end of [from, ...rows.map((row) => ring.end(row))]) {
      const start = alignUp(Math.max(end, from), alignment);
      if (start + size > to) break;
      for (; isBefore(last, start + size); last++) cost += ring.size(rows[last] as number);
      for (; first < last && ring.end(rows[first] as number) <= start; first++) {
        cost -= ring.size(rows[first] as number);
      }
      if (cost < bestCost) [best, bestCost] = [rows.slice(first, last), cost];
    }
    return best;
  }
}
