import { assert, assertEquals } from "@std/assert";
import { type BufferObject, PAGE_SIZE } from "@ttm/core";
import { type Bench, bench } from "./testing_bench.ts";

const WINDOW = { visibleVram: 4 * PAGE_SIZE };

/** Creates buffers of the given sizes at ascending addresses, and fills each with a stamp of its own. */
function fillWith({ make, fill, clock }: Bench, sizes: readonly number[], memoryType = "vram"): BufferObject[] {
  const buffers = sizes.map((pages) => make(pages, memoryType));
  for (const buffer of buffers) fill(buffer, buffer.id + 1);
  clock.runUntilIdle();
  for (const buffer of buffers) buffer.unreserve();
  return buffers;
}

/** The location of each buffer; fails if one does not hold its stamp. */
function places({ holds, clock }: Bench, buffers: readonly BufferObject[]): string[] {
  clock.runUntilIdle();
  for (const buffer of buffers) assert(holds(buffer, buffer.id + 1), `the contents of ${buffer}`);
  return buffers.map(({ memoryType, start }) => memoryType === "vram" ? `vram@${start}` : `${memoryType}`);
}

for (const contents of ["bytes", "stamps"] as const) {
  Deno.test(`buffers are evicted from visible to invisible VRAM, with their ${contents}`, async () => {
    await bench({ ...WINDOW, contents }, async (on) => {
      const buffers = fillWith(on, [3, 2]);
      const before = on.gpu.bytesMoved;
      await on.device.evictFirst("vram");
      assertEquals(places(on, buffers), ["vram@5", "vram@3"]);
      assertEquals([on.moves.at(-1), on.gpu.bytesMoved - before], ["vram>vram ok", 3 * PAGE_SIZE]);
    });
  });
}

Deno.test("a buffer counts as visible if it starts in the visible part of VRAM", async () => {
  await bench(WINDOW, async (on) => {
    const buffers = fillWith(on, [3, 2, 1]);
    await on.device.evictFirst("vram");
    await on.device.evictFirst("vram");
    await on.device.evictFirst("vram");
    assertEquals(places(on, buffers), ["gtt", "vram@6", "gtt"]);
  });
});

Deno.test("an eviction from visible VRAM evicts nothing from invisible VRAM, and goes to GTT if that is full", async () => {
  await bench({ ...WINDOW, gtt: 4 * PAGE_SIZE }, async (on) => {
    const buffers = [...fillWith(on, [4], "gtt"), ...fillWith(on, [4, 4])];
    await on.device.evictFirst("vram");
    assertEquals(places(on, buffers), ["system", "gtt", "vram@4"]);
  });
});

Deno.test("without invisible VRAM buffers are evicted to GTT", async () => {
  await bench({}, async (on) => {
    const buffers = fillWith(on, [2]);
    assertEquals(buffers.map((buffer) => on.gpu.evictPlacement(buffer).placement), [[{ memoryType: "gtt" }]]);
    await on.device.evictFirst("vram");
    assertEquals(places(on, buffers), ["gtt"]);
  });
});

Deno.test("evictAll() empties all of VRAM, also through the invisible part", async () => {
  await bench(WINDOW, async (on) => {
    const buffers = fillWith(on, [1, 1, 1]);
    await on.device.evictAll("vram");
    assertEquals(places(on, buffers), ["gtt", "gtt", "gtt"]);
    assertEquals(on.moves.slice(-6).filter((move) => move === "vram>vram ok").length, 3);
  });
});

Deno.test("a fault on invisible VRAM moves the buffer to the visible part, or to GTT", async () => {
  await bench({ visibleVram: 2 * PAGE_SIZE }, async ({ make, moves }) => {
    const [first, second, third] = [make(2, "vram"), make(2, "vram"), make(2, "vram")];
    assertEquals([first.start, second.start, third.start], [0, 2, 4]);
    for (const buffer of [first, second, third]) buffer.unreserve();
    moves.splice(0);
    using map = second.mmap();
    await map.write(0, new Uint8Array([5]));
    assertEquals([first.memoryType, first.start, second.start, moves.length], ["vram", 6, 0, 2]);
    second.tryReserve();
    using pin = second.pin();
    second.unreserve();
    using other = third.mmap();
    await other.write(0, new Uint8Array([6]));
    const bytes = [(await map.read(0, 1))[0], (await other.read(0, 1))[0]];
    assertEquals([third.memoryType, ...bytes], ["gtt", 5, 6]);
    second.tryReserve();
    pin[Symbol.dispose]();
    second.unreserve();
  });
});
