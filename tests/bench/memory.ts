import process from "node:process";
import { equalSizes, makeFleet, use } from "./devices.ts";

/** Memory that is used, in bytes: of the heap, and of array buffers outside of it. */
function used(): number {
  collect?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** The collector, where V8 shows it: `--v8-flags=--expose-gc`. */
const collect: (() => void) | undefined = (globalThis as { gc?: () => void }).gc;

/** Bytes a buffer costs, everything counted: handle, rows in tables, its reservation, the manager's node, its table. */
export interface BytesPerBuffer {
  /** Buffers in VRAM that have never been anywhere else. */
  readonly inVram: number;
  /** Buffers that have been evicted to SYSTEM; their host pages are not counted. */
  readonly inSystem: number;
}

/**
 * Counts by making many buffers and collecting garbage before and after; null without `--v8-flags=--expose-gc`.
 */
export function bytesPerBuffer(count = 100_000): BytesPerBuffer | null {
  if (collect === undefined) return null;
  makeFleet({ sizes: equalSizes(100, 1) });
  const before = used();
  const { buffers, system } = makeFleet({ sizes: equalSizes(count, 1) });
  const inVram = (used() - before) / count;
  for (const buffer of buffers) use(buffer, system);
  return { inVram, inSystem: (used() - before) / count };
}
