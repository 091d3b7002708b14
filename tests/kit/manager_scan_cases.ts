import type { EvictionScan, ManagerNode } from "@ttm/core";
import { type Bench, PAGES } from "./manager_bench.ts";
import { must, mustEqual, randomNumbers } from "./suite.ts";

/** Cases for searches for neighbours whose eviction makes room. */
export function scanCases(bench: (pages?: number) => Bench): Record<string, () => void> {
  const request = { pages: 8, alignment: 4, fpfn: 0, lpfn: PAGES - 8, topDown: false, contiguous: true };
  const requests = [request, { ...request, pages: 6, fpfn: 90, lpfn: Infinity }, { ...request, fpfn: 50, lpfn: 60 }];
  const offer = ({ manager, take }: Bench, keep: (at: number) => boolean, wanted = request) => {
    const nodes = Array.from({ length: PAGES / 2 }, () => take({ pages: 2 }));
    const random = randomNumbers(2);
    // The core reuses the request when the scan has begun.
    const reused = { ...wanted };
    const scan = manager.scan?.(reused) as EvictionScan;
    Object.assign(reused, { pages: 1, alignment: 1, fpfn: 0, lpfn: Infinity });
    const offered: ManagerNode[] = [];
    let isEnough = false;
    while (nodes.length > 0 && !isEnough) {
      const node = nodes.splice(random(nodes.length), 1)[0] as ManagerNode;
      if (keep(node.start)) continue;
      must(scan.victims.length === 0, () => "there are victims before add() has said that there are enough");
      offered.push(node);
      isEnough = scan.add(node);
    }
    return { scan, offered, isEnough };
  };
  return {
    "a scan's victims were added to it, and make room when they are freed"() {
      for (const wanted of requests) {
        const made = bench();
        const { scan, offered, isEnough } = offer(made, () => false, wanted);
        must(isEnough, () => "all nodes were added, and add() never returned true");
        mustEqual(new Set(scan.victims).size, scan.victims.length, "how many different victims there are");
        for (const node of [...scan.victims]) {
          must(offered.includes(node), () => `the node at ${node.start} is a victim and was not offered`);
          made.manager.free(node);
        }
        made.take(wanted);
      }
    },
    "each victim of a scan has to be evicted"() {
      for (const wanted of requests) {
        const count = offer(bench(), () => false, wanted).scan.victims.length;
        for (let kept = 0; kept < count; kept++) {
          const made = bench();
          const victims = [...offer(made, () => false, wanted).scan.victims];
          const [node] = victims.splice(kept, 1);
          for (const victim of victims) made.manager.free(victim);
          const hasRoom = typeof made.manager.allocate(wanted) === "object";
          must(!hasRoom, () => `the node at ${node?.start} is a victim, and need not be evicted`);
        }
      }
    },
    "a scan without enough neighbours has no victims"() {
      const { scan, isEnough } = offer(bench(), (start) => start % 8 === 0 || start >= PAGES - 8);
      mustEqual([isEnough, scan.victims.length], [false, 0], "what comes of it");
    },
    "a scan changes nothing"() {
      const made = bench();
      const nodes = Array.from({ length: PAGES }, () => made.take({}));
      const before = [made.manager.usedPages, made.manager.debug()];
      const scan = made.manager.scan?.(request) as EvictionScan;
      for (const node of nodes) scan.add(node);
      mustEqual([made.manager.usedPages, made.manager.debug()], before, "the manager after it");
    },
  };
}
