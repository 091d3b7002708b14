import process from "node:process";
import { equalSizes, makeFleet, use } from "./devices.ts";

/** The collector, where V8 shows it: `--v8-flags=--expose-gc`. */
const collect: (() => void) | undefined = (globalThis as { gc?: () => void }).gc;

/** Memory that is in use, in bytes: of the heap, and of array buffers outside of it. */
async function used(): Promise<number> {
  let last = Infinity;
  // One collection may leave to the next what the task at hand, or a part of the garbage itself, still held.
  for (let now = total(); now < last; now = total()) {
    last = now;
    await new Promise((resolve) => setTimeout(resolve));
    collect?.();
  }
  return last;
}

function total(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Bytes a buffer costs, everything counted: handle, rows in tables, reservation, the manager's node, its table. */
export interface BytesPerBuffer {
  /** Buffers in VRAM that have never been anywhere else. */
  readonly inVram: number;
  /** The same buffers after they have been evicted to SYSTEM; their host pages are not counted. */
  readonly inSystem: number;
}

/** Counts by making many buffers, and collecting garbage before and after; null where the collector cannot be called. */
export async function bytesPerBuffer(count = 100_000): Promise<BytesPerBuffer | null> {
  if (collect === undefined) return null;
  makeFleet({ sizes: equalSizes(100, 1) });
  const before = await used();
  const { buffers, system } = makeFleet({ sizes: equalSizes(count, 1) });
  const inVram = (await used() - before) / count;
  for (const buffer of buffers) use(buffer, system);
  const inSystem = (await used() - before) / count;
  // Used here, they cannot have been collected before.
  return buffers.length === count ? { inVram, inSystem } : null;
}
