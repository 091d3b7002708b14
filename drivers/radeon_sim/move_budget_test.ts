import { assertEquals, assertRejects } from "@std/assert";
import { PAGE_SIZE, TtmError } from "@ttm/core";
import type { SubmissionBuffer } from "./mod.ts";
import { moveBudget } from "./move_budget.ts";
import { bench } from "./testing_bench.ts";

const MiB = 2 ** 20;
const PAGES = MiB / PAGE_SIZE;
/** Every buffer fits: VRAM of 64 MiB, whose budget is 1 MiB once 30 MiB are in use. */
const LARGE = { vram: 64 * MiB, gtt: 256 * MiB, contents: "stamps" } as const;

const uses = (buffers: readonly SubmissionBuffer["buffer"][], rest: Omit<SubmissionBuffer, "buffer" | "write">) =>
  buffers.map((buffer) => ({ buffer, write: true, ...rest }));

Deno.test("the move budget is half of the free bytes below half of VRAM, and at least 1 MiB", () => {
  const rows = [[0, 256], [256, 128], [508, 2], [510, 1], [512, 1], [1024, 1]] as const;
  for (const [used, budget] of rows) assertEquals(moveBudget(1024 * MiB, used * MiB), budget * MiB, `${used} MiB used`);
  assertEquals(moveBudget(PAGE_SIZE, 0), MiB);
});

Deno.test("the move budget follows the usage of VRAM", async () => {
  await bench(LARGE, async ({ device, gpu, clock, make, bring }) => {
    const check = () => assertEquals(gpu.moveBudget, moveBudget(64 * MiB, device.usage("vram").usedPages * PAGE_SIZE));
    check();
    const [a, b, c] = [make(4 * PAGES, "vram"), make(8 * PAGES, "vram"), make(2 * PAGES, "gtt")];
    assertEquals(gpu.moveBudget, 10 * MiB);
    for (const memoryType of ["vram", "system", "vram", "gtt"]) {
      bring(c, memoryType);
      clock.runUntilIdle();
      check();
    }
    await b.validate({ placement: [] });
    a.unreserve();
    await device.evictFirst("vram");
    clock.runUntilIdle();
    check();
    assertEquals(gpu.moveBudget, 16 * MiB);
  });
});

Deno.test("bytesMoved counts copied bytes once, also through GTT, and neither clears nor binds", async () => {
  await bench({}, ({ gpu, clock, make, bring }) => {
    const buffer = make(3, "vram");
    make(2, "gtt");
    assertEquals(gpu.bytesMoved, 0);
    for (const memoryType of ["system", "gtt", "vram"]) {
      bring(buffer, memoryType);
      clock.runUntilIdle();
    }
    assertEquals(gpu.bytesMoved, 6 * PAGE_SIZE);
  });
});

Deno.test("after a list has moved more than its budget, buffers in an allowed place stay there", async () => {
  await bench(LARGE, async ({ gpu, clock, make, fill, holds }) => {
    make(32 * PAGES, "vram");
    assertEquals(gpu.moveBudget, MiB);
    // The first may be of any size; the second is validated before more than 1 MiB has been moved.
    const buffers = [make(PAGES, "gtt"), make(PAGES, "gtt"), make(1, "gtt"), make(1), make(1, "system")];
    for (const buffer of buffers.slice(0, 3)) fill(buffer, buffer.id);
    const moved = await gpu.validateList(uses(buffers, { preferred: "vram" }));
    assertEquals(buffers.map(({ memoryType }) => memoryType), ["vram", "vram", "gtt", "vram", "vram"]);
    assertEquals([moved, gpu.bytesMoved], [2 * MiB + PAGE_SIZE, 2 * MiB + PAGE_SIZE], "a clear moves nothing");
    clock.runUntilIdle();
    assertEquals(buffers.slice(0, 3).map((buffer) => holds(buffer, buffer.id)), [true, true, true]);
    assertEquals(await gpu.validateList(uses(buffers, { preferred: "vram" })), PAGE_SIZE, "a budget for each list");
    assertEquals(buffers[2]?.memoryType, "vram");
  });
});

Deno.test("a buffer that is allowed only in its preferred place is moved also beyond the budget", async () => {
  await bench(LARGE, async ({ gpu, make }) => {
    make(32 * PAGES, "vram");
    const [large, small] = [make(2 * PAGES, "gtt"), make(1, "gtt")];
    await gpu.validateList(uses([large, small], { preferred: "vram", allowed: ["vram"] }));
    assertEquals([large.memoryType, small.memoryType], ["vram", "vram"]);
  });
});

Deno.test("evictions for a list count in its budget", async () => {
  await bench({ ...LARGE, vram: 4 * MiB }, async ({ gpu, clock, make, fill }) => {
    const victim = make(4 * PAGES, "vram");
    fill(victim, 1);
    clock.runUntilIdle();
    victim.unreserve();
    const [fresh, other] = [make(2 * PAGES), make(1, "gtt")];
    fill(other, 2);
    const moved = await gpu.validateList(uses([fresh, other], { preferred: "vram" }));
    assertEquals([victim.memoryType, fresh.memoryType, other.memoryType, moved], ["gtt", "vram", "gtt", 4 * MiB]);
  });
});

Deno.test("without room in the preferred place an allowed one is tried once", async () => {
  await bench({}, async ({ gpu, make, moves }) => {
    make(8, "vram");
    const [movable, strict] = [make(2, "system"), make(2, "system")];
    await gpu.validateList(uses([movable], { preferred: "vram" }));
    assertEquals([movable.memoryType, moves.at(-1)], ["gtt", "system>gtt ok"]);
    const error = await assertRejects(
      () => gpu.validateList(uses([strict], { preferred: "vram", allowed: ["vram"] })),
      TtmError,
    );
    assertEquals([error.code, strict.memoryType, strict.reserved], ["ENOMEM", "system", true]);
  });
});

Deno.test("pinned buffers in a list are skipped, and a job takes the list", async () => {
  await bench({}, async ({ gpu, clock, make, holds }) => {
    const [pinned, other] = [make(1, "gtt"), make(1)];
    using _pin = pinned.pin();
    const buffers = uses([pinned, other], { preferred: "vram", allowed: ["vram"] });
    await gpu.validateList(buffers);
    assertEquals([pinned.memoryType, other.memoryType], ["gtt", "vram"]);
    gpu.submit({ buffers, durationMs: 1, program: (all) => all.forEach((contents) => contents.fill(4)) });
    clock.runUntilIdle();
    assertEquals([holds(pinned, 4), holds(other, 4)], [true, true]);
  });
});

Deno.test("a busy buffer in the only allowed place is waited for once", async () => {
  await bench({ gtt: 8 * PAGE_SIZE }, async ({ gpu, clock, make, fill }) => {
    const victim = make(8, "gtt");
    gpu.hangNext("graphics");
    fill(victim, 1);
    victim.unreserve();
    const list = uses([make(1)], { preferred: "gtt" });
    assertEquals((await assertRejects(() => gpu.validateList(list), TtmError)).code, "EBUSY");
    assertEquals(clock.now(), 15_000);
    gpu.reset();
  });
});

Deno.test("an abort ends a list with its reason, and no other place is tried", async () => {
  await bench({ gtt: 8 * PAGE_SIZE }, async ({ gpu, clock, make, fill, moves }) => {
    const victim = make(8, "gtt");
    gpu.hangNext("graphics");
    fill(victim, 1);
    victim.unreserve();
    const buffer = make(1);
    const controller = new AbortController();
    clock.schedule(10, () => controller.abort("enough"));
    const list = uses([buffer], { preferred: "gtt", allowed: ["gtt", "vram"] });
    const reason = await gpu.validateList(list, { signal: controller.signal }).catch((reason) => reason);
    assertEquals([reason, clock.now(), buffer.memoryType, moves.length], ["enough", 10, null, 1]);
    gpu.reset();
  });
});

Deno.test("an invalid list is EINVAL, and moves nothing", async () => {
  await bench({}, async ({ gpu, make }) => {
    const [good, free] = [make(1), make(1)];
    free.unreserve();
    const first = { buffer: good, write: true, preferred: "vram" };
    const wrong: readonly (readonly [unknown, string])[] = [
      [null, "entry 1 must be an object"],
      [{ ...first, buffer: free }, "which is not reserved"],
      [{ ...first, buffer: {} }, "entry 1 is an object, not a buffer"],
      [{ ...first, preferred: "system" }, "entry 1.preferred must be one of"],
      [{ ...first, allowed: "vram" }, "entry 1.allowed must be an array"],
      [{ ...first, allowed: ["vram", "disk"] }, "entry 1.allowed must be one of"],
      [{ ...first, allowed: ["gtt"] }, "prefers vram, which is not allowed"],
    ];
    for (const [entry, message] of wrong) {
      const error = await assertRejects(() => gpu.validateList([first, entry] as never), TtmError, message);
      assertEquals([error.code, good.memoryType], ["EINVAL", null]);
    }
    assertEquals((await assertRejects(() => gpu.validateList({} as never), TtmError)).code, "EINVAL");
    assertEquals((await assertRejects(() => gpu.validateList([], { signal: 1 as never }), TtmError)).code, "EINVAL");
  });
});
