import { assertEquals } from "@std/assert";
import type { Workload } from "@ttm/import";

/** A job in terms of its buffers' tags. */
export interface TaggedJob {
  /** Time of submission. */
  readonly t: number;
  /** Tags of buffers that it only reads. */
  readonly reads: readonly string[];
  /** Tags of buffers that it writes. */
  readonly writes: readonly string[];
  /** Time on the GPU, in microseconds. */
  readonly durationUs: number;
}

/** For tests: the jobs of a workload. */
export function taggedJobs({ events }: Workload): TaggedJob[] {
  const tags = new Map<number, string>();
  const jobs: TaggedJob[] = [];
  for (const event of events) {
    if (event.op === "alloc") tags.set(event.id, event.tag ?? "");
    if (event.op !== "job") continue;
    const { t, uses, durationUs } = event;
    const named = (write: boolean) => uses.filter((use) => use.write === write).map(({ id }) => tags.get(id) ?? "");
    jobs.push({ t, reads: named(false), writes: named(true), durationUs });
  }
  return jobs;
}

/** For tests: how many buffers have a tag that matches, and their bytes in total. */
export function allocated({ events }: Workload, tag: RegExp): { count: number; bytes: number } {
  const matching = events.flatMap((event) => event.op === "alloc" && tag.test(event.tag ?? "") ? [event.bytes] : []);
  return { count: matching.length, bytes: matching.reduce((sum, bytes) => sum + bytes, 0) };
}

/** For tests: fails unless every buffer is freed in the end. */
export function assertAllFreed({ events }: Workload): void {
  const ids = (op: "alloc" | "free") => events.flatMap((event) => event.op === op ? [event.id] : []);
  assertEquals(ids("free").sort((a, b) => a - b), ids("alloc"));
}
