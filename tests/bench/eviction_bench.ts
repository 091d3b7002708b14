import { type BufferObject, type EvictionPolicy, lru } from "@ttm/core";
import { recorder } from "@ttm/explain";
import { adaptive, arc, clock, gdsf, lirs, lookahead, loops, reuse, s3fifo, sieve, twoQueues } from "@ttm/policies";
import { equalSizes, makeFleet, mixedSizes, pick, sum, use, zipf } from "./devices.ts";
import { copiesOf, PlainDevice } from "./plain.ts";
import { benchRows, type Row, type Variant } from "./variant.ts";

const BUFFERS = 10_000;
const ACCESSES = 50_000;

/** Room for a quarter of the pages, accesses by Zipf's law: three in ten bring a buffer in, and others out. */
function draw(sizes: readonly number[]) {
  return { pages: sum(sizes) >> 2, ids: zipf(sizes.length, ACCESSES, 0.9) };
}

function plain(sizes: readonly number[]): Variant {
  return {
    name: "plain objects and a Map",
    operations: ACCESSES,
    prepare() {
      const { pages, ids } = draw(sizes);
      const device = new PlainDevice(pages, sizes);
      return () => {
        for (const id of ids) device.use(id);
      };
    },
  };
}

function ours(sizes: readonly number[], hasContents = false): Variant {
  return {
    name: "tryReserve, tryValidate, unreserve",
    operations: ACCESSES,
    prepare() {
      const { pages, ids } = draw(sizes);
      const { buffers, vram } = makeFleet({ sizes, vram: pages, hasContents });
      const list = pick(buffers, ids);
      return () => {
        for (const buffer of list) use(buffer, vram);
      };
    },
  };
}

/** The same with a recorder that is full, so that each event is written over an older one. */
function recorded(sizes: readonly number[]): Variant {
  return {
    name: "the same with a recorder",
    operations: ACCESSES,
    prepare() {
      const { pages, ids } = draw(sizes);
      const { buffers, vram } = makeFleet({ sizes, vram: pages, tracer: recorder().tracer });
      const list = pick(buffers, ids);
      return () => {
        for (const buffer of list) use(buffer, vram);
      };
    },
  };
}

/** One buffer after the other, again and again, with a use of each expected if the policy is told. */
function inTurn(name: string, make: () => EvictionPolicy): Variant {
  return {
    name,
    operations: ACCESSES,
    prepare() {
      const policy = make();
      const { device, buffers, vram } = makeFleet({ sizes: sixteen, vram: sum(sixteen) >> 2, policy });
      return () => {
        if (policy.hint !== undefined) device.hint(buffers);
        for (let at = 0; at < ACCESSES; at++) use(buffers[at % BUFFERS] as BufferObject, vram);
      };
    },
  };
}

/** What the same accesses lead to copy. */
function copiesAlone(sizes: readonly number[]): Variant {
  return {
    name: "the copies alone",
    operations: ACCESSES,
    prepare() {
      const { pages, ids } = draw(sizes);
      const copies = copiesOf(ids, sizes, pages);
      return () => {
        for (const { source, target } of copies) target.set(source);
      };
    },
  };
}

const sixteen = equalSizes(BUFFERS, 16);
const mixed = mixedSizes(BUFFERS, 64);

/** The same accesses with another order of eviction, and so with other evictions. */
function withPolicy(name: string, makePolicy: () => EvictionPolicy, sizes: readonly number[]): Variant {
  return {
    name,
    operations: ACCESSES,
    prepare() {
      const { pages, ids } = draw(sizes);
      const { buffers, vram } = makeFleet({ sizes, vram: pages, policy: makePolicy() });
      const list = pick(buffers, ids);
      return () => {
        for (const buffer of list) use(buffer, vram);
      };
    },
  };
}

const policies: Readonly<Record<string, () => EvictionPolicy>> = {
  lru,
  clock,
  sieve,
  s3fifo,
  arc,
  twoQueues,
  lirs,
  gdsf: () => gdsf(),
  reuse,
  adaptive: () => adaptive(),
};

/** The life of a device whose memory is short. */
export const EVICTION_ROWS: readonly Row[] = benchRows([
  { name: "eviction loop, 16 pages", variants: [plain(sixteen), ours(sixteen)] },
  { name: "eviction loop, 1 to 64 pages", variants: [plain(mixed), ours(mixed)] },
  {
    name: "eviction loop by policy, 1 to 64 pages",
    variants: Object.entries(policies).map(([name, make]) => withPolicy(name, make, mixed)),
  },
  { name: "eviction loop, 16 pages, and its record", variants: [ours(sixteen), recorded(sixteen)] },
  {
    name: "eviction loop in turn, by policy",
    variants: [
      inTurn("lru", lru),
      inTurn("lookahead(lru)", () => lookahead(lru())),
      inTurn("loops(lru)", () => loops(lru())),
    ],
  },
  { name: "eviction loop, 64 KiB copied", variants: [copiesAlone(sixteen), ours(sixteen, true)] },
]);
