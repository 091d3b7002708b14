import { type Bench, PAGES, type Taken } from "./manager_bench.ts";
import { must, mustEqual, randomNumbers } from "./suite.ts";

/** Cases for where what is allocated lies. */
export function geometryCases(
  bench: (pages?: number) => Bench,
  alignments: readonly number[],
): Record<string, () => void> {
  return {
    "ranges never overlap, and lie inside the memory type"() {
      const { manager, take, free } = bench();
      const random = randomNumbers(1);
      const live = new Set<Taken>();
      for (let turn = 0; turn < 400; turn++) {
        const victim = [...live][random(live.size + 1)];
        if (victim !== undefined && (random(2) === 0 || manager.usedPages > PAGES / 2)) {
          free(victim);
          live.delete(victim);
          continue;
        }
        if (manager.usedPages > PAGES / 2) continue;
        const pages = 1 + random(6);
        const taken = take({ pages, topDown: random(2) === 0 });
        const { start, handle } = taken;
        const isInside = start >= 0 && start + pages <= PAGES && Number.isInteger(start);
        must(isInside, () => `${pages} pages at ${start} do not lie inside ${PAGES}`);
        for (const other of live) {
          const isApart = start >= other.start + other.pages || start + pages <= other.start;
          must(isApart, () => `${pages} pages at ${start} overlap ${other.pages} at ${other.start}`);
          must(handle !== other.handle, () => `handle ${handle} is that of pages at ${start} and at ${other.start}`);
        }
        live.add(taken);
      }
    },
    "starts are multiples of the alignment"() {
      for (const alignment of alignments) {
        const { take } = bench();
        take({});
        const { start } = take({ pages: 3, alignment });
        mustEqual(start % alignment, 0, `${start} modulo the alignment ${alignment}`);
      }
    },
  };
}

/** Cases for managers whose starts are addresses. */
export function positionCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  return {
    "startOf() tells the same until the free"() {
      const { manager, take } = bench();
      const all = Array.from({ length: 20 }, (_, at) => take({ pages: 1 + at % 4 }));
      const told = all.map(({ handle }) => manager.startOf?.(handle));
      mustEqual(told, all.map(({ start }) => start), "the starts, told again");
    },
    "what is allocated intersects a range if it has pages in it"() {
      const { manager, take } = bench();
      const { handle, start } = take({ pages: 4 });
      const cases = [[start, start + 4, true], [start + 3, start + 9, true], [0, Infinity, true], [
        start + 4,
        Infinity,
        false,
      ]];
      for (const [fpfn, lpfn, expected] of cases as [number, number, boolean][]) {
        const found = manager.intersects?.(handle, 4, fpfn, lpfn) ?? (start < lpfn && start + 4 > fpfn);
        mustEqual(found, expected, `whether [${start}, ${start + 4}) intersects [${fpfn}, ${lpfn})`);
      }
    },
    "what is allocated is compatible with a range if it lies wholly in it"() {
      const { manager, take } = bench();
      const { handle, start } = take({ pages: 4 });
      const cases = [[start, start + 4, true], [0, Infinity, true], [start + 1, Infinity, false], [
        0,
        start + 3,
        false,
      ]];
      for (const [fpfn, lpfn, expected] of cases as [number, number, boolean][]) {
        const found = manager.compatible?.(handle, 4, fpfn, lpfn) ?? (start >= fpfn && start + 4 <= lpfn);
        mustEqual(found, expected, `whether [${start}, ${start + 4}) is compatible with [${fpfn}, ${lpfn})`);
      }
    },
  };
}

/** Cases for requests that name a range. */
export function rangeCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  return {
    "a request for a range gets pages in it"() {
      for (const topDown of [false, true]) {
        const { take } = bench();
        for (const [fpfn, lpfn] of [[10, 20], [40, 44], [100, 200], [0, 4]] as const) {
          const { start } = take({ pages: 4, fpfn, lpfn, topDown });
          must(start >= fpfn && start + 4 <= lpfn, () => `4 pages for [${fpfn}, ${lpfn}) are at ${start}`);
        }
      }
    },
    "a full range has no room, also if there are free pages outside"() {
      const { take, refuse } = bench();
      take({ pages: 4, fpfn: 40, lpfn: 44 });
      refuse({ fpfn: 40, lpfn: 44 });
      refuse({ fpfn: PAGES, lpfn: PAGES + 10 });
      refuse({ pages: 5, fpfn: 60, lpfn: 64 });
      take({});
    },
    "an lpfn beyond the end is the end"() {
      const { take, refuse } = bench();
      const { start } = take({ pages: 8, fpfn: PAGES - 8, lpfn: 2 ** 40 });
      mustEqual(start, PAGES - 8, "the start of the last pages");
      refuse({ fpfn: PAGES - 8, lpfn: 2 ** 40 });
    },
  };
}
