import { assertEquals, assertMatch } from "@std/assert";
import { PAGE_SIZE } from "@ttm/core";
import { peakBytes, type Workload, workloads } from "@ttm/replay";
import { shortened } from "../../replay/shipped_testing.ts";
import { parseSize } from "../../replay/size.ts";
import { byteLru } from "./byte_lru.ts";
import { compare, type Comparison, formatComparisons, MANAGERS, meanRatio, playOn } from "./migration.ts";

/** Buffers of so many pages, in the order of their ids from 0, and jobs that use some of them. */
function workload(sizes: readonly number[], jobs: readonly (readonly number[])[]): Workload {
  return {
    name: "small",
    time: "seq",
    events: [
      ...sizes.map((pages, id) => ({ op: "alloc", t: 0, id, bytes: pages * PAGE_SIZE } as const)),
      ...jobs.map((ids) => {
        return { op: "job", t: 0, uses: ids.map((id) => ({ id, write: false })), durationUs: 1 } as const;
      }),
    ],
  };
}

/** What the device with a manager that only counts did, and what a textbook's LRU does. */
async function bothWays(workload: Workload, share: string) {
  const { counters: { evictions, bytesIn, bytesOut, bytesCleared }, fallbacks } = await playOn(
    workload,
    share,
    "counted",
  );
  const model = byteLru(workload, parseSize("vram", share, peakBytes(workload)));
  return { device: { evictions, fallbacks, bytesIn, bytesOut, bytesCleared }, model };
}

for (const [name, { make }] of Object.entries(workloads)) {
  Deno.test(`${name} on a counting manager moves the same bytes as a plain LRU`, async () => {
    const workload = make({ seed: 1 });
    for (const share of ["50%", "75%", "90%"]) {
      const { device, model } = await bothWays(workload, share);
      assertEquals(device, model, share);
    }
  });
}

for (const [name, workload] of Object.entries(shortened)) {
  Deno.test(`${name}, shortened, moves the same bytes as a plain LRU with less memory than a job needs`, async () => {
    const { device, model } = await bothWays(workload, "3%");
    assertEquals(device, model);
    assertEquals(device.fallbacks > 0, true);
  });
}

Deno.test("a workload without jobs moves the same bytes as a plain LRU at its allocations", async () => {
  const { device, model } = await bothWays(workload([1, 2, 1], []), `${2 * PAGE_SIZE}`);
  assertEquals(device, model);
  assertEquals(device.bytesOut, 3 * PAGE_SIZE);
});

Deno.test("byteLru() evicts the least recently used buffers, and none of the same job", () => {
  const page = (pages: number) => pages * PAGE_SIZE;
  assertEquals(byteLru(workload([1, 1, 1], [[0], [1], [0], [2], [1]]), page(2)), {
    evictions: 2,
    fallbacks: 0,
    bytesIn: page(1),
    bytesOut: page(2),
    bytesCleared: page(3),
  });
  assertEquals(byteLru(workload([1, 1, 1], [[0, 1, 2]]), page(2)), {
    evictions: 0,
    fallbacks: 1,
    bytesIn: 0,
    bytesOut: 0,
    bytesCleared: page(2),
  });
});

/**
 * Pages copied by each manager where two neighbours are wanted among four pages, of which the second was used last: the
 * first and the third leave, and in vain, so the fourth has to go as well.
 */
async function pagesCopied(...jobsAfter: readonly (readonly number[])[]): Promise<Record<string, number>> {
  const jobs = [[0], [1], [2], [3], [1], [4], ...jobsAfter];
  const { counted, addressed } = await compare(workload([1, 1, 1, 1, 2], jobs), `${4 * PAGE_SIZE}`);
  const bytes = [["counted", counted.bytes], ...MANAGERS.map((name, at) => [name, addressed[at]?.bytes ?? NaN])];
  return Object.fromEntries(bytes.map(([name, bytes]) => [name, Number(bytes) / PAGE_SIZE]));
}

Deno.test("compare() has the bytes that each manager copies because of fragmentation", async () => {
  const { counted, range, "range-scan": scan, "good-fit": goodFit } = await pagesCopied();
  assertEquals({ counted, range, scan, goodFit }, { counted: 2, range: 3, scan: 2, goodFit: 3 });
});

Deno.test("compare() counts copies back into VRAM, too", async () => {
  const { counted, range, "range-scan": scan } = await pagesCopied([3]);
  assertEquals({ counted, range, scan }, { counted: 2, range: 4, scan: 4 });
});

/** The first manager copies `first` bytes, all others one more; `fallbacks` more than the one that counts. */
function comparison(vram: string, counted: number, first: number, fallbacks = 0): Comparison {
  const addressed = MANAGERS.map((_, at) => ({ bytes: first + (at === 0 ? 0 : 1), fallbacks: fallbacks + 2 }));
  return { workload: "w", vram, counted: { bytes: counted, fallbacks: 2 }, addressed };
}

Deno.test("meanRatio() is the geometric mean, without those that have nothing to compare with", () => {
  const comparisons = [comparison("50%", 100, 200), comparison("50%", 100, 50), comparison("50%", 0, 7)];
  assertEquals(meanRatio(comparisons, 0).toFixed(9), "1.000000000");
  assertEquals(meanRatio(comparisons, 1).toFixed(9), Math.sqrt(2.01 * 0.51).toFixed(9));
  assertEquals(meanRatio([comparison("50%", 0, 0)], 0), NaN);
});

Deno.test("formatComparisons() has a line for each, and means of each size of VRAM and of all", () => {
  const lines = formatComparisons([
    comparison("50%", 100, 200),
    comparison("90%", 100, 800, 1),
    comparison("90%", 0, 0, -1),
  ]).split("\n");
  assertMatch(lines[0] ?? "", /^workload +VRAM +counted +range /);
  assertMatch(lines[1] ?? "", /^w +50% +100 B +2\.000 +2\.010 /);
  assertMatch(lines[2] ?? "", /^w +90% +100 B +8\.000 \(\+1\) +8\.010 \(\+1\) /);
  assertMatch(lines[3] ?? "", /^w +90% +0 B +- \(-1\) +∞ \(-1\) /);
  assertMatch(lines[5] ?? "", /^geometric mean +50% +2\.000 /);
  assertMatch(lines[6] ?? "", /^geometric mean +90% +8\.000 /);
  assertMatch(lines[7] ?? "", /^geometric mean +all +4\.000 /);
  assertMatch(lines[8] ?? "", /^all bytes together +all +200 B +5\.000 +5\.015 /);
});
