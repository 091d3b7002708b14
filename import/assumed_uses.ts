import type { Workload, WorkloadEvent } from "./workload.ts";

/**
 * Adds uses to a workload that has none: a buffer is written right after it is allocated and read right before it is
 * freed, each by a job of its own. A buffer that is never freed is not read. The name says so.
 */
export function withAssumedUses(workload: Workload): Workload {
  const events: WorkloadEvent[] = [];
  for (const event of workload.events) {
    const write = event.op === "alloc";
    const job = { op: "job", t: event.t, uses: [{ id: (event as { id: number }).id, write }], durationUs: 0 } as const;
    if (write) events.push(event, job);
    else events.push(job, event);
  }
  return { ...workload, name: `${workload.name} (uses assumed)`, events };
}
