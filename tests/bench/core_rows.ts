import { PAGE_SIZE } from "@ttm/core";
import { Mutex } from "async-mutex";
import { randomNumbers, shuffled } from "../../replay/workloads/random.ts";
import { equalSizes, makeFleet, mixedSizes, sum, use, useAwaited, zipf } from "./devices.ts";
import { PlainDevice } from "./plain.ts";
import type { Row, Variant } from "./rounds.ts";

const BUFFERS = 4096;

/** A variant that does something with each element of a list, `times` over. */
function each<Element>(
  name: string,
  times: number,
  list: readonly Element[],
  act: (element: Element) => void,
): Variant {
  return {
    name,
    operations: times * list.length,
    run() {
      for (let time = 0; time < times; time++) for (const element of list) act(element);
    },
  };
}

/** The same for what is awaited. */
function eachAwaited<Element>(
  name: string,
  times: number,
  list: readonly Element[],
  act: (element: Element) => Promise<void>,
): Variant {
  return {
    name,
    operations: times * list.length,
    async run() {
      for (let time = 0; time < times; time++) for (const element of list) await act(element);
    },
  };
}

/** The numbers of some buffers in an order that caches do not foresee. */
function order(count: number): number[] {
  return shuffled([...Array(count).keys()], randomNumbers(2));
}

function inPlace(): Variant[] {
  const sizes = equalSizes(BUFFERS, 1);
  const plain = new PlainDevice(BUFFERS, sizes);
  const { buffers, vram } = makeFleet({ sizes });
  const ids = order(BUFFERS);
  const list = ids.map((id) => buffers[id] ?? fail());
  return [
    each("plain objects and a Map", 32, ids, (id) => plain.use(id)),
    each("tryReserve, tryValidate, unreserve", 32, list, (buffer) => use(buffer, vram)),
  ];
}

function inPlaceAwaited(): Variant[] {
  const sizes = equalSizes(BUFFERS, 1);
  const plain = new PlainDevice(BUFFERS, sizes);
  const { buffers, vram } = makeFleet({ sizes });
  const ids = order(BUFFERS);
  const list = ids.map((id) => buffers[id] ?? fail());
  return [
    eachAwaited("plain objects and a Map, awaited", 8, ids, (id) => plain.useAwaited(id)),
    eachAwaited("await reserve, await validate, unreserve", 8, list, (buffer) => useAwaited(buffer, vram)),
  ];
}

/** Twice as many buffers as there is room for, in a fixed order: each one comes back just after it has left. */
function evictOne(): Variant[] {
  const sizes = equalSizes(2 * BUFFERS, 1);
  const plain = new PlainDevice(BUFFERS, sizes);
  const { buffers, vram } = makeFleet({ sizes, vram: BUFFERS });
  const ids = order(2 * BUFFERS);
  const list = ids.map((id) => buffers[id] ?? fail());
  return [
    each("plain objects and a Map", 4, ids, (id) => plain.use(id)),
    each("tryReserve, tryValidate, unreserve", 4, list, (buffer) => use(buffer, vram)),
  ];
}

function lock(): Variant[] {
  const { buffers } = makeFleet({ sizes: equalSizes(BUFFERS, 1) });
  const mutexes = buffers.map(() => new Mutex());
  return [
    eachAwaited("async-mutex: await acquire, release", 8, mutexes, async (mutex) => (await mutex.acquire())()),
    eachAwaited("await reserve, unlock", 8, buffers, async (buffer) => {
      await buffer.reserve();
      buffer.unlock();
    }),
    each("tryReserve, unlock", 32, buffers, (buffer) => {
      buffer.tryReserve();
      buffer.unlock();
    }),
  ];
}

/** One more waits in line before the holder gives the lock up, again and again. */
function handOff(): Variant[] {
  const operations = 20_000;
  const mutex = new Mutex();
  const [buffer = fail()] = makeFleet({ sizes: [1] }).buffers;
  return [{
    name: "async-mutex",
    operations,
    async run() {
      let release = await mutex.acquire();
      for (let i = 0; i < operations; i++) {
        const next = mutex.acquire();
        release();
        release = await next;
      }
      release();
    },
  }, {
    name: "reserve and unlock",
    operations,
    async run() {
      await buffer.reserve();
      for (let i = 0; i < operations; i++) {
        const next = buffer.reserve();
        buffer.unlock();
        await next;
      }
      buffer.unlock();
    },
  }];
}

const LOOP_BUFFERS = 10_000;
const LOOP_ACCESSES = 50_000;

/** Room for a quarter of the pages, accesses by Zipf's law. */
function evictionLoop(sizes: readonly number[]): Variant[] {
  const pages = sum(sizes) >> 2;
  const plain = new PlainDevice(pages, sizes);
  const { buffers, vram } = makeFleet({ sizes, vram: pages });
  const ids = zipf([...buffers.keys()], LOOP_ACCESSES, 0.9);
  const list = ids.map((id) => buffers[id] ?? fail());
  return [
    each("plain objects and a Map", 1, ids, (id) => plain.use(id)),
    each("tryReserve, tryValidate, unreserve", 1, list, (buffer) => use(buffer, vram)),
  ];
}

/** The same with 64 KiB that are copied at each move, against the copies that such accesses lead to. */
function copyLoop(): Variant[] {
  const sizes = equalSizes(LOOP_BUFFERS, 16);
  const pages = sum(sizes) >> 2;
  const { buffers, vram } = makeFleet({ sizes, vram: pages, hasContents: true });
  const ids = zipf([...buffers.keys()], LOOP_ACCESSES, 0.9);
  const list = ids.map((id) => buffers[id] ?? fail());
  const copies = copiesOf(ids, sizes, pages);
  const operations = ids.length;
  const run = () => {
    for (const { source, target } of copies) target.set(source);
  };
  return [
    { name: "the copies alone", operations, run },
    each("tryReserve, tryValidate, unreserve", 1, list, (buffer) => use(buffer, vram)),
  ];
}

/** What is copied, and where to, when buffers are used in an order that has gone round before. */
function copiesOf(ids: readonly number[], sizes: readonly number[], pages: number) {
  const vram = new Uint8Array(pages * PAGE_SIZE);
  const host = sizes.map((size) => new Uint8Array(size * PAGE_SIZE));
  let copies: { source: Uint8Array; target: Uint8Array }[] = [];
  const plain = new PlainDevice(pages, sizes, ({ id, start, pages }, to) => {
    const inVram = vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE);
    const inHost = host[id] ?? fail();
    copies.push(to === "vram" ? { source: inHost, target: inVram } : { source: inVram, target: inHost });
  });
  for (const id of ids) plain.use(id);
  copies = [];
  for (const id of ids) plain.use(id);
  return copies;
}

/** How much longer an operation takes among many more buffers, of which far less is in the caches. */
function scaling(act: (fleet: ReturnType<typeof makeFleet>) => (buffer: (typeof fleet.buffers)[number]) => void) {
  return [10_000, 1_000_000].map((count) => {
    const fleet = makeFleet({ sizes: equalSizes(count, 1) });
    const random = randomNumbers(5);
    const list = Array.from({ length: 100_000 }, () => fleet.buffers[Math.floor(random() * count)] ?? fail());
    return each(`${count.toLocaleString("en")} buffers`, 1, list, act(fleet));
  });
}

function fail(): never {
  throw new RangeError("a list is too short");
}

/** What is measured of the core. */
export const CORE_ROWS: readonly Row[] = [
  { name: "in place, 4096 buffers in random order", make: inPlace },
  { name: "in place, awaited", make: inPlaceAwaited },
  { name: "validate that evicts one", make: evictOne },
  { name: "lock and unlock", make: lock },
  { name: "hand-off to one who waits", make: handOff },
  { name: "eviction loop, 16 pages", make: () => evictionLoop(equalSizes(LOOP_BUFFERS, 16)) },
  { name: "eviction loop, 1 to 64 pages", make: () => evictionLoop(mixedSizes(LOOP_BUFFERS, 64)) },
  { name: "eviction loop, 64 KiB copied", make: copyLoop },
  { name: "scaling, in place", make: () => scaling(({ vram }) => (buffer) => use(buffer, vram)) },
  {
    name: "scaling, touch",
    make: () =>
      scaling(() => (buffer) => {
        buffer.tryReserve();
        buffer.unreserve();
      }),
  },
];
