import { assert, assertEquals, assertThrows } from "@std/assert";
import { type AllocationRequest, type MemTypeManager, NO_ROOM, TtmError } from "@ttm/core";
import { rangeManager } from "./mod.ts";

const ANY: AllocationRequest = { pages: 5, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false };

function startOf(manager: MemTypeManager, request: Partial<AllocationRequest> = {}): number {
  const handle = manager.allocate({ ...ANY, ...request });
  assert(handle > 0, `${handle} for ${JSON.stringify(request)}`);
  return manager.startOf?.(handle) ?? -1;
}

/** Free are [20, 32), made first, [0, 10) and [50, 60), made last. */
function withHoles(): MemTypeManager {
  const manager = rangeManager();
  manager.init(100);
  const handles = [10, 10, 12, 18, 10, 40].map((pages) => manager.allocate({ ...ANY, pages }));
  for (const at of [2, 0, 4]) manager.free(handles[at] as number, 0);
  return manager;
}

Deno.test("rangeManager() takes the smallest hole that fits, among equals the one made last, as the kernel's", () => {
  const manager = withHoles();
  assertEquals([9, 9, 9].map((pages) => startOf(manager, { pages })), [50, 0, 20]);
  assertEquals(startOf(withHoles(), { pages: 11 }), 20);
  assertEquals(manager.allocate({ ...ANY, pages: 9 }), NO_ROOM);
});

Deno.test("rangeManager() takes the high end of the highest hole for places that ask for the top", () => {
  assertEquals(startOf(withHoles(), { topDown: true }), 55);
  assertEquals(startOf(withHoles(), { topDown: true, pages: 11 }), 21);
  assertEquals(startOf(withHoles(), { topDown: true, lpfn: 50 }), 27);
});

Deno.test("rangeManager() looks for neighbours only if it was asked to", () => {
  assertEquals([rangeManager().scan, typeof rangeManager({ scan: true }).scan], [undefined, "function"]);
});

Deno.test("errors of rangeManager() name the range manager", () => {
  const refuses = (act: () => unknown, message: string) =>
    assertEquals(assertThrows(act, TtmError, message).code, "EINVAL");
  refuses(() => rangeManager(null as never), "Cannot make a range manager: options must be an object, not null");
  refuses(() => rangeManager({ scan: 1 } as never), "Cannot make a range manager: scan must be true or false, not 1");
  refuses(() => rangeManager().init(0), "Cannot set up the range manager: pages must be a whole number from 1");
  refuses(
    () => withHoles().init(5),
    "Cannot set up the range manager: init() has already been called, with a size of 100 pages",
  );
  refuses(() => rangeManager().allocate(ANY), "Cannot allocate pages: the range manager has no pages");
  assertEquals(rangeManager().name, "range");
});
