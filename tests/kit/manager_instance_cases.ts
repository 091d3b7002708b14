import { type Bench, makeBench, PAGES } from "./manager_bench.ts";
import { mustEqual } from "./suite.ts";

/** Cases for managers that are used again, and for two of them. */
export function instanceCases(bench: (pages?: number) => Bench): Record<string, () => void | Promise<void>> {
  return {
    "takedown() gives the pages up when all was freed, and init() begins anew": async () => {
      const { manager, takeLater, free } = bench();
      for (const size of [PAGES, 12, PAGES]) {
        const taken = [await takeLater({ pages: 4 }), await takeLater({ pages: 1 }), await takeLater({ pages: 3 })];
        for (const one of taken) free(one);
        mustEqual(manager.takedown(), true, "takedown() of a manager that has freed everything");
        const again = makeBench(manager, size);
        mustEqual(manager.usedPages, 0, "usedPages of a manager that is initialized again");
        again.free(await again.takeLater({ pages: size }));
        again.refuse({ pages: size + 1 });
      }
    },
    "two managers share no pages"() {
      const [one, other] = [bench(), bench()];
      one.take({ pages: PAGES });
      const others = other.take({ pages: PAGES });
      const used = "usedPages, when another manager of the factory has allocated and freed";
      mustEqual([one.manager.usedPages, other.manager.usedPages], [PAGES, PAGES], used);
      other.free(others);
      mustEqual([one.manager.usedPages, other.manager.usedPages], [PAGES, 0], used);
      one.refuse({});
    },
  };
}
