/** A range of pages or of other units. */
export interface DumpedRange {
  /** First unit. */
  readonly start: number;
  /** Number of units. */
  readonly size: number;
}

/**
 * Formats ranges for the `debug()` of a manager: one line per range, by address.
 *
 * @example Four pages of ten
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { dumpRanges } from "@ttm/core";
 *
 * assertEquals(dumpRanges([{ start: 0, size: 4 }], [{ start: 4, size: 6 }]), "[0, 4) used\n[4, 10) free");
 * ```
 */
export function dumpRanges(used: Iterable<DumpedRange>, free: Iterable<DumpedRange>): string {
  const all = [...used].map((range) => ({ range, state: "used" }));
  for (const range of free) all.push({ range, state: "free" });
  return all
    .sort((a, b) => a.range.start - b.range.start)
    .map(({ range: { start, size }, state }) => `[${start}, ${start + size}) ${state}`)
    .join("\n");
}
