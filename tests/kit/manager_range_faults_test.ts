import { assert } from "@std/assert";
import type { AllocationRequest, MemTypeManager } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { testManager } from "./mod.ts";
import { altered, complaints } from "./testing_faults.ts";
import { aligned, downwards, first, flags, last, right, starts, upwards } from "./testing_flags_manager.ts";

const only = flags(right);

/** Managers, and a part of the message of a case that they fail. */
const faults: Readonly<Record<string, readonly [factory: () => MemTypeManager, said: string]>> = {
  "aligns from the start of the range": [
    () => flags(first((r, size) => r.topDown ? starts(r, size) : upwards(r.fpfn, r.alignment, size))),
    "modulo",
  ],
  "aligns the end from the top down": [
    () => flags(first((r, size) => r.topDown ? downwards(last(r, size), r.alignment) : starts(r, size))),
    "modulo",
  ],
  "does not align from the top down": [
    () => flags(first((r, size) => r.topDown ? downwards(last(r, size), 1) : starts(r, size))),
    "modulo",
  ],
  "takes only the lowest aligned start of a range": [
    () => flags(first((r) => r.alignment > 1 ? [aligned(r.fpfn, r.alignment)] : starts(r, 128))),
    "there is room",
  ],
  "takes only the highest aligned start from the top down": [
    () =>
      flags(
        first((r, size) =>
          r.topDown && r.alignment > 1 ? [Math.floor(last(r, size) / r.alignment) * r.alignment] : starts(r, size)
        ),
      ),
    "there is room",
  ],
  "needs a page more than a hole in the middle has": [
    () =>
      flags((isUsed, request) => {
        const start = right(isUsed, request);
        const isExact = start > 0 && isUsed[start - 1] === true && isUsed[start + request.pages] === true;
        return isExact ? -1 : start;
      }),
    "there is room",
  ],
  "does not find holes below its last allocation": [
    () => {
      let next = 0;
      return flags((isUsed, request) => {
        const start = first((r, size) =>
          r.topDown ? starts(r, size) : upwards(aligned(Math.max(next, r.fpfn), r.alignment), r.alignment, size)
        )(isUsed, request);
        if (start >= 0 && !request.topDown) next = isUsed.includes(true) ? start : 0;
        return start;
      });
    },
    "there is room",
  ],
  "keeps the gap before an aligned range": [
    () => {
      const inner = firstFit();
      return altered(inner, {
        allocate(request: AllocationRequest) {
          const handle = inner.allocate(request);
          const start = handle > 0 ? inner.startOf?.(handle) ?? 0 : 0;
          if (request.alignment === 1 || start === 0) return handle;
          inner.allocate({ ...request, pages: 1, alignment: 1, fpfn: start - 1, lpfn: start });
          return handle;
        },
      });
    },
    "",
  ],
  "can be taken down only unused": [
    () => {
      const inner = firstFit();
      let isFresh = true;
      return altered(inner, {
        allocate: (request: AllocationRequest) => (isFresh = false, inner.allocate(request)),
        takedown: () => isFresh && inner.takedown(),
      });
    },
    "takedown() of a manager that has freed everything",
  ],
  "counts on when it is initialized again": [
    () => {
      const inner = firstFit();
      let most = 0;
      return altered(inner, {
        allocate(request: AllocationRequest) {
          const handle = inner.allocate(request);
          most = Math.max(most, inner.usedPages);
          return handle;
        },
        init(pages: number) {
          inner.init(pages);
          if (most > 0) {
            inner.allocate({ pages: 1, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false });
          }
        },
      });
    },
    "initialized again",
  ],
  "shares its pages with others of its kind": [() => only, "two managers"],
  "keeps the request until the free": [
    () => {
      const inner = firstFit();
      const requests = new Map<number, [request: AllocationRequest, pages: number]>();
      let used = 0;
      return altered(inner, {
        get usedPages() {
          return used;
        },
        allocate(request: AllocationRequest) {
          const handle = inner.allocate(request);
          if (handle > 0) requests.set(handle, [request, used += request.pages]);
          return handle;
        },
        free(handle: number, pages: number) {
          used -= requests.get(handle)?.[0].pages ?? 0;
          inner.free(handle, pages);
        },
      });
    },
    "usedPages",
  ],
  "can fit whatever is aligned": [
    () =>
      altered(firstFit(), {
        canFit: ({ pages, fpfn, lpfn }: AllocationRequest) => pages <= Math.min(lpfn, 128) - fpfn,
      }),
    "can fit",
  ],
};

for (const [fault, [factory, said]] of Object.entries(faults)) {
  Deno.test(`the manager suite detects a manager that ${fault}, and says so`, async () => {
    const failed = await complaints((test) => testManager({ test, factory }));
    assert(failed.some((words) => words.join().includes(said)), `it said: ${failed.slice(0, 6).join("\n")}`);
  });
}

testManager({ test: Deno.test, name: "flags", factory: () => flags(right) });
