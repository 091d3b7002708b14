import { RangeAllocator, type RangeNode } from "@ttm/first-fit";
import type { Workload } from "@ttm/import";

/** Where the buffers of a workload lie: the first byte of each by its id, and how many bytes there are in all. */
export interface Layout {
  readonly starts: ReadonlyMap<number, number>;
  readonly bytes: number;
}

/** Unused parts of an address space that are larger than this are left out. */
const GAP_BYTES = 2 ** 20;

/**
 * Puts recorded addresses close together: parts of the address space of more than 1 MiB in which no buffer ever was are
 * left out. Addresses of one part keep their distances.
 */
export function closeLayout({ events }: Workload, addresses: ReadonlyMap<number, number>): Layout {
  const ranges = events.flatMap((event) => {
    const start = event.op === "alloc" ? addresses.get(event.id) : undefined;
    return event.op !== "alloc" || start === undefined ? [] : [{ id: event.id, start, end: start + event.bytes }];
  });
  ranges.sort((a, b) => a.start - b.start);
  const starts = new Map<number, number>();
  let [shift, end] = [ranges[0]?.start ?? 0, ranges[0]?.start ?? 0];
  for (const range of ranges) {
    if (range.start - end > GAP_BYTES) shift += range.start - end;
    starts.set(range.id, range.start - shift);
    end = Math.max(end, range.end);
  }
  return { starts, bytes: end - shift };
}

/** Gives each buffer the lowest free range that is large enough at its allocation. */
export function lowestLayout({ events }: Workload): Layout {
  const all = events.reduce((sum, event) => sum + (event.op === "alloc" ? event.bytes : 0), 0);
  const space = new RangeAllocator({ size: Math.max(all, 1), orders: ["lowest"] });
  const live = new Map<number, RangeNode>();
  const starts = new Map<number, number>();
  let bytes = 0;
  for (const event of events) {
    if (event.op === "alloc") {
      const range = space.insert({ size: event.bytes }) as RangeNode;
      live.set(event.id, range);
      starts.set(event.id, range.start);
      bytes = Math.max(bytes, range.start + event.bytes);
    } else if (event.op === "free") {
      space.remove(live.get(event.id) as RangeNode);
      live.delete(event.id);
    }
  }
  return { starts, bytes };
}
