import { hasJobs, type Workload } from "@ttm/replay";

/** What was copied, in bytes, and how often. */
export interface LruFigures {
  readonly evictions: number;
  readonly fallbacks: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly bytesCleared: number;
}

/**
 * Least recently used, as a textbook has it, over buffers of any size: no addresses, no time, and nothing of this project.
 * A job's buffers come in one after the other and cannot push each other out; what finds no room stays outside.
 */
export function byteLru(workload: Workload, capacity: number): LruFigures {
  const sizes = new Map<number, number>();
  // A set keeps the order of insertion: the one used least recently comes first.
  const inside = new Set<number>();
  const withContents = new Set<number>();
  const figures = { evictions: 0, fallbacks: 0, bytesIn: 0, bytesOut: 0, bytesCleared: 0 };
  let free = capacity;
  const sizeOf = (id: number) => sizes.get(id) ?? 0;

  function bringIn(id: number, job: ReadonlySet<number>): void {
    const bytes = sizeOf(id);
    for (const victim of inside) {
      if (free >= bytes) break;
      if (job.has(victim)) continue;
      inside.delete(victim);
      free += sizeOf(victim);
      figures.evictions++;
      figures.bytesOut += sizeOf(victim);
    }
    if (free < bytes) figures.fallbacks++;
    else {
      inside.add(id);
      free -= bytes;
      figures[withContents.has(id) ? "bytesIn" : "bytesCleared"] += bytes;
    }
    withContents.add(id);
  }

  function use(job: ReadonlySet<number>): void {
    for (const id of job) if (!inside.has(id)) bringIn(id, job);
    for (const id of job) if (inside.delete(id)) inside.add(id);
  }

  const atAlloc = !hasJobs(workload);
  for (const event of workload.events) {
    if (event.op === "job") use(new Set(event.uses.map(({ id }) => id)));
    else if (event.op === "free") free += inside.delete(event.id) ? sizeOf(event.id) : 0;
    else {
      sizes.set(event.id, Math.ceil(event.bytes / 4096) * 4096);
      if (atAlloc) use(new Set([event.id]));
    }
  }
  return figures;
}
