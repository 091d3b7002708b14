import type { EvictionScan } from "@ttm/core";
import { type Bench, PAGES, type Taken } from "./manager_bench.ts";
import { must, mustEqual, randomNumbers } from "./suite.ts";

/** Cases for searches for neighbours whose eviction makes room. */
export function scanCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  const request = { pages: 8, alignment: 4, fpfn: 0, lpfn: PAGES - 8, topDown: false, contiguous: true };
  const requests = [request, { ...request, pages: 6, fpfn: 90, lpfn: Infinity }, { ...request, fpfn: 50, lpfn: 60 }];
  const offer = ({ manager, take }: Bench, keep: (at: number) => boolean, wanted = request) => {
    const all = Array.from({ length: PAGES / 2 }, () => take({ pages: 2 }));
    const random = randomNumbers(2);
    // The core reuses the request when the scan has begun.
    const reused = { ...wanted };
    const scan = manager.scan?.(reused) as EvictionScan;
    Object.assign(reused, { pages: 1, alignment: 1, fpfn: 0, lpfn: Infinity });
    const offered: Taken[] = [];
    let isEnough = false;
    while (all.length > 0 && !isEnough) {
      const one = all.splice(random(all.length), 1)[0] as Taken;
      if (keep(one.start)) continue;
      must(scan.victims.length === 0, () => "there are victims before add() has said that there are enough");
      offered.push(one);
      isEnough = scan.add(one.handle);
    }
    const victims = () => {
      return scan.victims.map((handle) => {
        const victim = offered.find((one) => one.handle === handle);
        must(victim !== undefined, () => `handle ${handle} is a victim and was not offered`);
        return victim;
      });
    };
    return { scan, victims, isEnough };
  };
  return {
    "a scan's victims were added to it, and make room when they are freed"() {
      for (const wanted of requests) {
        const made = bench();
        const { scan, victims, isEnough } = offer(made, () => false, wanted);
        must(isEnough, () => "everything was added, and add() never returned true");
        mustEqual(new Set(scan.victims).size, scan.victims.length, "how many different victims there are");
        for (const victim of victims()) made.free(victim);
        made.take(wanted);
      }
    },
    "each victim of a scan has to be evicted"() {
      for (const wanted of requests) {
        const count = offer(bench(), () => false, wanted).scan.victims.length;
        for (let kept = 0; kept < count; kept++) {
          const made = bench();
          const victims = offer(made, () => false, wanted).victims();
          const [one] = victims.splice(kept, 1);
          for (const victim of victims) made.free(victim);
          const hasRoom = made.manager.allocate(wanted) > 0;
          must(!hasRoom, () => `what starts at ${one?.start} is a victim, and need not be evicted`);
        }
      }
    },
    "a scan without enough neighbours has no victims"() {
      const { scan, isEnough } = offer(bench(), (start) => start % 8 === 0 || start >= PAGES - 8);
      mustEqual([isEnough, scan.victims.length], [false, 0], "what comes of it");
    },
    "a scan changes nothing"() {
      const made = bench();
      const all = Array.from({ length: PAGES }, () => made.take({}));
      const before = [made.manager.usedPages, made.manager.debug()];
      const scan = made.manager.scan?.(request) as EvictionScan;
      for (const { handle } of all) scan.add(handle);
      mustEqual([made.manager.usedPages, made.manager.debug()], before, "the manager after it");
    },
  };
}
