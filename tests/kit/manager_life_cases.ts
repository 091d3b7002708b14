import type { ManagerNode } from "@ttm/core";
import { type Bench, makeBench, PAGES } from "./manager_bench.ts";
import { must, mustEqual, randomNumbers } from "./suite.ts";

/** Cases for what is counted, allocated and freed. */
export function countingCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  return {
    "a new manager has no allocated pages": () => mustEqual(bench().manager.usedPages, 0, "usedPages"),
    "usedPages counts allocated pages, and not freed ones"() {
      const { manager, take } = bench();
      const nodes = [3, 1, 7].map((pages) => take({ pages }));
      mustEqual(manager.usedPages, 11, "usedPages");
      for (const [at, node] of nodes.entries()) {
        manager.free(node);
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
      const { manager, take } = bench();
      for (let round = 0; round < 20; round++) manager.free(take({ pages: PAGES }));
    },
    "when all pages are freed, in any order, they are one range again"() {
      const { manager, take } = bench();
      const random = randomNumbers(3);
      const nodes = Array.from({ length: 40 }, () => take({ pages: 1 + random(3) }));
      while (nodes.length > 0) manager.free(nodes.splice(random(nodes.length), 1)[0] as ManagerNode);
      take({ pages: PAGES });
    },
  };
}

/** Cases for the life of a manager, and for calls that are made again. */
export function lifeCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  return {
    "takedown() of a manager in use is false and changes nothing"() {
      const { manager, take } = bench();
      const node = take({ pages: 5 });
      const debug = manager.debug();
      mustEqual(manager.takedown(), false, "takedown()");
      mustEqual([manager.usedPages, manager.debug()], [5, debug], "the manager after it");
      manager.free(node);
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
        const { manager, take } = bench();
        const random = randomNumbers(9);
        const nodes: ManagerNode[] = [];
        for (let turn = 0; turn < 60; turn++) {
          if (random(3) === 0 && nodes.length > 0) {
            manager.free(nodes.splice(random(nodes.length), 1)[0] as ManagerNode);
          } else if (manager.usedPages < PAGES / 2) nodes.push(take({ pages: 1 + random(4) }));
        }
        return nodes.map(({ start }) => start);
      };
      mustEqual(starts(), starts(), "the starts of a second manager");
    },
    "a request is read only during the call"() {
      const { manager } = bench();
      const request = { pages: 4, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false };
      const node = manager.allocate(request);
      must(typeof node === "object", () => `allocate() is ${node}`);
      Object.assign(request, { pages: 99, alignment: 64, fpfn: 100 });
      mustEqual(manager.usedPages, 4, "usedPages");
      manager.free(node);
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
