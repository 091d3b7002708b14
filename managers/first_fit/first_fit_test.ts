import { assert, assertEquals, assertThrows } from "@std/assert";
import { type AllocationRequest, type MemTypeManager, NO_ROOM, TtmError } from "@ttm/core";
import { firstFit, type FirstFitOptions } from "./mod.ts";

const ANY: AllocationRequest = { pages: 1, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false };

function manager(options?: FirstFitOptions): MemTypeManager {
  const made = firstFit(options);
  made.init(100);
  return made;
}

function allocated(made: MemTypeManager, request: Partial<AllocationRequest>): number {
  const handle = made.allocate({ ...ANY, ...request });
  assert(handle > 0, `${handle} for ${JSON.stringify(request)}`);
  return handle;
}

function startIn(made: MemTypeManager, request: Partial<AllocationRequest>): number | undefined {
  return made.startOf?.(allocated(made, request));
}

/** Holes, in the order in which they were made: [90, 100), [50, 60) and [0, 20). */
function withHoles(options?: FirstFitOptions): MemTypeManager {
  const made = manager(options);
  const handles = [20, 30, 10, 30].map((pages) => allocated(made, { pages })) as [number, ...number[]];
  assertEquals(made.debug(), "[0, 20) used\n[20, 50) used\n[50, 60) used\n[60, 90) used\n[90, 100) free");
  made.free(handles[2] as number, 10);
  made.free(handles[0], 20);
  return made;
}

Deno.test("firstFit() takes the lowest hole that fits, unless its option says otherwise", () => {
  assertEquals(startIn(withHoles(), { pages: 5 }), 0);
  assertEquals(startIn(withHoles({}), { pages: 5 }), 0);
  assertEquals(startIn(withHoles({ order: "lowest" }), { pages: 5 }), 0);
  assertEquals(startIn(withHoles(), { pages: 5, fpfn: 16 }), 50);
  assertEquals(startIn(withHoles({ order: "best" }), { pages: 5 }), 50);
  assertEquals(startIn(withHoles({ order: "best" }), { pages: 11 }), 0);
  const made = withHoles({ order: "evict" });
  made.free(allocated(made, { fpfn: 90 }), 1);
  assertEquals(startIn(made, { pages: 5 }), 90);
});

Deno.test("firstFit() goes from the top down on request, whatever its order", () => {
  for (const order of ["best", "lowest", "evict"] as const) {
    assertEquals(startIn(withHoles({ order }), { pages: 5, topDown: true }), 95);
    assertEquals(startIn(withHoles({ order }), { pages: 5, topDown: true, lpfn: 55 }), 50);
  }
});

Deno.test("firstFit() respects alignment and range, and says when there is no room", () => {
  const made = withHoles();
  assertEquals(startIn(made, { pages: 3, alignment: 28 }), 0);
  assertEquals(startIn(made, { pages: 3, alignment: 28 }), 56);
  assertEquals(startIn(made, { pages: 3, fpfn: 91, lpfn: 94 }), 91);
  assertEquals(made.allocate({ ...ANY, pages: 3, fpfn: 91, lpfn: 96 }), NO_ROOM);
  assertEquals(made.allocate({ ...ANY, pages: 21 }), NO_ROOM);
  assertEquals(made.allocate({ ...ANY, pages: 101 }), NO_ROOM);
  assertEquals(made.usedPages, 69);
});

Deno.test("firstFit() counts pages and is taken down only when empty", () => {
  const made = firstFit();
  assertEquals([made.name, made.usedPages, made.debug(), made.takedown()], ["first-fit", 0, "", true]);
  made.init(10);
  const handle = allocated(made, { pages: 4 });
  assertEquals([made.usedPages, made.takedown()], [4, false]);
  made.free(handle, 4);
  assertEquals([made.usedPages, made.takedown()], [0, true]);
  made.init(20);
  assertEquals(made.debug(), "[0, 20) free");
});

Deno.test("firstFit() refuses misuse", () => {
  const refuses = (act: () => unknown, message: string) =>
    assertEquals(assertThrows(act, TtmError, message).code, "EINVAL");
  refuses(
    () => firstFit({ order: "highest" as "best" }),
    'order must be one of "lowest", "best", "evict", not "highest"',
  );
  refuses(() => firstFit(null as never), "Cannot make a first-fit manager: options must be an object, not null");
  for (const pages of [0, -1, 1.5, NaN, "1"]) {
    refuses(
      () => firstFit().init(pages as number),
      "Cannot set up the first-fit manager: pages must be a whole number from 1",
    );
  }
  refuses(
    () => manager().init(5),
    "Cannot set up the first-fit manager: init() has already been called, with a size of 100 pages",
  );
  refuses(
    () => firstFit().allocate(ANY),
    "Cannot allocate pages: the first-fit manager has no pages, call init() first",
  );
  refuses(() => firstFit().free(1, 1), "Cannot free pages: ");
  refuses(
    () => manager().free(allocated(manager(), {}), 1),
    "is not, or no longer, a handle of this allocator",
  );
  refuses(() => manager().allocate({ ...ANY, pages: NaN }), "size must be a whole number");
  refuses(() => manager().allocate({ ...ANY, fpfn: 5, lpfn: 4 }), "hi must be a whole number from 5");
});
