import { TtmError } from "@ttm/core";
import { type BuddyAllocation, BuddyAllocator, type BuddyRequest } from "@ttm/buddy";
import type { Compared, Replayer } from "./trace.ts";

/** First line of a buddy trace; sizes in bytes. */
export interface BuddyHeader {
  readonly size: number;
  readonly chunk: number;
}

type Block = [start: number, size: number, cleared: number];
type Tree = [order: number, starts: readonly number[]][];

/** Any other line of it. */
export interface BuddyOperation {
  readonly i: number;
  readonly op: "alloc" | "trim" | "free";
  readonly id: number;
  readonly start: number;
  readonly end: number;
  readonly size: number;
  readonly new_size: number;
  readonly min: number;
  readonly flags: number;
  readonly ret?: number;
  readonly blocks?: readonly Block[];
  readonly avail: number;
  readonly cavail: number;
  readonly free?: { readonly clear: Tree; readonly dirty: Tree };
}

const RANGE = 1;
const TOPDOWN = 2;
const CONTIGUOUS = 4;
const CLEAR = 8;
const CLEARED = 16;
const TRIM_DISABLE = 32;
const EINVAL = -22;
const ENOSPC = -28;

/** The request that a line of a trace stands for. */
export function requestOf(
  { size, min, start, end, flags }: Pick<BuddyOperation, "size" | "min" | "start" | "end" | "flags">,
): BuddyRequest {
  const has = (flag: number) => (flags & flag) !== 0;
  const range = { start, end, ranged: has(RANGE) };
  const how = { topDown: has(TOPDOWN), contiguous: has(CONTIGUOUS), cleared: has(CLEAR), trim: !has(TRIM_DISABLE) };
  return { ...range, ...how, size, minBlock: min };
}

/** Replays the kernel's buddy allocator through a `BuddyAllocator`, and compares all recorded results. */
export class BuddyReplayer implements Replayer<BuddyOperation> {
  #allocator: BuddyAllocator;
  #allocations: Map<number, BuddyAllocation> = new Map();

  constructor({ size, chunk }: BuddyHeader) {
    this.#allocator = new BuddyAllocator({ size, chunk });
  }

  run(operation: BuddyOperation): Compared {
    const { id, ret, blocks, avail, cavail, free } = operation;
    const found = this.#apply(operation);
    return {
      expected: { ...(ret !== undefined && { ret }), ...(blocks && { blocks }), avail, cavail, ...(free && { free }) },
      found: {
        ...(ret !== undefined && { ret: found }),
        ...(blocks && { blocks: this.#blocks(id) }),
        avail: this.#allocator.free,
        cavail: this.#allocator.freeCleared,
        ...(free && { free: { clear: this.#tree(true), dirty: this.#tree(false) } }),
      },
    };
  }

  #apply(operation: BuddyOperation): number {
    try {
      return operation.op === "alloc" ? this.#allocate(operation) : this.#change(operation);
    } catch (error) {
      if (error instanceof TtmError && error.code === "EINVAL") return EINVAL;
      throw error;
    }
  }

  #allocate(operation: BuddyOperation): number {
    const allocation = this.#allocator.allocate(requestOf(operation));
    if (allocation === null) return ENOSPC;
    this.#allocations.set(operation.id, allocation);
    return 0;
  }

  #change({ op, id, new_size, start, flags }: BuddyOperation): number {
    const allocation = this.#allocations.get(id);
    // An allocation that only the kernel has: the divergence was counted when the core refused it.
    if (allocation === undefined) return NaN;
    if (op === "trim") this.#allocator.trim(allocation, new_size, start === -1 ? undefined : start);
    else this.#allocator.release(allocation, (flags & CLEARED) !== 0);
    return 0;
  }

  #blocks(id: number): Block[] {
    const blocks = this.#allocations.get(id)?.blocks ?? [];
    return blocks.map(({ start, size, cleared }) => [start, size, cleared ? 1 : 0]);
  }

  #tree(wanted: boolean): Tree {
    return this.#allocator.freeBlocks().filter(({ cleared }) => cleared === wanted)
      .map(({ size, starts }) => [Math.log2(size / this.#allocator.chunk), starts]);
  }
}
