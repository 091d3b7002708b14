import { type Bench, rest, sorted } from "./policy_bench.ts";
import { must, mustEqual } from "./suite.ts";

/** Cases for walks during which entries are inserted, used and removed. */
export const walkCases: Readonly<Record<string, (bench: Bench) => void>> = {
  "a walk skips entries that are removed during it, and visits all others"(bench) {
    for (let leaving = 0; leaving < 8; leaving++) {
      for (let entry = 0; entry < 8; entry++) if (!bench.entries.has(entry)) bench.insert(entry, entry % 2);
      const walk = bench.policy.candidates("vram");
      const met = [walk.next(), walk.next()];
      bench.remove(leaving);
      const later = rest(walk, 20);
      walk.close();
      must(!later.includes(leaving), () => `entry ${leaving} has gone and is met after ${met}`);
      const staying = sorted([...bench.entries.keys()]);
      mustEqual(sorted([...met, ...later].filter((entry) => entry !== leaving)), staying, "who is met in all");
    }
  },
  "all entries can be removed during a walk"(bench) {
    for (let entry = 0; entry < 5; entry++) bench.insert(entry, entry % 3);
    const walk = bench.policy.candidates("vram");
    for (let entry = walk.next(), count = 0; entry >= 0 && count < 20; entry = walk.next(), count++) {
      bench.remove(entry);
    }
    walk.close();
    mustEqual([...bench.entries.keys()], [], "who is left");
    bench.check();
  },
  "a walk visits every entry and ends although entries are inserted and used during it"(bench) {
    for (let entry = 0; entry < 6; entry++) bench.insert(entry, entry % 2);
    const walk = bench.policy.candidates("vram");
    const met = [walk.next(), walk.next()];
    bench.policy.touch(met[0] as number);
    bench.insert(6);
    const later = rest(walk, 40);
    walk.close();
    must(later.length < 40, () => `the walk goes on and on: ${later}`);
    const all = new Set([...met, ...later]);
    for (let entry = 0; entry < 6; entry++) {
      must(all.has(entry), () => `entry ${entry} stayed and is not met: ${[...all]}`);
    }
    bench.check();
  },
  "walks and inspections may overlap, and each returns every entry"(bench) {
    for (let entry = 0; entry < 5; entry++) bench.insert(entry, entry % 2);
    bench.policy.touch(0);
    const outer = bench.policy.candidates("vram");
    const met = [outer.next()];
    const inner = bench.policy.candidates("vram");
    const metInside = [inner.next(), inner.next()];
    bench.check();
    bench.mustBeAll([...met, ...rest(outer, 20)], "what the outer walk meets");
    outer.close();
    bench.mustBeAll([...metInside, ...rest(inner, 20)], "what the inner walk meets");
    inner.close();
    bench.check();
  },
  "a walk stays at its end"(bench) {
    bench.insert(0);
    const walk = bench.policy.candidates("vram");
    mustEqual([walk.next(), walk.next(), walk.next()], [0, -1, -1], "what next() gives");
    walk.close();
    mustEqual(bench.policy.candidates("nowhere").next(), -1, "what a walk over a memory type without entries gives");
  },
};
