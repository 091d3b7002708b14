import { type Bench, makeBench, PAGES, type Taken } from "./manager_bench.ts";
import { must, mustEqual, randomNumbers } from "./suite.ts";

/** Cases for what is counted, allocated and freed. */
export function countingCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  return {
    "a new manager has no allocated pages": () => mustEqual(bench().manager.usedPages, 0, "usedPages"),
    "usedPages counts allocated pages, and not freed ones"() {
      const { manager, take, free } = bench();
      const taken = [3, 1, 7].map((pages) => take({ pages }));
      mustEqual(manager.usedPages, 11, "usedPages");
      for (const [at, one] of taken.entries()) {
        free(one);
        mustEqual(manager.usedPages, [8, 7, 0][at], "usedPages after a free");
      }
    },
    "all pages can be allocated one by one, and no more"() {
      const { manager, take, refuse } = bench(13);
      for (let page = 0; page < 13; page++) take({});
      mustEqual(manager.usedPages, 13, "usedPages");
      refuse({});
    },
    "all pages can be allocated at once"() {
      const { take, refuse } = bench(13);
      take({ pages: 13 });
      refuse({});
    },
    "a request for too many pages returns no-room and does not throw"() {
      const { refuse } = bench();
      refuse({ pages: PAGES + 1 });
      refuse({ pages: 2 ** 40 });
    },
    "freed pages can be allocated again"() {
      const { take, free } = bench();
      for (let round = 0; round < 20; round++) free(take({ pages: PAGES }));
    },
    "when all pages are freed, in any order, they are one range again"() {
      const { take, free } = bench();
      const random = randomNumbers(3);
      const taken = Array.from({ length: 40 }, () => take({ pages: 1 + random(3) }));
      while (taken.length > 0) free(taken.splice(random(taken.length), 1)[0] as Taken);
      take({ pages: PAGES });
    },
  };
}

/** Cases for the life of a manager, and for calls that are made again. */
export function lifeCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  return {
    "takedown() of a manager in use is false and changes nothing"() {
      const { manager, take, free } = bench();
      const one = take({ pages: 5 });
      const debug = manager.debug();
      mustEqual(manager.takedown(), false, "takedown()");
      mustEqual([manager.usedPages, manager.debug()], [5, debug], "the manager after it");
      free(one);
    },
    "after takedown() init() can be called again, with another size"() {
      const { manager } = bench();
      mustEqual(manager.takedown(), true, "takedown()");
      const again = makeBench(manager, 7);
      again.take({ pages: 7 });
      again.refuse({});
    },
    "the same calls allocate the same pages"() {
      const starts = () => {
        const { manager, take, free } = bench();
        const random = randomNumbers(9);
        const taken: Taken[] = [];
        for (let turn = 0; turn < 60; turn++) {
          if (random(3) === 0 && taken.length > 0) {
            free(taken.splice(random(taken.length), 1)[0] as Taken);
          } else if (manager.usedPages < PAGES / 2) taken.push(take({ pages: 1 + random(4) }));
        }
        return taken.map(({ start }) => start);
      };
      mustEqual(starts(), starts(), "the starts of a second manager");
    },
    "a request is read only during the call"() {
      const { manager } = bench();
      const request = { pages: 4, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false };
      const handle = manager.allocate(request);
      must(handle > 0, () => `allocate() is ${handle}`);
      Object.assign(request, { pages: 99, alignment: 64, fpfn: 100 });
      mustEqual(manager.usedPages, 4, "usedPages");
      manager.free(handle, 4);
      mustEqual(manager.usedPages, 0, "usedPages after the free");
    },
    "name and debug() are text, which differs between used and free pages"() {
      const { manager, debug, take } = bench();
      must(typeof manager.name === "string" && manager.name !== "", () => `the name is ${manager.name}`);
      take({ pages: 5 });
      must(typeof debug === "string" && manager.debug() !== debug, () => "debug() says the same before and after");
    },
  };
}
