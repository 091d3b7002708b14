import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { type AllocationRequest, BUSY, checkInvariants, type MemTypeManager } from "../mod.ts";
import { addWork, only, place, put, refused, refusedUnchanged, testDevice } from "../testing_devices.ts";

/** First-fit that answers what it is told to, once, and keeps its last request. */
function moody() {
  const inner = firstFit();
  const mood: { next: number | Error | null; last: AllocationRequest | null } = { next: null, last: null };
  const manager: MemTypeManager = {
    name: "moody",
    init: (pages) => inner.init(pages),
    allocate(request) {
      mood.last = { ...request };
      const answer = mood.next;
      mood.next = null;
      if (answer instanceof Error) throw answer;
      return answer ?? inner.allocate(request);
    },
    startOf: (handle) => inner.startOf?.(handle) ?? 0,
    free: (handle, pages) => inner.free(handle, pages),
    takedown: () => inner.takedown(),
    get usedPages() {
      return inner.usedPages;
    },
    debug: () => inner.debug(),
  };
  return { manager, mood };
}

Deno.test("a resource counts in its memory type's usage from allocation to release, also in SYSTEM", () => {
  const { device } = testDevice();
  const used = () => device.memoryTypes.map((type) => [device.usage(type).usedPages, device.usage(type).residents]);
  const buffer = put(device, "system", { pages: 3 });
  assertEquals(used(), [[3, 1], [0, 0], [0, 0]]);
  place(buffer, "gtt");
  put(device, "vram", { pages: 2 });
  assertEquals(used(), [[0, 0], [3, 1], [2, 1]]);
  buffer.unref();
  assertEquals(used(), [[0, 0], [0, 0], [2, 1]]);
  assertEquals(device.usage("vram"), { memoryType: "vram", pages: 8, usedPages: 2, residents: 1 });
});

Deno.test("a resource keeps the place that it was made for", () => {
  const { device } = testDevice();
  const first = { memoryType: "vram", fpfn: 2, topDown: true };
  const buffer = put(device, { placement: [{ memoryType: "gtt", fpfn: 7, lpfn: 8 }, first] }, { pages: 2 });
  assertEquals([buffer.place === first, buffer.start, buffer.gpuAddress], [true, 6, 6 * 4096]);
  place(buffer, "gtt");
  assertEquals([buffer.start, buffer.gpuAddress, buffer.place], [0, 1 << 20, { memoryType: "gtt" }]);
  place(buffer, "system");
  assertEquals([buffer.start, buffer.gpuAddress], [0, null]);
});

Deno.test("allocate() gets size, alignment, range, direction and contiguity", () => {
  const { manager, mood } = moody();
  const { device } = testDevice({ managers: { vram: manager } });
  const asked = () => ({ ...mood.last, buffer: undefined });
  const buffer = undefined;
  put(device, "vram", { pages: 2, alignment: 3 });
  assertEquals(asked(), { buffer, pages: 2, alignment: 3, fpfn: 0, lpfn: Infinity, topDown: false, contiguous: false });
  put(device, only("vram", { fpfn: 1, lpfn: 7, topDown: true, contiguous: true }));
  assertEquals(asked(), { buffer, pages: 1, alignment: 1, fpfn: 1, lpfn: 7, topDown: true, contiguous: true });
});

Deno.test("a busy manager ends the call with EBUSY: no other place is tried, no buffer is evicted, nothing has changed", async () => {
  for (const list of ["placement", "busyPlacement"]) {
    const { manager, mood } = moody();
    const { device, moves } = testDevice({ managers: { vram: manager } });
    const tenant = put(device, "vram", { pages: 8 });
    const buffer = put(device, "system");
    buffer.tryReserve();
    mood.next = BUSY;
    const placement = { placement: [], [list]: [{ memoryType: "vram" }, { memoryType: "gtt" }] };
    const act = () => buffer.validate(placement);
    await refusedUnchanged(device, [buffer, tenant], act, "EBUSY", 'the manager of "vram" is busy');
    assertEquals(moves.length, 2);
  }
});

Deno.test("a manager that is busy after an eviction makes validate() try the next place, and the victim stays evicted", () => {
  const { manager, mood } = moody();
  const { device, driver } = testDevice({ managers: { vram: manager } });
  const victim = put(device, "vram", { pages: 8 });
  driver.beforeMove = ({ buffer }) => {
    if (buffer === victim) mood.next = BUSY;
  };
  const buffer = put(device, {
    placement: [{ memoryType: "vram" }],
    busyPlacement: [{ memoryType: "vram" }, { memoryType: "system" }],
  });
  assertEquals([buffer.memoryType, victim.memoryType], ["system", "gtt"]);
  checkInvariants(device);
});

Deno.test("an error that a manager throws ends the search: EIO with the cause, or the thrown code", async () => {
  const { manager, mood } = moody();
  const { device } = testDevice({ managers: { vram: manager } });
  const buffer = put(device, "system");
  buffer.tryReserve();
  const both = { placement: [{ memoryType: "vram" }, { memoryType: "gtt" }] };
  mood.next = new Error("broken");
  const error = await refusedUnchanged(device, [buffer], () => buffer.validate(both), "EIO", "broken");
  assertEquals((error.cause as Error).message, "broken");
  mood.next = await refused(() => device.usage("x"), "EINVAL");
  await refusedUnchanged(device, [buffer], () => buffer.validate(both), "EINVAL", "x");
});

Deno.test("an answer of a manager that is no handle and no refusal is EIO", async () => {
  const { manager, mood } = moody();
  const { device } = testDevice({ managers: { vram: manager } });
  const buffer = put(device, "system");
  buffer.tryReserve();
  for (const answer of [-3, 0.5, 1.5, 2 ** 31, NaN, Infinity, "1", true, {}, undefined]) {
    mood.next = answer as number;
    if (answer === undefined) Object.assign(manager, { allocate: () => undefined });
    const act = () => buffer.validate(only("vram"));
    await refusedUnchanged(device, [buffer], act, "EIO", "which is no handle and no refusal");
  }
});

Deno.test("the range of a dying buffer is free only after the buffer is destroyed", () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram", { pages: 8 });
  const work = addWork(buffer);
  buffer.unref();
  assertEquals([device.usage("vram").usedPages, buffer.memoryType, buffer.busy], [8, "vram", true]);
  work.signal();
  clock.advanceTo(0);
  assertEquals([device.usage("vram").usedPages, buffer.memoryType, buffer.start], [0, null, null]);
});

Deno.test("a manager is told whom the pages are for, with what the driver was told of it", () => {
  const { manager, mood } = moody();
  const { device, driver } = testDevice({ managers: { vram: manager } });
  Object.assign(driver, { checkDriverOptions: () => {} });
  const driverOptions = { access: "read" };
  const buffer = put(device, "vram", { driverOptions });
  assertEquals([mood.last?.buffer === buffer, mood.last?.buffer?.driverOptions === driverOptions], [true, true]);
  const other = put(device, "vram");
  assertEquals([mood.last?.buffer === other, mood.last?.buffer?.driverOptions], [true, undefined]);
});
