import type { Workload, WorkloadEvent } from "./workload.ts";

/**
 * Writes a workload as bo-trace v1, one line at a time without its line end. {@linkcode readBoTrace} makes the same
 * workload of them; `stats` in the header let it see whether the file is whole.
 */
export function* boTraceLines(workload: Workload): Generator<string, void> {
  const { name, time, events } = workload;
  const stats = { events: 0, allocs: 0, frees: 0, uses: 0, jobs: 0 };
  for (const event of events) {
    stats.events += event.op === "job" ? event.uses.length : 1;
    if (event.op === "alloc") stats.allocs++;
    else if (event.op === "free") stats.frees++;
    else {
      stats.uses += event.uses.length;
      stats.jobs++;
    }
  }
  yield JSON.stringify({ format: "bo-trace", version: 1, name, time, stats });
  let job = 0;
  for (const event of events) {
    for (const line of linesOf(event, job)) yield JSON.stringify(line);
    if (event.op === "job") job++;
  }
}

function linesOf(event: WorkloadEvent, job: number): object[] {
  const { t, op } = event;
  if (op === "free") return [{ t, op, id: event.id }];
  if (op === "alloc") return [{ t, op, id: event.id, bytes: event.bytes, tag: event.tag }];
  return event.uses.map(({ id, write }, index) => {
    const first = index > 0 ? {} : { dur: event.durationUs, ctx: event.context };
    return { t, op: "use", id, job, ...(write ? { w: 1 } : {}), ...first };
  });
}
