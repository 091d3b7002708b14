import { assert, assertEquals, assertThrows } from "@std/assert";
import { type AllocationRequest, type MemTypeManager, NO_ROOM, TtmError } from "@ttm/core";
import { goodFit } from "./mod.ts";

const ANY: AllocationRequest = { pages: 1, alignment: 1, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false };

function manager(): MemTypeManager {
  const made = goodFit();
  made.init(100);
  return made;
}

function allocated(made: MemTypeManager, request: Partial<AllocationRequest>): number {
  const handle = made.allocate({ ...ANY, ...request });
  assert(handle > 0, `${handle} for ${JSON.stringify(request)}`);
  return handle;
}

Deno.test("goodFit() respects size, alignment, range and direction", () => {
  const made = manager();
  assertEquals(made.startOf?.(allocated(made, { pages: 3 })), 0);
  assertEquals(made.startOf?.(allocated(made, { pages: 3, alignment: 7 })), 7);
  assertEquals(made.startOf?.(allocated(made, { pages: 3, fpfn: 91, lpfn: 94 })), 91);
  assertEquals(made.startOf?.(allocated(made, { pages: 3, topDown: true })), 97);
  assertEquals(made.startOf?.(allocated(made, { pages: 3, topDown: true, lpfn: 50, alignment: 7 })), 42);
  assertEquals(
    made.debug(),
    "[0, 3) used\n[3, 7) free\n[7, 10) used\n[10, 42) free\n[42, 45) used\n[45, 91) free\n[91, 94) used\n" +
      "[94, 97) free\n[97, 100) used",
  );
  assertEquals(made.allocate({ ...ANY, pages: 3, fpfn: 91, lpfn: 96 }), NO_ROOM);
  assertEquals(made.allocate({ ...ANY, pages: 47 }), NO_ROOM);
  assertEquals(made.usedPages, 15);
});

Deno.test("goodFit() counts pages and is taken down only when empty", () => {
  const made = goodFit();
  assertEquals([made.name, made.usedPages, made.debug(), made.takedown()], ["good-fit", 0, "", true]);
  made.init(10);
  const handle = allocated(made, { pages: 4 });
  assertEquals([made.usedPages, made.takedown()], [4, false]);
  made.free(handle, 4);
  assertEquals([made.usedPages, made.takedown()], [0, true]);
  made.init(20);
  assertEquals(made.debug(), "[0, 20) free");
});

Deno.test("goodFit() refuses misuse", () => {
  const refuses = (act: () => unknown, message: string) =>
    assertEquals(assertThrows(act, TtmError, message).code, "EINVAL");
  for (const pages of [0, -1, 1.5, NaN, "1", 2 ** 31]) {
    refuses(() => goodFit().init(pages as number), "Cannot set up good-fit: pages must be a whole number from 1 to 21");
  }
  refuses(() => manager().init(5), "Cannot set up good-fit: init() has already been called, with a size of 100 pages");
  refuses(() => goodFit().allocate(ANY), "Cannot allocate pages: good-fit has no pages, call init() first");
  refuses(() => goodFit().free(1, 1), "Cannot free pages: ");
  refuses(
    () => manager().free(allocated(manager(), {}), 1),
    "is not, or no longer, a handle of this allocator",
  );
  refuses(() => manager().allocate({ ...ANY, pages: NaN }), "size must be a whole number");
  refuses(() => manager().allocate({ ...ANY, fpfn: 5, lpfn: 4 }), "hi must be a whole number from 5");
});
