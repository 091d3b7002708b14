import { assert } from "@std/assert";
import { type AllocationRequest, BUSY, type EvictionScan, type MemTypeManager, NO_ROOM } from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { alwaysBusy, type ManagerSupport, noSpace, testManager } from "./mod.ts";
import { altered, failures } from "./testing_faults.ts";

type Change = (inner: MemTypeManager) => Partial<Record<keyof MemTypeManager, unknown>>;

/** Changes the requests. */
const asking = (change: (request: AllocationRequest) => AllocationRequest): Change => (inner) => ({
  allocate: (request: AllocationRequest) => inner.allocate(change(request)),
});

/** Changes the result for requests without room. */
const refusing = (answer: (inner: MemTypeManager) => unknown): Change => (inner) => ({
  allocate(request: AllocationRequest) {
    const found = inner.allocate(request);
    return found === NO_ROOM ? answer(inner) : found;
  },
});

/** Changes the start of what is allocated. */
const moving = (change: (start: number) => number): Change => (inner) => ({
  startOf: (handle: number) => change(inner.startOf?.(handle) ?? 0),
});

/** Changes the handles. */
const naming = (change: (handle: number) => number, back: (handle: number) => number): Change => (inner) => ({
  allocate(request: AllocationRequest) {
    const found = inner.allocate(request);
    return found > 0 ? change(found) : found;
  },
  startOf: (handle: number) => inner.startOf?.(back(handle)),
  free: (handle: number, pages: number) => inner.free(back(handle), pages),
});

const faults: Readonly<Record<string, Change>> = {
  "hands the same page out twice": moving(() => 0),
  "is one page off": moving((start) => start + 1),
  "starts in the middle of a page": moving((start) => start + 0.5),
  "has handles that are no whole numbers": naming((handle) => handle + 0.5, Math.floor),
  "has handles of more than 31 bits": naming((handle) => handle + 2 ** 31, (handle) => handle - 2 ** 31),
  "has negative handles": naming((handle) => -handle - 9, (handle) => -handle - 9),
  "has one handle for all": (inner) => {
    const handles: number[] = [];
    return {
      allocate(request: AllocationRequest) {
        const found = inner.allocate(request);
        if (found <= 0) return found;
        handles.push(found);
        return 1;
      },
      startOf: () => inner.startOf?.(handles.at(-1) ?? 0),
      free: (_handle: number, pages: number) => inner.free(handles.pop() ?? 0, pages),
    };
  },
  "ignores the end of a range": asking((request) => ({ ...request, lpfn: Infinity })),
  "ignores the start of a range": asking((request) => ({ ...request, fpfn: 0 })),
  "takes the end of a range for its last page": asking((request) => ({ ...request, lpfn: request.lpfn + 1 })),
  "ignores the alignment": asking((request) => ({ ...request, alignment: 1 })),
  "ignores the direction": asking((request) => ({ ...request, topDown: false })),
  "hands out a page less": asking((request) => ({ ...request, pages: Math.max(1, request.pages - 1) })),
  "rounds up and keeps the rest": asking((request) => ({ ...request, pages: request.pages + request.pages % 2 })),
  "throws for want of room": refusing(() => {
    throw new Error("full");
  }),
  "answers null for want of room": refusing(() => null),
  "is busy for want of room": refusing(() => BUSY),
  "leaks a page for want of room": refusing((inner) => {
    inner.allocate({ pages: 1, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false });
    return NO_ROOM;
  }),
  "never counts": () => ({ usedPages: 0 }),
  "counts requests instead of pages": (inner) => {
    let count = 0;
    return {
      get usedPages() {
        return count;
      },
      allocate(request: AllocationRequest) {
        const found = inner.allocate(request);
        if (found > 0) count++;
        return found;
      },
      free(handle: number, pages: number) {
        count--;
        inner.free(handle, pages);
      },
    };
  },
  "frees nothing": () => ({ free: () => {} }),
  "never lets go": () => ({ takedown: () => false }),
  "lets go while it is used": () => ({ takedown: () => true }),
  "keeps its first size": (inner) => {
    let size = 0;
    return { init: (pages: number) => inner.init(size = size || pages) };
  },
  "keeps the last page for itself": (inner) => ({ init: (pages: number) => inner.init(pages - 1) }),
  "chooses at random": asking((request) => ({ ...request, topDown: Math.random() < 0.5 })),
  "answers that every buffer is in the way": () => ({ intersects: () => true }),
  "takes neighbours for being in the way": (inner) => ({
    intersects(handle: number, pages: number, fpfn: number, lpfn: number) {
      const start = inner.startOf?.(handle) ?? 0;
      return start <= lpfn && start + pages >= fpfn;
    },
  }),
  "answers that no buffer is in the way": () => ({ intersects: () => false }),
  "takes every range for a fit": () => ({ compatible: () => true }),
  "takes an overlap for a fit": (inner) => ({
    compatible(handle: number, pages: number, fpfn: number, lpfn: number) {
      const start = inner.startOf?.(handle) ?? 0;
      return start < lpfn && start + pages > fpfn;
    },
  }),
  "takes all that is free for one hole": (inner) => ({
    get largestHole() {
      return 128 - inner.usedPages;
    },
  }),
  "takes everything for something that can fit": () => ({ canFit: () => true }),
  "takes what is larger than what is free for something that cannot fit": (inner) => ({
    canFit: ({ pages }: AllocationRequest) => pages <= 128 - inner.usedPages,
  }),
  "has no name": () => ({ name: "" }),
  "has a dump that says nothing": () => ({ debug: () => "pages" }),
};

for (const [fault, change] of Object.entries(faults)) {
  Deno.test(`the manager suite detects a manager that ${fault}`, async () => {
    const factory = () => {
      const inner = firstFit();
      return altered(inner, change(inner));
    };
    const failed = await failures((test) => testManager({ test, factory }));
    assert(failed.length > 0);
  });
}

const scanFaults: Readonly<Record<string, (scan: EvictionScan) => Partial<Record<keyof EvictionScan, unknown>>>> = {
  "never has enough": () => ({ add: () => false }),
  "has enough too early": (scan) => ({
    add: (handle: number) => (scan.add(handle), true),
  }),
  "returns victims that were not added": (scan) => ({
    get victims() {
      return scan.victims.map((handle, at) => at === 0 ? 2 ** 30 : handle);
    },
  }),
  "leaves one out": (scan) => ({
    get victims() {
      return scan.victims.slice(1);
    },
  }),
  "returns all added nodes from the start": (scan) => {
    const all: number[] = [];
    return { add: (handle: number) => (all.push(handle), scan.add(handle)), victims: all };
  },
};

for (const [fault, change] of Object.entries(scanFaults)) {
  Deno.test(`the manager suite detects a scan that ${fault}`, async () => {
    const factory = () => {
      const inner = firstFit({ scan: true });
      const scan = (request: AllocationRequest) => {
        const made = inner.scan?.(request) as EvictionScan;
        return altered(made, change(made));
      };
      return altered(inner, { scan });
    };
    assert((await failures((test) => testManager({ test, factory }))).length > 0);
  });
}

for (const factory of [noSpace, alwaysBusy]) {
  Deno.test(`the manager suite detects ${factory().name}`, async () => {
    assert((await failures((test) => testManager({ test, factory }))).length > 5);
  });
}

const claims: readonly ManagerSupport[] = [
  { ranges: false },
  { alignment: "powers of two" },
  { topDown: false },
  { contiguous: false },
];

for (const supports of claims) {
  Deno.test(`the manager suite detects a manager that falsely claims ${JSON.stringify(supports)}`, async () => {
    const failed = await failures((test) => testManager({ test, factory: () => firstFit(), supports }));
    assert(failed.length > 0 && failed.every((name) => name.endsWith("as declared")), failed.join());
  });
}
