import { assert } from "@std/assert";
import { type EvictionPolicy, lru } from "@ttm/core";
import { arc, s3fifo, sieve } from "@ttm/policies";
import { patterns } from "../replay/compare/patterns.ts";
import { simulate } from "../replay/compare/model.ts";
import type { Trace } from "../replay/compare/trace.ts";

/**
 * Miss ratios that libCacheSim's `cachesim` gives for the same uses of objects of size 1, as it prints them (commit
 * aa0fc40; `cachesim FILE txt lru 500,2500 --ignore-obj-size 1`, with a number of a buffer in each line). It is a native
 * program, so the figures are kept here. Sizes of the cache: 500 and 2500 objects.
 */
const REFEREE: Readonly<Record<string, Readonly<Record<string, readonly [number, number]>>>> = {
  "zipf-0.8": { lru: [0.6704, 0.3917], sieve: [0.5753, 0.3453], s3fifo: [0.5658, 0.3478], arc: [0.5769, 0.3604] },
  "zipf-1": { lru: [0.4149, 0.2077], sieve: [0.3394, 0.1840], s3fifo: [0.3384, 0.1877], arc: [0.3451, 0.1915] },
  "zipf-1.2": { lru: [0.1921, 0.0857], sieve: [0.1555, 0.0798], s3fifo: [0.1545, 0.0816], arc: [0.1567, 0.0797] },
  "loop-and-cache": { lru: [0.2844, 0.2038], sieve: [0.2066, 0.2036], s3fifo: [0.2065, 0.0910], arc: [0.2052, 0.1933] },
  "scan": { lru: [0.6303, 0.4544], sieve: [0.5236, 0.3830], s3fifo: [0.5184, 0.3831], arc: [0.5187, 0.3741] },
};

const policies: Readonly<Record<string, () => EvictionPolicy>> = { lru, sieve, s3fifo, arc };
const USES = 100_000;

/** The first uses of a pattern, of buffers of one page. */
function unitSizes(pattern: string): Trace {
  const { name, pages, steps, peak } = (patterns[pattern] as (seed: number) => Trace)(5);
  return { name, peak, pages: pages.map(() => 1), steps: steps.slice(pages.length, pages.length + USES) };
}

for (const [pattern, byPolicy] of Object.entries(REFEREE)) {
  Deno.test(`on ${pattern} with equal sizes lru, sieve, s3fifo and arc miss what libCacheSim's miss`, () => {
    const trace = unitSizes(pattern);
    for (const [policy, ratios] of Object.entries(byPolicy)) {
      for (const [at, room] of [500, 2500].entries()) {
        const { misses } = simulate(trace, room, (policies[policy] as () => EvictionPolicy)());
        const wanted = ratios[at] as number;
        // A thousandth, and the digits that are not printed.
        const most = 0.001 * wanted + 0.00005;
        assert(
          Math.abs(misses / USES - wanted) <= most,
          `${policy}, ${room}: ${misses / USES}, and should be ${wanted}`,
        );
      }
    }
  });
}
