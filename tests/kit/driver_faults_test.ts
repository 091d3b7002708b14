import { assert } from "@std/assert";
import {
  byteTable,
  type Driver,
  type Fence,
  FenceContext,
  type MoveRequest,
  PAGE_SIZE,
  type TranslationTable,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import { RadeonSim } from "@ttm/radeon-sim";
import { failingMove, testDriver } from "./mod.ts";
import { altered, failures } from "./testing_faults.ts";
import { slowCard, type SlowCardOptions } from "./testing_slow_card.ts";

type Change = (inner: RadeonSim) => Partial<Record<keyof Driver, unknown>>;

/** Changes the requests of moves. */
const moving = (change: (request: MoveRequest) => MoveRequest): Change => (inner) => ({
  move: (request: MoveRequest) => inner.move(change(request)),
});

/** Changes the fences that moves return. */
const fencing = (change: (fence: Fence) => Fence | undefined): Change => (inner) => ({
  move: (request: MoveRequest) => change(inner.move(request)),
});

const elsewhere = { placement: [{ memoryType: "nowhere" }] };
const shared = byteTable(64);

const faults: Readonly<Record<string, Change>> = {
  "moves no bytes": () => ({ move: () => undefined }),
  "does not clear": (inner) => ({
    move: (request: MoveRequest) => request.source === null ? undefined : inner.move(request),
  }),
  "takes no imported bytes along": moving((request) =>
    request.source?.table?.external === true ? { ...request, source: null } : request
  ),
  "brings back what host pages held before": (inner) => {
    const kept = new Map<unknown, Uint8Array>();
    return {
      move(request: MoveRequest) {
        const { buffer, source, destination } = request;
        if (source?.table?.contents instanceof Uint8Array) kept.set(buffer, source.table.contents.slice());
        const fence = inner.move(request);
        const [stale, target] = [kept.get(buffer), destination.table?.contents];
        if (stale !== undefined && target instanceof Uint8Array) fence.onSignal(() => target.set(stale));
        return fence;
      },
    };
  },
  "brings nothing to a buffer that it thinks to have": (inner) => {
    const had = new Set<unknown>();
    return {
      move(request: MoveRequest) {
        const { buffer, destination } = request;
        if (destination.table !== null) had.delete(buffer);
        else if (had.has(buffer)) return undefined;
        else had.add(buffer);
        return inner.move(request);
      },
    };
  },
  "clears instead of copying": moving((request) => ({ ...request, source: null })),
  "copies a page less": moving((request) => ({ ...request, pages: Math.max(1, request.pages - 1) })),
  "copies to a neighbour": moving((request) => {
    const { destination } = request;
    return destination.table === null && destination.start > 0
      ? { ...request, destination: { ...destination, start: destination.start - 1 } }
      : request;
  }),
  "copies from a neighbour": moving((request) => {
    const { source } = request;
    return source !== null && source.table === null && source.start > 0
      ? { ...request, source: { ...source, start: source.start - 1 } }
      : request;
  }),
  "does not wait for earlier work": moving((request) => ({ ...request, after: [] })),
  "says that a copy is done before it is": fencing((fence) => {
    fence.signal();
    return fence;
  }),
  "returns no fence": fencing(() => undefined),
  "returns fences that never signal": fencing(() => new FenceContext("hang").next()),
  "returns fences out of order": (inner) => {
    const line = new FenceContext("another");
    const spare: Fence[] = [];
    return {
      move(request: MoveRequest) {
        if (spare.length === 0) spare.push(line.next(), line.next());
        const fence = spare.pop();
        inner.move(request).onSignal((error) => fence?.signal(error));
        return fence;
      },
    };
  },
  "ends a copy after the next one": (inner) => {
    const line = new FenceContext("another");
    const first = line.next();
    let copies = 0;
    return {
      move(request: MoveRequest) {
        const copy = inner.move(request);
        if (++copies === 1) return first;
        const fence = line.next();
        copy.onSignal(() => [fence, first].forEach((ended) => ended.signal()));
        return fence;
      },
    };
  },
  "says that its moves are immediate, and they are not": () => ({ supports: { moves: "immediate" } }),
  "throws when it is to move": () => ({
    move: () => {
      throw new Error("no");
    },
  }),
  "evicts to where the buffer is": (inner) => ({
    evictPlacement: (buffer: { memoryType: string }) => ({ placement: [{ memoryType: buffer.memoryType }] }),
    hop: inner.hop.bind(inner),
  }),
  "evicts to a memory type that is not there": () => ({ evictPlacement: () => elsewhere }),
  "throws when it is to evict": () => ({
    evictPlacement: () => {
      throw new Error("no");
    },
  }),
  "submits to a memory type that is not there": () => ({ defaultPlacement: () => elsewhere }),
  "submits to where there is no room": () => ({
    defaultPlacement: () => ({ placement: [{ memoryType: "vram", fpfn: 1e6 }] }),
  }),
  "begins submissions some time": () => ({ beginSubmit: () => Promise.resolve() }),
  "throws when it is to begin a submission": () => ({
    beginSubmit: () => {
      throw new Error("no");
    },
  }),
  "postpones submissions until what has happened": () => {
    const ended = new FenceContext("ended").next();
    ended.signal();
    return { beginSubmit: () => ({ retryAfter: ended }) };
  },
  "ends submissions with fences that never signal": () => ({ endSubmit: () => new FenceContext("hang").next() }),
  "ends submissions with something else": () => ({ endSubmit: () => 5 }),
  "cannot say what is worth evicting": () => ({ evictionValuable: () => undefined }),
  "drops what is evicted": () => ({ evictPlacement: () => ({ placement: [] }) }),
  "hops to a memory type that is not there": () => ({ hop: () => ({ memoryType: "nowhere" }) }),
  "hops for ever": () => ({ hop: () => ({ memoryType: "gtt" }) }),
  "shows a copy of its memory": (inner) => ({
    ioMemReserve: (memoryType: string, start: number, pages: number) =>
      inner.ioMemReserve(memoryType, start, pages)?.slice() ?? null,
  }),
  "shows the wrong pages": (inner) => ({
    ioMemReserve: (memoryType: string, start: number, pages: number) =>
      inner.ioMemReserve(memoryType, Math.max(0, start - 1), pages),
  }),
  "shows too few pages": (inner) => ({
    ioMemReserve: (memoryType: string, start: number) => inner.ioMemReserve(memoryType, start, 1),
  }),
  "shows nothing": () => ({ ioMemReserve: () => null }),
  "makes one table for all": () => ({ createTranslationTable: () => shared }),
  "makes tables with the same pages": () => {
    const pages = new Uint8Array(64 * PAGE_SIZE);
    return {
      createTranslationTable: (buffer: { pages: number }) =>
        altered(byteTable(buffer.pages), { populate: () => pages, contents: pages, populated: true } as never),
    };
  },
  "makes tables that are too small": () => ({ createTranslationTable: (): TranslationTable => byteTable(1) }),
  "makes no tables": () => ({ createTranslationTable: () => null }),
  "makes tables that are not zero": () => ({
    createTranslationTable: ({ pages }: { pages: number }) => {
      const table = byteTable(pages);
      table.populate().fill(1);
      table.unpopulate();
      const populate = table.populate.bind(table);
      table.populate = () => populate().fill(1);
      return table;
    },
  }),
  "throws when pages are to be bound": () => ({
    bind: () => {
      throw new Error("no");
    },
  }),
  "has no name": () => ({ name: "" }),
};

const parts = (wrap: (driver: RadeonSim) => Driver) => () => ({
  driver: wrap(new RadeonSim({ vram: 16 * PAGE_SIZE, gtt: 16 * PAGE_SIZE })),
  managers: { vram: firstFit(), gtt: firstFit() },
});

for (const [fault, change] of Object.entries(faults)) {
  Deno.test(`the driver suite detects a driver that ${fault}`, async () => {
    const factory = parts((inner) => altered<Driver>(inner, change(inner)));
    assert((await failures((test) => testDriver({ test, factory }))).length > 0);
  });
}

for (const fault of ["returns fences out of order", "ends a copy after the next one"]) {
  Deno.test(`the driver suite reports a driver that ${fault} as one that breaks the order`, async () => {
    const factory = parts((inner) => altered<Driver>(inner, faults[fault]?.(inner) ?? {}));
    const failed = await failures((test) => testDriver({ test, factory }));
    assert(failed.includes("radeon-sim: the fences of moves are made and signal in the order of their timelines"));
  });
}

const slowParts = (options: SlowCardOptions) => () => ({ driver: slowCard(options), managers: { vram: firstFit() } });

const sound: Readonly<Record<string, SlowCardOptions>> = {
  "one engine": {},
  "two engines with a timeline each": { engines: 2 },
};

for (const [card, options] of Object.entries(sound)) {
  testDriver({ test: Deno.test, name: `a slow card of ${card}`, factory: slowParts(options) });
}

const overtaking: Readonly<Record<string, SlowCardOptions>> = {
  "starts a copy while the one in front waits": { begins: "at once" },
  "starts a copy while the one in front waits, and keeps its fence back": { begins: "at once", holdsFences: true },
  "starts a copy while the one in front goes on": { begins: "early" },
  "starts a copy while the one in front goes on, and keeps its fence back": { begins: "early", holdsFences: true },
  "has one timeline for two engines": { engines: 2, timelines: 1 },
  "has one timeline for two engines without order": { engines: 2, timelines: 1, begins: "at once" },
};

for (const [fault, options] of Object.entries(overtaking)) {
  Deno.test(`the driver suite detects a driver that ${fault}, and names the mistake`, async () => {
    const failed = await failures((test) => testDriver({ test, factory: slowParts(options) }));
    assert(failed.some((name) => name.includes("a copy waits for the previous one")), failed.join("\n"));
  });
}

for (const how of ["throw", "fence", "hang"] as const) {
  Deno.test(`the driver suite detects a driver whose fifth move fails by ${how}`, async () => {
    const factory = parts((inner) => failingMove(inner, { nth: 5, how }));
    assert((await failures((test) => testDriver({ test, factory }))).length > 0);
  });
}

Deno.test("the driver suite detects a driver that falsely claims to have no bytes", async () => {
  const factory = parts((inner) => inner);
  assert((await failures((test) => testDriver({ test, factory, supports: { bytes: false } }))).length > 0);
});

Deno.test("the driver suite detects a driver that falsely claims to have no windows", async () => {
  const factory = parts((inner) => inner);
  assert((await failures((test) => testDriver({ test, factory, supports: { windows: false } }))).length > 0);
});

Deno.test("the driver suite detects a manager that falsely claims to have no addresses", async () => {
  const factory = () => {
    const { driver, managers } = parts((inner) => inner)();
    return { driver, managers: { ...managers, vram: altered(managers.vram, { startOf: undefined }) } };
  };
  assert((await failures((test) => testDriver({ test, factory }))).length > 0);
});
