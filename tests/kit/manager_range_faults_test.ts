import { assert } from "@std/assert";
import type { AllocationRequest, EvictionScan, ManagerNode, MemTypeManager } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { testManager } from "./mod.ts";
import { altered, complaints } from "./testing_faults.ts";

type Manager = MemTypeManager<ManagerNode>;

/** What a manager of single pages finds: the start, or -1. */
type Find = (isUsed: readonly boolean[], request: AllocationRequest) => number;

const isFree = (isUsed: readonly boolean[], start: number, pages: number) =>
  start >= 0 && start + pages <= isUsed.length && !isUsed.slice(start, start + pages).includes(true);

/** The first start of `starts` that is free and in the range. */
const first = (starts: (request: AllocationRequest, size: number) => Iterable<number>): Find => (isUsed, request) => {
  const end = Math.min(request.lpfn, isUsed.length);
  for (const start of starts(request, isUsed.length)) {
    if (start >= request.fpfn && start + request.pages <= end && isFree(isUsed, start, request.pages)) return start;
  }
  return -1;
};

/** The starts from `from` up, or from `down` down, in steps. */
function* upwards(from: number, step: number, size: number): Generator<number> {
  for (let start = from; start < size; start += step) yield start;
}

function* downwards(from: number, step: number): Generator<number> {
  for (let start = from; start >= 0; start -= step) yield start;
}

const aligned = (page: number, alignment: number) => Math.ceil(page / alignment) * alignment;
const last = ({ lpfn, pages }: AllocationRequest, size: number) => Math.min(lpfn, size) - pages;

const starts = (request: AllocationRequest, size: number) =>
  request.topDown
    ? downwards(Math.floor(last(request, size) / request.alignment) * request.alignment, request.alignment)
    : upwards(aligned(request.fpfn, request.alignment), request.alignment, size);

const right: Find = first(starts);

interface Range extends ManagerNode {
  readonly pages: number;
}

/** A manager with a flag a page, which finds pages by `find`. */
function flags(find: Find): MemTypeManager {
  let isUsed: boolean[] = [];
  const manager: MemTypeManager<Range> = {
    name: "flags",
    get usedPages() {
      return isUsed.filter((used) => used).length;
    },
    init: (pages) => void (isUsed = Array.from({ length: pages }, () => false)),
    allocate(request) {
      const start = find(isUsed, request);
      if (start < 0) return "no-room";
      isUsed.fill(true, start, start + request.pages);
      return { start, pages: request.pages };
    },
    free: ({ start, pages }: Range) => void isUsed.fill(false, start, start + pages),
    takedown: () => !isUsed.includes(true),
    debug: () => isUsed.map(Number).join(""),
  };
  return manager as unknown as Manager;
}

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
      const inner = firstFit() as unknown as Manager;
      return altered(inner, {
        allocate(request: AllocationRequest) {
          const node = inner.allocate(request);
          if (typeof node !== "object" || request.alignment === 1 || node.start === 0) return node;
          inner.allocate({ ...request, pages: 1, alignment: 1, fpfn: node.start - 1, lpfn: node.start });
          return node;
        },
      });
    },
    "",
  ],
  "can be taken down only unused": [
    () => {
      const inner = firstFit() as unknown as Manager;
      let isFresh = true;
      return altered(inner, {
        allocate: (request: AllocationRequest) => (isFresh = false, inner.allocate(request)),
        takedown: () => isFresh && inner.takedown(),
      });
    },
    "takedown() of a manager whose nodes were freed",
  ],
  "counts on when it is initialized again": [
    () => {
      const inner = firstFit() as unknown as Manager;
      let most = 0;
      return altered(inner, {
        allocate(request: AllocationRequest) {
          const node = inner.allocate(request);
          most = Math.max(most, inner.usedPages);
          return node;
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
      const inner = firstFit() as unknown as Manager;
      const requests = new Map<ManagerNode, [request: AllocationRequest, pages: number]>();
      let used = 0;
      return altered(inner, {
        get usedPages() {
          return used;
        },
        allocate(request: AllocationRequest) {
          const node = inner.allocate(request);
          if (typeof node === "object") requests.set(node, [request, used += request.pages]);
          return node;
        },
        free(node: ManagerNode) {
          used -= requests.get(node)?.[0].pages ?? 0;
          inner.free(node);
        },
      });
    },
    "usedPages",
  ],
  "can fit whatever is aligned": [
    () =>
      altered(firstFit() as unknown as Manager, {
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

type ScanChange = (
  scan: EvictionScan,
  request: AllocationRequest,
  manager: Manager,
) => Partial<Record<keyof EvictionScan, unknown>>;

const scanFaults: Readonly<Record<string, readonly [change: ScanChange, said: string]>> = {
  "names all that were added as victims": [
    (scan) => {
      const all: ManagerNode[] = [];
      return {
        add: (node: ManagerNode) => (all.push(node), scan.add(node)),
        get victims() {
          return scan.victims.length > 0 ? all : [];
        },
      };
    },
    "need not be evicted",
  ],
  "keeps the request": [
    (scan, request, manager) => {
      const added: ManagerNode[] = [];
      let late: EvictionScan = scan;
      return {
        add(node: ManagerNode) {
          added.push(node);
          late = manager.scan?.(request) as EvictionScan;
          return added.map((one) => late.add(one)).includes(true);
        },
        get victims() {
          return late.victims;
        },
      };
    },
    "",
  ],
  "ignores the start of the range": [
    (scan, request, manager) => {
      const other = manager.scan?.({ ...request, fpfn: 0 }) as EvictionScan;
      return request.fpfn === 0 ? scan as never : {
        add: (node: ManagerNode) => other.add(node),
        get victims() {
          return other.victims;
        },
      };
    },
    "",
  ],
};

for (const [fault, [change, said]] of Object.entries(scanFaults)) {
  Deno.test(`the manager suite detects a scan that ${fault}, and says so`, async () => {
    const factory = () => {
      const inner = firstFit({ scan: true }) as unknown as Manager;
      const scan = (request: AllocationRequest) => {
        const made = inner.scan?.(request) as EvictionScan;
        return altered(made, change(made, request, inner));
      };
      return altered(inner, { scan });
    };
    const failed = await complaints((test) => testManager({ test, factory }));
    assert(failed.some((words) => words.join().includes(said)), `it said: ${failed.slice(0, 6).join("\n")}`);
  });
}

testManager({ test: Deno.test, name: "flags", factory: () => flags(right) });
