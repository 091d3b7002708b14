import { type Bench, PAGES, type Taken } from "./manager_bench.ts";
import { must, mustEqual } from "./suite.ts";

/** Ranges that have room for each alignment; a manager of powers of two finds no 64 aligned pages in the bounded ones. */
const OPEN = [[1, Infinity], [5, PAGES], [60, PAGES + 9]] as const;
const BOUNDED = [[5, 100], [7, PAGES - 1]] as const;

/** Cases for aligned requests in ranges, from both ends, and for holes that just fit. */
export function alignedCases(
  bench: (pages?: number) => Bench,
  alignments: readonly number[],
): Record<string, () => void> {
  return {
    "starts in a range, from below and from the top down, are multiples of the alignment and lie in the range"() {
      for (const alignment of alignments) {
        for (const topDown of [false, true]) {
          for (const [fpfn, lpfn] of alignment > 16 ? OPEN : [...OPEN, ...BOUNDED] as const) {
            const request = { pages: 3, alignment, fpfn, lpfn, topDown };
            const { start } = bench().take(request);
            const what = `3 pages for [${fpfn}, ${lpfn}), ${topDown ? "from the top down" : "from below"}`;
            mustEqual(start % alignment, 0, `the start ${start} of ${what} modulo the alignment ${alignment}`);
            must(start >= fpfn && start + 3 <= Math.min(lpfn, PAGES), () => `${what}, are at ${start}`);
          }
        }
      }
    },
    "all aligned pages can be allocated, from below and from the top down"() {
      for (const alignment of alignments) {
        for (const topDown of [false, true]) {
          const { take } = bench();
          const expected = Array.from({ length: Math.ceil(PAGES / alignment) }, (_, at) => at * alignment);
          const starts = expected.map(() => take({ alignment, topDown }).start);
          mustEqual(starts.toSorted((a, b) => a - b), expected, `the starts of pages aligned to ${alignment}`);
        }
      }
    },
    "pages in front of an aligned range stay free"() {
      for (const topDown of [false, true]) {
        const { manager, take, refuse, free } = bench();
        const all = [take({ topDown }), take({ pages: 8, alignment: 8, topDown }), take({ topDown })];
        mustEqual(manager.usedPages, 10, "usedPages with an aligned range");
        while (all.length < PAGES - 7) all.push(take({ topDown }));
        refuse({});
        for (const one of all) free(one);
        take({ pages: PAGES });
      }
    },
    "a hole that has just the size is found, at the start, in the middle and at the end"() {
      for (const start of [0, 20, PAGES - 4]) {
        for (const topDown of [false, true]) {
          const { take, free } = bench();
          const all = Array.from({ length: PAGES }, () => take({}));
          const at = (page: number) => all.find(({ start }) => start === page) as Taken;
          for (let page = start; page < start + 4; page++) free(at(page));
          mustEqual(take({ pages: 4, topDown }).start, start, `the start of 4 pages in the only hole of 4`);
          free(at(5 === start ? 6 : 9));
          mustEqual(take({ fpfn: 9, lpfn: 10, topDown }).start, 9, "the start of a page in the only hole of 1");
        }
      }
    },
  };
}
