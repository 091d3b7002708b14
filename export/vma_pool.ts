import type { VmaAllocation, VmaBlock, VmaPool } from "./vma_format.ts";

/** A buffer and its place in a memory type. */
export interface Held {
  readonly buffer: number;
  readonly label: string;
  /** Whether anybody but submitted work keeps it. */
  readonly isLive: boolean;
  /** First byte; meaningless if the manager has no addresses. */
  readonly offset: number;
  /** Bytes, in whole pages. */
  readonly bytes: number;
}

/**
 * What is in a memory type, as a pool. It has one block if all places lie in it and apart from each other; where they do
 * not, the manager has no addresses or has divided buffers, and each has a block for itself.
 *
 * @param bytes The size of the memory type; null if it has no limit, as SYSTEM.
 */
export function poolOf(bytes: number | null, held: readonly Held[]): VmaPool {
  const sorted = held.toSorted((a, b) => a.offset - b.offset);
  if (bytes !== null && areApart(sorted, bytes)) {
    return { PreferredBlockSize: bytes, Blocks: { "0": blockOf(bytes, sorted) }, DedicatedAllocations: [] };
  }
  return { PreferredBlockSize: 0, Blocks: {}, DedicatedAllocations: held.map(allocation) };
}

function areApart(sorted: readonly Held[], bytes: number): boolean {
  return sorted.every(({ offset, bytes: size }, index) => offset + size <= (sorted[index + 1]?.offset ?? bytes));
}

function blockOf(bytes: number, sorted: readonly Held[]): VmaBlock {
  const ranges: VmaBlock["Suballocations"][number][] = [];
  let [end, unused] = [0, 0];
  const freeUntil = (offset: number) => {
    if (offset === end) return;
    ranges.push({ Offset: end, Type: "FREE", Size: offset - end });
    unused += offset - end;
  };
  for (const one of sorted) {
    freeUntil(one.offset);
    ranges.push({ Offset: one.offset, ...allocation(one) });
    end = one.offset + one.bytes;
  }
  freeUntil(bytes);
  return {
    TotalBytes: bytes,
    UnusedBytes: unused,
    Allocations: sorted.length,
    UnusedRanges: ranges.length - sorted.length,
    Suballocations: ranges,
  };
}

function allocation({ buffer, label, isLive, bytes }: Held): VmaAllocation {
  const Type = isLive ? "BUFFER" : "UNKNOWN";
  return { Type, Size: bytes, Usage: 0, CustomData: String(buffer), ...(label === "" ? {} : { Name: label }) };
}
