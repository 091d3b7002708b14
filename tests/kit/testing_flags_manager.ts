import { type AllocationRequest, type MemTypeManager, NO_ROOM } from "@ttm/core";

/** What a manager of single pages finds: the start, or -1. */
export type Find = (isUsed: readonly boolean[], request: AllocationRequest) => number;

const isFree = (isUsed: readonly boolean[], start: number, pages: number) =>
  start >= 0 && start + pages <= isUsed.length && !isUsed.slice(start, start + pages).includes(true);

/** The first start of `starts` that is free and in the range. */
export const first =
  (starts: (request: AllocationRequest, size: number) => Iterable<number>): Find => (isUsed, request) => {
    const end = Math.min(request.lpfn, isUsed.length);
    for (const start of starts(request, isUsed.length)) {
      if (start >= request.fpfn && start + request.pages <= end && isFree(isUsed, start, request.pages)) return start;
    }
    return -1;
  };

/** The starts from `from` up, or from `down` down, in steps. */
export function* upwards(from: number, step: number, size: number): Generator<number> {
  for (let start = from; start < size; start += step) yield start;
}

export function* downwards(from: number, step: number): Generator<number> {
  for (let start = from; start >= 0; start -= step) yield start;
}

export const aligned = (page: number, alignment: number): number => Math.ceil(page / alignment) * alignment;
export const last = ({ lpfn, pages }: AllocationRequest, size: number): number => Math.min(lpfn, size) - pages;

export const starts = (request: AllocationRequest, size: number): Iterable<number> =>
  request.topDown
    ? downwards(Math.floor(last(request, size) / request.alignment) * request.alignment, request.alignment)
    : upwards(aligned(request.fpfn, request.alignment), request.alignment, size);

export const right: Find = first(starts);

/** A manager with a flag a page, which finds pages by `find`. A handle is the number of the first page, from 1. */
export function flags(find: Find): MemTypeManager {
  let isUsed: boolean[] = [];
  return {
    name: "flags",
    get usedPages() {
      return isUsed.filter((used) => used).length;
    },
    init: (pages) => void (isUsed = Array.from({ length: pages }, () => false)),
    allocate(request) {
      const start = find(isUsed, request);
      if (start < 0) return NO_ROOM;
      isUsed.fill(true, start, start + request.pages);
      return start + 1;
    },
    startOf: (handle) => handle - 1,
    free: (handle, pages) => void isUsed.fill(false, handle - 1, handle - 1 + pages),
    takedown: () => !isUsed.includes(true),
    debug: () => isUsed.map(Number).join(""),
  };
}
