import { assertEquals } from "@std/assert";
import { hasJobs, peakBytes, type Workload, type WorkloadEvent } from "./workload.ts";

function workload(...events: WorkloadEvent[]): Workload {
  return { name: "test", time: "seq", events };
}

const small: WorkloadEvent = { op: "alloc", t: 0, id: 1, bytes: 1 };
const large: WorkloadEvent = { op: "alloc", t: 0, id: 2, bytes: 4097 };
const exact: WorkloadEvent = { op: "alloc", t: 0, id: 3, bytes: 8192 };
const freeSmall: WorkloadEvent = { op: "free", t: 0, id: 1 };
const freeLarge: WorkloadEvent = { op: "free", t: 0, id: 2 };

Deno.test("the peak rounds every buffer up to whole pages", () => {
  assertEquals(peakBytes(workload()), 0);
  assertEquals(peakBytes(workload(small)), 4096);
  assertEquals(peakBytes(workload(small, large, exact)), 4096 + 8192 + 8192);
});

Deno.test("the peak is the most at one time, not the sum and not the end", () => {
  assertEquals(peakBytes(workload(small, freeSmall, large, freeLarge)), 8192);
  assertEquals(peakBytes(workload(small, large, freeSmall, exact, freeLarge)), 16384);
});

Deno.test("a workload has jobs if it submits any", () => {
  const job: WorkloadEvent = { op: "job", t: 0, uses: [{ id: 1, write: true }], durationUs: 0 };
  assertEquals(hasJobs(workload(small, freeSmall)), false);
  assertEquals(hasJobs(workload(small, job)), true);
});
