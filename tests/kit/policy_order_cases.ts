import type { Bench } from "./policy_bench.ts";
import { randomNumbers } from "./suite.ts";

/** Cases for which entries a policy has, and the order of their priorities. */
export const orderCases: Readonly<Record<string, (bench: Bench) => void>> = {
  "a new policy has no candidates": (bench) => bench.check(),
  "an inserted entry is a candidate once, in its memory type"(bench) {
    for (const entry of [3, 0, 7, 1]) bench.insert(entry);
    bench.insert(2, 0, "gtt");
    bench.check();
  },
  "a removed entry is not a candidate, and its number can be inserted again elsewhere"(bench) {
    for (let entry = 0; entry < 6; entry++) bench.insert(entry, entry % 2);
    for (const entry of [0, 5, 3]) bench.remove(entry);
    bench.check();
    bench.insert(3, 2, "gtt");
    bench.insert(0, 3);
    bench.check();
  },
  "a removed entry is not returned, whatever the reason"(bench) {
    for (const why of ["evicted", "moved", "freed", "pinned"] as const) {
      for (let entry = 0; entry < 6; entry++) if (!bench.entries.has(entry)) bench.insert(entry, entry % 2);
      bench.policy.touch(2);
      for (const entry of [2, 5]) bench.remove(entry, why);
      bench.check();
    }
  },
  "entries of a lower priority come first, also if they were used"(bench) {
    for (let entry = 0; entry < 12; entry++) bench.insert(entry, (entry * 7) % 4);
    for (const entry of [0, 5, 11, 5]) bench.policy.touch(entry);
    bench.check();
  },
  "touch() neither loses nor duplicates an entry"(bench) {
    for (let entry = 0; entry < 6; entry++) bench.insert(entry);
    for (const entry of [0, 0, 5, 3, 0, 2]) {
      bench.policy.touch(entry);
      bench.check();
    }
  },
  "entries that are used thousands of times before the first search for room are all candidates"(bench) {
    const random = randomNumbers(9);
    for (let entry = 0; entry < 20; entry++) bench.insert(entry, entry % 2, entry % 5 === 4 ? "gtt" : "vram");
    // The intervals between uses are short for some, and long for others.
    for (let turn = 0; turn < 4000; turn++) bench.policy.touch(random(1 + random(20)));
    bench.check();
  },
  "thousands of entries are in one order"(bench) {
    const random = randomNumbers(5);
    for (let entry = 0; entry < 3000; entry++) bench.insert(entry, random(4));
    bench.check();
  },
};
