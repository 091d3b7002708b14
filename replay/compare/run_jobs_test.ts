import { assert, assertEquals, assertRejects } from "@std/assert";
import { testWith } from "../../tests/permissions.ts";
import type { Job } from "./job.ts";
import { runJobs } from "./run_jobs.ts";
import { formatDetails, formatOverview } from "./table.ts";

const job: Job = {
  source: "phi3-decode",
  sizes: [50],
  policies: ["lru", "adaptive"],
  managers: [],
  seed: 1,
  hints: null,
  wrong: "other",
};

testWith(["read"], "the figures are the same each time but for times, and in the order of the jobs", async () => {
  const jobs = [job, { ...job, sizes: [25, 75] }, { ...job, source: "moe-decode" }];
  const untimed = async () => (await runJobs(jobs)).map(({ nsPerUse: _, ...result }) => result);
  const first = await untimed();
  assertEquals(first, await untimed());
  assertEquals(first.map(({ workload, size }) => `${workload} ${size}`), [
    ...["phi3-decode 50", "phi3-decode 50", "phi3-decode 25", "phi3-decode 25", "phi3-decode 75", "phi3-decode 75"],
    ...["moe-decode 50", "moe-decode 50"],
  ]);
});

testWith(["read"], "with managers the whole device is run", async () => {
  const [result, inModel] = await runJobs([{ ...job, policies: ["lru"], managers: ["good-fit"] }, job]);
  assertEquals([result?.manager, inModel?.manager], ["good-fit", "model"]);
  const ratio = (result?.bytesMoved ?? 0) / (inModel?.bytesMoved ?? 0);
  assert(ratio > 0.95 && ratio < 1.2, `${ratio}`);
});

testWith(["read"], "a file that is no recording is an error of the user", async () => {
  const error = await assertRejects(() => runJobs([{ ...job, source: "deno.json" }]), Error);
  assertEquals(error.constructor.name, "UsageError");
});

Deno.test("the table has a line for each workload and size, and for each policy with details", () => {
  const result = {
    ...{ workload: "loop", size: 25, policy: "lru", manager: "model", bytesMoved: 300, belady: 100, lowerBound: 50 },
    ...{ hits: 1, misses: 2, nsPerUse: 3 },
  };
  const results = [result, { ...result, policy: "mru", bytesMoved: 200 }, {
    ...result,
    size: 50,
    belady: 0,
    bytesMoved: 0,
  }];
  assertEquals(formatOverview(results).split("\n").map((line) => line.split(/ {2,}/)), [
    ["workload", "VRAM", "Belady", "bound", "lru", "mru"],
    ["loop", "25 %", "100 B", "0.50", "3.00", "2.00"],
    ["loop", "50 %", "0 B", "∞", "-"],
  ]);
  assertEquals(formatDetails(results).split("\n").length, 4);
});
