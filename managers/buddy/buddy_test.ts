import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type AllocationRequest, BoDevice, NO_ROOM, SimulatedClock, TtmError } from "@ttm/core";
import { buddy } from "./mod.ts";

function manager(pages: number) {
  const made = buddy();
  made.init(pages);
  return made;
}

const request = (pages: number, more: Partial<AllocationRequest> = {}): AllocationRequest => {
  return { pages, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false, ...more };
};

/** Asserts that a request succeeds, and returns its handle. */
function take(from: ReturnType<typeof manager>, wanted: AllocationRequest): number {
  const handle = from.allocate(wanted);
  if (handle <= 0) throw new Error(`${handle} for ${JSON.stringify(wanted)}`);
  return handle;
}

/** Asserts that a request succeeds, and returns where. */
function startOf(from: ReturnType<typeof manager>, wanted: AllocationRequest): number | undefined {
  return from.startOf?.(take(from, wanted));
}

Deno.test("ranges have the requested size, although blocks are rounded up", () => {
  const pages = manager(16);
  const handle = take(pages, request(5));
  assertEquals([pages.startOf?.(handle), pages.usedPages], [8, 5]);
  assertEquals(pages.debug(), "[0, 8) free\n[8, 13) used\n[13, 14) free\n[14, 16) free");
  pages.free(handle, 5);
  assertEquals([pages.debug(), pages.usedPages], ["[0, 16) free", 0]);
});

Deno.test("allocate() respects alignment, range and direction", () => {
  const pages = manager(64);
  assertEquals(startOf(pages, request(2, { alignment: 16, fpfn: 17, lpfn: 50 })), 32);
  assertEquals(startOf(pages, request(1, { fpfn: 5, lpfn: 6 })), 5);
  assertEquals(startOf(pages, request(4, { topDown: true })), 60);
  assertEquals(pages.allocate(request(2, { fpfn: 5, lpfn: 7, alignment: 2 })), NO_ROOM);
  assertEquals(pages.allocate(request(65)), NO_ROOM);
  assertEquals(pages.allocate(request(3, { fpfn: 62 })), NO_ROOM);
  assertEquals(pages.usedPages, 7);
});

Deno.test("a space that is not a power of two is used to its end", () => {
  const pages = manager(13);
  assertEquals([startOf(pages, request(1)), startOf(pages, request(4)), startOf(pages, request(8))], [
    12,
    8,
    0,
  ]);
  assertEquals([pages.usedPages, pages.allocate(request(1))], [13, NO_ROOM]);
});

Deno.test("a request may be larger than half of the space", () => {
  const pages = manager(13);
  const handle = take(pages, request(13));
  assertEquals([pages.startOf?.(handle), pages.usedPages], [0, 13]);
  pages.free(handle, 13);
  assertEquals(startOf(pages, request(11)), 0);
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
  const handle = take(fresh, request(1));
  for (const wrong of [0, -1, 1, handle + 1, handle + 2, handle + 0.5, 2 ** 31]) {
    assertThrows(() => fresh.free(wrong, 1), TtmError, "is not, or no longer, a handle of this allocator");
  }
  assertEquals(fresh.takedown(), false);
  fresh.free(handle, 1);
  assertThrows(() => fresh.free(handle, 1), TtmError, "is not, or no longer, a handle of this allocator");
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
    const live = new Map<number, { start: number; length: number }>();
    for (const { free, at, pages: count, alignment, fpfn, span, ranged, topDown } of steps) {
      const victim = [...live.keys()][at % Math.max(live.size, 1)];
      if (free && victim !== undefined) {
        pages.free(victim, live.get(victim)?.length ?? 0);
        live.delete(victim);
        continue;
      }
      const limits = ranged ? { fpfn, lpfn: fpfn + span } : {};
      const handle = pages.allocate(request(count, { alignment, topDown, ...limits }));
      if (handle <= 0) continue;
      const start = pages.startOf?.(handle) ?? -1;
      const end = start + count;
      const isAsAsked = start % alignment === 0 && end <= size && (!ranged || (start >= fpfn && end <= fpfn + span));
      assertEquals(isAsAsked, true, `${start} to ${end}`);
      for (const other of live.values()) {
        assertEquals(start >= other.start + other.length || end <= other.start, true);
      }
      live.set(handle, { start, length: count });
      assertEquals(pages.usedPages, [...live.values()].reduce((sum, { length }) => sum + length, 0));
    }
    for (const [handle, { length }] of live) pages.free(handle, length);
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
      assertEquals(manager(size).allocate(one) > 0, isFit);
      if (pages.allocate(one) > 0) assertEquals(isFit, true);
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
