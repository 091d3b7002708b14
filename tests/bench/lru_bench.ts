import { type EvictionPolicy, lru } from "@ttm/core";
import { LRUCache } from "lru-cache";
import { LRUCache as MnemonistCache, LRUMap } from "mnemonist";
import { randomNumbers } from "../../replay/workloads/random.ts";
import { equalSizes, makeFleet, pick, zipf } from "./devices.ts";
import { benchRows, type Row, type Variant } from "./variant.ts";

const ENTRIES = 10_000;
const OPERATIONS = 100_000;

/** A map that drops who was used longest ago. */
interface Cache {
  get(key: number): unknown;
  set(key: number, value: number): unknown;
}

const caches: Readonly<Record<string, () => Cache>> = {
  "lru-cache": () => new LRUCache<number, number>({ max: ENTRIES }),
  "mnemonist LRUCache": () => new MnemonistCache<number, number>(ENTRIES),
  "mnemonist LRUMap": () => new LRUMap<number, number>(ENTRIES),
};

function filled(make: () => Cache): Cache {
  const cache = make();
  for (let key = 0; key < ENTRIES; key++) cache.set(key, key);
  return cache;
}

/** The order of eviction by itself, as a policy of one's own is written. */
function filledPolicy() {
  const [buffer] = pick(makeFleet({ sizes: [1] }).buffers, [0] as const);
  const policy: EvictionPolicy = lru();
  for (let entry = 0; entry < ENTRIES; entry++) policy.insert(entry, buffer, "vram");
  return { policy, buffer };
}

function touchCache(name: string, make: () => Cache, draw: () => number[]): Variant {
  return {
    name,
    operations: OPERATIONS,
    prepare() {
      const cache = filled(make);
      const keys = draw();
      return () => {
        for (const key of keys) cache.get(key);
      };
    },
  };
}

function touchEntry(draw: () => number[]): Variant {
  return {
    name: "lru().touch",
    operations: OPERATIONS,
    prepare() {
      const { policy } = filledPolicy();
      const entries = draw();
      return () => {
        for (const entry of entries) policy.touch(entry);
      };
    },
  };
}

function touchBuffer(draw: () => number[]): Variant {
  return {
    name: "tryReserve, unreserve",
    operations: OPERATIONS,
    prepare() {
      const list = pick(makeFleet({ sizes: equalSizes(ENTRIES, 1) }).buffers, draw());
      return () => {
        for (const buffer of list) {
          buffer.tryReserve();
          buffer.unreserve();
        }
      };
    },
  };
}

/** New keys only, so that each one pushes the oldest out. */
function pushIntoCache(name: string, make: () => Cache): Variant {
  return {
    name,
    operations: OPERATIONS,
    prepare() {
      const cache = filled(make);
      let key = ENTRIES;
      return () => {
        for (let i = 0; i < OPERATIONS; i++) cache.set(key++, 0);
      };
    },
  };
}

const pushEntry: Variant = {
  name: "lru(): candidates, remove, insert",
  operations: OPERATIONS,
  prepare() {
    const { policy, buffer } = filledPolicy();
    return () => {
      for (let i = 0; i < OPERATIONS; i++) {
        const walk = policy.candidates("vram");
        const oldest = walk.next();
        walk.close();
        policy.remove(oldest, "evicted");
        policy.insert(oldest, buffer, "vram");
      }
    };
  },
};

function touches(draw: () => number[]): Variant[] {
  return [
    ...Object.entries(caches).map(([name, make]) => touchCache(name, make, draw)),
    touchEntry(draw),
    touchBuffer(draw),
  ];
}

function uniform(): number[] {
  const random = randomNumbers(4);
  return Array.from({ length: OPERATIONS }, () => Math.floor(random() * ENTRIES));
}

/** The order of eviction against caches that drop who was used longest ago. */
export const LRU_ROWS: readonly Row[] = benchRows([
  { name: "touch one of 10,000, Zipf", variants: touches(() => zipf(ENTRIES, OPERATIONS, 0.9)) },
  { name: "touch one of 10,000, uniform", variants: touches(uniform) },
  {
    name: "oldest of 10,000 out, new one in",
    variants: [...Object.entries(caches).map(([name, make]) => pushIntoCache(name, make)), pushEntry],
  },
]);
