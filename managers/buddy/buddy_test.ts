import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type AllocationRequest, BoDevice, SimulatedClock, TtmError } from "@ttm/core";
import { buddy, type BuddyNode } from "./mod.ts";

function manager(pages: number) {
  const made = buddy();
  made.init(pages);
  return made;
}

const request = (pages: number, more: Partial<AllocationRequest> = {}): AllocationRequest => {
  return { pages, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false, ...more };
};

/** Asserts that a request succeeds, and returns its node. */
function take(from: ReturnType<typeof manager>, wanted: AllocationRequest): BuddyNode {
  const node = from.allocate(wanted);
  if (typeof node !== "object") throw new Error(`${node} for ${JSON.stringify(wanted)}`);
  return node;
}

Deno.test("ranges have the requested size, although blocks are rounded up", () => {
  const pages = manager(16);
  const node = take(pages, request(5));
  assertEquals([node.start, pages.usedPages], [8, 5]);
  assertEquals(pages.debug(), "[0, 8) free\n[8, 13) used\n[13, 14) free\n[14, 16) free");
  pages.free(node);
  assertEquals([pages.debug(), pages.usedPages], ["[0, 16) free", 0]);
});

Deno.test("allocate() respects alignment, range and direction", () => {
  const pages = manager(64);
  assertEquals(take(pages, request(2, { alignment: 16, fpfn: 17, lpfn: 50 })).start, 32);
  assertEquals(take(pages, request(1, { fpfn: 5, lpfn: 6 })).start, 5);
  assertEquals(take(pages, request(4, { topDown: true })).start, 60);
  assertEquals(pages.allocate(request(2, { fpfn: 5, lpfn: 7, alignment: 2 })), "no-room");
  assertEquals(pages.allocate(request(65)), "no-room");
  assertEquals(pages.allocate(request(3, { fpfn: 62 })), "no-room");
  assertEquals(pages.usedPages, 7);
});

Deno.test("a space that is not a power of two is used to its end", () => {
  const pages = manager(13);
  assertEquals([take(pages, request(1)).start, take(pages, request(4)).start, take(pages, request(8)).start], [
    12,
    8,
    0,
  ]);
  assertEquals([pages.usedPages, pages.allocate(request(1))], [13, "no-room"]);
});

Deno.test("a request may be larger than half of the space", () => {
  const pages = manager(13);
  const node = take(pages, request(13));
  assertEquals([node.start, pages.usedPages], [0, 13]);
  pages.free(node);
  assertEquals(take(pages, request(11)).start, 0);
});

Deno.test("buddy() refuses calls before init(), unknown nodes, and alignments that are not powers of two", () => {
  const fresh = buddy();
  assertThrows(() => fresh.allocate(request(1)), TtmError, "call init() first");
  assertEquals([fresh.usedPages, fresh.debug(), fresh.takedown()], [0, "", true]);
  for (const pages of [0, -1, 0.5, NaN]) assertThrows(() => fresh.init(pages), TtmError, "Cannot set up buddy");
  fresh.init(4);
  assertThrows(() => fresh.init(4), TtmError, "init() has already been called, with a size of 4 pages");
  assertThrows(
    () => fresh.allocate(request(1, { alignment: 3 })),
    TtmError,
    "can align to powers of two only, not to 3",
  );
  const node = take(fresh, request(1));
  assertThrows(() => fresh.free({ ...node }), TtmError, "has not allocated them");
  assertEquals(fresh.takedown(), false);
  fresh.free(node);
  assertThrows(() => fresh.free(node), TtmError, "has not allocated them");
  assertEquals(fresh.takedown(), true);
  fresh.init(8);
});

const step = fc.record({
  free: fc.boolean(),
  at: fc.nat(),
  pages: fc.integer({ min: 1, max: 40 }),
  alignment: fc.constantFrom(1, 2, 8, 64),
  fpfn: fc.nat(200),
  span: fc.integer({ min: 1, max: 200 }),
  ranged: fc.boolean(),
  topDown: fc.boolean(),
});

Deno.test("ranges never overlap, match their requests, and leave the space whole when freed", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 200 }), fc.array(step, { maxLength: 80 }), (size, steps) => {
    const pages = manager(size);
    const live = new Map<BuddyNode, number>();
    for (const { free, at, pages: count, alignment, fpfn, span, ranged, topDown } of steps) {
      const victim = [...live.keys()][at % Math.max(live.size, 1)];
      if (free && victim !== undefined) {
        pages.free(victim);
        live.delete(victim);
        continue;
      }
      const limits = ranged ? { fpfn, lpfn: fpfn + span } : {};
      const node = pages.allocate(request(count, { alignment, topDown, ...limits }));
      if (typeof node !== "object") continue;
      const end = node.start + count;
      const isAsAsked = node.start % alignment === 0 && end <= size &&
        (!ranged || (node.start >= fpfn && end <= fpfn + span));
      assertEquals(isAsAsked, true, `${node.start} to ${end}`);
      for (const [other, length] of live) assertEquals(node.start >= other.start + length || end <= other.start, true);
      live.set(node, count);
      assertEquals(pages.usedPages, [...live.values()].reduce((sum, length) => sum + length, 0));
    }
    for (const node of live.keys()) pages.free(node);
    const whole = manager(size).debug();
    assertEquals([pages.debug(), pages.takedown()], [whole, true]);
  }));
});

Deno.test("canFit() is false exactly for requests that fail on an empty space", () => {
  const wanted = fc.record({
    pages: fc.integer({ min: 1, max: 40 }),
    alignment: fc.constantFrom(1, 1, 2, 4, 8),
    fpfn: fc.constantFrom(0, 0, 1, 3, 8, 20),
    lpfn: fc.constantFrom(Infinity, Infinity, 7, 13, 24, 32),
    topDown: fc.boolean(),
    contiguous: fc.boolean(),
  }).filter(({ fpfn, lpfn }) => fpfn < lpfn);
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), fc.array(wanted, { maxLength: 12 }), (size, requests) => {
    const pages = manager(size);
    for (const one of requests) {
      const isFit = pages.canFit?.(one);
      assertEquals(typeof manager(size).allocate(one) === "object", isFit);
      if (typeof pages.allocate(one) === "object") assertEquals(isFit, true);
    }
  }));
});

Deno.test("a range that no aligned block fits into evicts nothing", async () => {
  const driver = {
    name: "aperture",
    memoryTypes: [{ name: "system" }, { name: "gtt", pages: 24 }],
    evictPlacement: () => ({ placement: [{ memoryType: "system" }] }),
  };
  const device = new BoDevice({ driver, managers: { gtt: buddy() }, clock: new SimulatedClock() });
  const inGtt = (lpfn: number) => ({ placement: [{ memoryType: "gtt", lpfn }] });
  const resident = await device.createPlaced({ bytes: 24 * 4096, placement: inGtt(0) });
  const asked = { bytes: 17 * 4096, placement: inGtt(20) };
  const error = await assertRejects(
    () => device.createPlaced(asked),
    TtmError,
    "they can never fit into [0, 20) of 24",
  );
  assertEquals([error.code, resident.memoryType], ["ENOMEM", "gtt"]);
  await device.createPlaced({ bytes: 17 * 4096, placement: inGtt(0) });
  assertEquals(resident.memoryType, "system");
});
