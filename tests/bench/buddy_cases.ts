import { type BuddyAllocation, BuddyAllocator } from "@ttm/buddy";
import { type BuddyHeader, type BuddyOperation, requestOf } from "../oracle/buddy_replay.ts";
import { unzipLines } from "../oracle/families.ts";

const K = 1024;
const GIB = K * K * K;
const CLEARED = 16;
const EINVAL = -22;

/** Reads the header and the operations of a trace of the kernel's buddy allocator. */
export async function readTrace(data: Uint8Array<ArrayBuffer>): Promise<[BuddyHeader, BuddyOperation[]]> {
  const [header, ...operations] = (await unzipLines(data)).filter((line) => line !== "").map((line) =>
    JSON.parse(line)
  );
  // Refused requests are left out: the error that is made for each takes longer than anything else.
  return [header, operations.filter(({ ret }) => ret !== EINVAL)];
}

/** Makes each operation of a trace a function, for one space after another. */
export function playable(operations: readonly BuddyOperation[]): ((space: BuddyAllocator) => void)[] {
  const held: (BuddyAllocation | null)[] = [];
  return operations.map((operation) => {
    const { op, id, new_size, start, flags } = operation;
    const request = requestOf(operation);
    const mine = () => held[id] as BuddyAllocation;
    if (op === "alloc") return (space) => void (held[id] = space.allocate(request));
    if (op === "trim") return (space) => space.trim(mine(), new_size, start === -1 ? undefined : start);
    return (space) => space.release(mine(), (flags & CLEARED) !== 0);
  });
}

/** 4 GiB in chunks of 4 KiB. */
function space(): BuddyAllocator {
  return new BuddyAllocator({ size: 4 * GIB, chunk: 4 * K });
}

/** Takes all of a space as blocks of a size, aligned to another. */
function fill(space: BuddyAllocator, size: number, minBlock: number): BuddyAllocation[] {
  const all: BuddyAllocation[] = [];
  for (let one = space.allocate({ size, minBlock }); one !== null; one = space.allocate({ size, minBlock })) {
    all.push(one);
  }
  return all;
}

/** Frees those of some allocations of which it is so. */
function free(space: BuddyAllocator, all: readonly BuddyAllocation[], is: (at: number) => boolean, cleared: boolean) {
  for (const [at, allocation] of all.entries()) if (is(at)) space.release(allocation, cleared);
}

/** Takes 8 KiB in each 64 KiB. */
function scattered(space: BuddyAllocator): BuddyAllocation[] {
  const request = { size: 8 * K, minBlock: 64 * K };
  return Array.from({ length: space.size / request.minBlock }, () => space.allocate(request) as BuddyAllocation);
}

/** Cases of 4 GiB; the first two are the halves of the kernel's `gpu_test_buddy_fragmentation_performance`. */
export const FRAGMENTATION: Readonly<Record<string, () => void>> = {
  "8 KiB in each 64 KiB, freed clear and dirty by turns, then all as 64 KiB": () => {
    const pages = space();
    const all = scattered(pages);
    const isClear = (at: number) => at % 4 === 0 || at % 4 === 3;
    free(pages, all, isClear, true);
    free(pages, all, (at) => !isClear(at), false);
    for (const allocation of fill(pages, 64 * K, 64 * K)) pages.release(allocation);
  },
  "8 KiB in each 64 KiB, every other freed, the rest in reverse": () => {
    const pages = space();
    const all = scattered(pages);
    free(pages, all, (at) => at % 2 === 0, true);
    free(pages, all.reverse(), (at) => at % 2 === 0, true);
  },
  "all as 8 KiB, every other freed": () => {
    const pages = space();
    free(pages, fill(pages, 8 * K, 8 * K), (at) => at % 2 === 0, false);
  },
  "the same, and filled again": () => {
    const pages = space();
    free(pages, fill(pages, 8 * K, 8 * K), (at) => at % 2 === 0, false);
    fill(pages, 8 * K, 8 * K);
  },
};
