import { assertEquals } from "@std/assert";
import { rangeManager } from "@ttm/first-fit";
import {
  type BufferObject,
  BUSY,
  checkInvariants,
  type MemTypeManager,
  NO_ROOM,
  PAGE_SIZE,
  type Tracer,
} from "@ttm/core";
import {
  addWork,
  bytesIn,
  fill,
  only,
  pin,
  place,
  put,
  refused,
  testDevice,
  type TestDriverOptions,
} from "../../core/testing_devices.ts";

type More = TestDriverOptions & {
  managers?: Record<string, MemTypeManager>;
  tracer?: Omit<Tracer, "move">;
  pages?: number;
};

/** A device that counts the pages that are moved. */
function counting(options: More = {}) {
  const all = testDevice({ ...options, ...(options.pages !== undefined && { limits: { pages: options.pages } }) });
  const sizes = new Map<number, number>();
  const moved = () =>
    all.moves.filter((move) => /@\d+( evict)?$/.test(move)).reduce(
      (sum, move) => sum + (sizes.get(parseInt(move)) ?? 0),
      0,
    );
  const make = (memoryType: string | null, pages = 1): BufferObject => {
    const buffer = all.device.createBuffer({ bytes: pages * PAGE_SIZE });
    sizes.set(buffer.id, pages);
    if (memoryType !== null) place(buffer, memoryType);
    return buffer;
  };
  return { ...all, moved, make };
}

/** VRAM and SYSTEM are reached by way of GTT, and VRAM is evicted to SYSTEM. */
function hopping(options: More = {}) {
  const all = counting(options);
  all.driver.stop = (from, to) => from !== "gtt" && to !== "gtt" ? { memoryType: "gtt" } : null;
  all.driver.evict = () => only("system");
  return all;
}

const fullManager = (answer: number): MemTypeManager => ({
  name: "full",
  usedPages: 0,
  init: () => {},
  allocate: () => answer,
  free: () => {},
  takedown: () => true,
  debug: () => "",
});

const kinds = [["device", {}], ["kernel", {}], ["sg", { imported: new Uint8Array(4096) }]] as const;
for (const [kind, more] of kinds) {
  Deno.test(`init_reserved_sys_man: a ${kind} buffer in SYSTEM is idle, unpinned, has a table, with pages only if they are imported, and an offset unless it is the kernel's`, async () => {
    const { device, moves } = testDevice();
    const buffer = await device.createPlaced({ bytes: 4096, kind, ...more, placement: only("system") });
    assertEquals([buffer.kind, buffer.pins, buffer.bulkMove, buffer.tt?.populated, moves.length], [
      kind,
      0,
      null,
      kind === "sg",
      1,
    ]);
    if (kind === "kernel") await refused(() => buffer.mmapOffset(), "EINVAL");
    else assertEquals(device.lookup(buffer.mmapOffset())?.buffer, buffer);
  });

  Deno.test(`init_reserved_mock_man: the same for a ${kind} buffer in a managed memory type`, async () => {
    const { device, moves } = testDevice();
    const buffer = await device.createPlaced({ bytes: 4096, kind, ...more, placement: only("gtt") });
    assertEquals([buffer.memoryType, device.usage("gtt").usedPages, moves], ["gtt", 1, ["0 nowhere>gtt@0"]]);
  });

  Deno.test(`validate_basic: a ${kind} buffer goes from SYSTEM to a managed type, gets its pages and keeps the place`, () => {
    const { device, moves } = testDevice();
    const buffer = put(device, "system", { kind, ...more });
    const wanted = { memoryType: "gtt", topDown: true };
    place(buffer, { placement: [wanted] });
    assertEquals([buffer.memoryType, buffer.place, buffer.tt?.populated, moves.length], ["gtt", wanted, true, 2]);
  });
}

Deno.test("init_reserved_resv: a buffer uses the reservation that it is given", async () => {
  const { device } = testDevice();
  const { reservation } = put(device, "system");
  const buffer = device.createBuffer({ bytes: 4096, reservation });
  assertEquals(buffer.reservation === reservation, true);
  await buffer.reserve();
});

Deno.test("validate_invalid_placement: a type without a manager is ENOMEM", async () => {
  const { device } = testDevice();
  await device.cleanManager("vram");
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "ENOMEM");
});

Deno.test("validate_same_placement: a buffer that is where it should be is not moved", () => {
  const { make, moved } = counting();
  for (const memoryType of ["system", "vram"]) {
    const buffer = make(memoryType);
    const before = moved();
    place(buffer, memoryType);
    assertEquals(moved(), before);
  }
});

Deno.test("validate_failed_alloc: a manager that never has room is ENOMEM", async () => {
  const { make } = counting({ managers: { vram: fullManager(NO_ROOM) } });
  const buffer = make("system");
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "ENOMEM");
  assertEquals(buffer.memoryType, "system");
});

Deno.test("validate_pinned: a pinned buffer that would have to move is EINVAL", async () => {
  const { make } = counting();
  const buffer = make(null);
  pin(buffer);
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "EINVAL");
});

Deno.test("validate_busy_placement: if the desired place is full, the fallback is taken", () => {
  const { device, make, moved } = counting({ managers: { vram: fullManager(NO_ROOM) } });
  const buffer = make(null, 2);
  place(buffer, { placement: [{ memoryType: "vram" }], busyPlacement: [{ memoryType: "gtt" }] });
  assertEquals([buffer.memoryType, moved(), device.lru("gtt").flat()], ["gtt", 2, [buffer]]);
});

for (const [kind, more] of kinds) {
  Deno.test(`validate_multihop: a ${kind} buffer moves from VRAM to SYSTEM through GTT, in two moves`, () => {
    const { device, moves } = hopping();
    const buffer = put(device, "vram", { kind, ...more });
    moves.splice(0);
    place(buffer, "system");
    assertEquals([buffer.memoryType, moves.filter((move) => !move.endsWith("EMULTIHOP"))], [
      "system",
      ["0 vram>gtt@0", "0 gtt>system@0"],
    ]);
  });
}

for (const memoryType of ["vram", "gtt"]) {
  Deno.test(`validate_no_placement_signaled: an idle buffer in ${memoryType} loses place and pages, and is not moved`, async () => {
    const { device, make, moved } = counting();
    const buffer = make(memoryType);
    await fill(buffer, 1);
    const { tt } = buffer;
    const before = moved();
    place(buffer, { placement: [] });
    assertEquals([device.usage(memoryType).usedPages, buffer.tt?.populated, moved()], [0, false, before]);
    assertEquals([tt === null || buffer.tt === tt, await bytesIn(buffer)], [true, [0]]);
  });
}

for (const [kind, more] of kinds) {
  Deno.test(`validate_no_placement_not_signaled: a busy ${kind} buffer loses its place at once, and a ghost object has it until the work ends`, () => {
    const { device } = testDevice();
    const buffer = put(device, "gtt", { kind, ...more });
    const { tt } = buffer;
    const work = addWork(buffer);
    place(buffer, { placement: [] });
    assertEquals([buffer.memoryType, buffer.bulkMove, buffer.tt === tt], [null, null, false]);
    assertEquals(device.usage("gtt").usedPages, 1);
    work.signal();
    assertEquals(device.usage("gtt").usedPages, 0);
    checkInvariants(device);
  });
}

/** A memory type from which a buffer has been evicted behind a copy that has not ended. */
function withMoveFence() {
  const all = testDevice({ ordered: true, gtt2: 8 });
  const evicted = put(all.device, "vram", { pages: 8 });
  all.driver.finishCopy();
  put(all.device, "vram", { pages: 7 });
  assertEquals([evicted.memoryType, all.device.moveFence("vram")?.signalled], ["gtt", false]);
  return all;
}

Deno.test("move_fence_signaled: a range can be allocated after the copy out of it has ended", () => {
  const { device, driver } = withMoveFence();
  driver.finishCopy();
  driver.finishCopy();
  const buffer = put(device, "vram");
  assertEquals([buffer.memoryType, device.moveFence("vram")?.signalled], ["vram", true]);
});

for (const noWait of [false, true]) {
  Deno.test(`move_fence_not_signaled: while the copy is under way the ${noWait ? "fallback is taken without waiting" : "place is taken behind it"}`, async () => {
    const { device } = withMoveFence();
    const buffer = device.createBuffer({ bytes: 4096 });
    buffer.tryReserve();
    await buffer.validate({ placement: [{ memoryType: "vram" }, { memoryType: "gtt2" }] }, { noWait });
    assertEquals(buffer.memoryType, noWait ? "gtt2" : "vram");
  });
}

Deno.test("validate_swapout: a buffer of half the memory swaps a small one out", async () => {
  const { device, make } = counting({ pages: 4, gtt: 8 });
  const small = make("gtt");
  await fill(small, 5);
  const large = make("system", 4);
  large.tryReserve();
  await large.validate(only("gtt"));
  large.unreserve();
  assertEquals([small.memoryType, small.swapped, device.global.usedPages], ["system", true, 4]);
});

Deno.test("happy_evict: a fourth buffer evicts only the oldest, through GTT", async () => {
  const { make, moved } = hopping({ vram: 9, gtt: 9 });
  const [oldest, second] = [make("vram", 2), make("vram", 4), make("vram", 3)] as [
    BufferObject,
    BufferObject,
    BufferObject,
  ];
  await fill(oldest, 6);
  const before = moved();
  const late = make("vram", 2);
  assertEquals([oldest.memoryType, second.memoryType, late.memoryType], ["system", "vram", "vram"]);
  assertEquals([moved() - before, oldest.tt?.populated, await bytesIn(oldest)], [2 * 2 + 2, true, [6]]);
});

Deno.test("all_pinned_evict: validate() is ENOMEM if all buffers are pinned", async () => {
  const { make } = hopping();
  pin(make("vram", 8));
  const late = make(null);
  late.tryReserve();
  await refused(() => late.validate(only("vram")), "ENOMEM");
});

Deno.test("allowed_only_evict: the pinned buffer is skipped, and the other one evicted", () => {
  const { make, moved } = hopping();
  const [pinned, free] = [make("vram", 4), make("vram", 4)];
  pin(pinned);
  const before = moved();
  const late = make("vram", 3);
  assertEquals([pinned, free, late].map(({ memoryType }) => memoryType), ["vram", "system", "vram"]);
  assertEquals(moved() - before, 2 * 4 + 3);
});

Deno.test("deleted_evict: a released buffer that is still listed is cleaned up to make room", () => {
  const { device, make } = hopping();
  const dying = make("vram", 8);
  const work = addWork(dying);
  const hold = device.holdDelayedDestroy();
  dying.unref();
  work.signal();
  const late = make("vram", 8);
  assertEquals([late.memoryType, dying.memoryType, dying.tt, device.dyingBuffers], ["vram", null, null, 1]);
  hold[Symbol.dispose]();
});

Deno.test("busy_domain_evict: a victim whose eviction placement is busy stays, and validate() is ENOMEM", async () => {
  const { driver, make } = counting({ gtt2: 8, managers: { gtt2: fullManager(BUSY) } });
  driver.evict = () => only("gtt2");
  const victim = make("vram", 8);
  const late = make(null);
  late.tryReserve();
  await refused(() => late.validate(only("vram")), "ENOMEM");
  assertEquals([victim.memoryType, late.memoryType], ["vram", null]);
});

Deno.test("evict_gutting: a victim with an empty eviction placement loses its contents and its place", async () => {
  const { driver, make } = counting();
  driver.evict = () => ({ placement: [] });
  const victim = make("vram", 8);
  await fill(victim, 3);
  const late = make("vram", 8);
  assertEquals([victim.memoryType, late.memoryType, await bytesIn(victim)], [null, "vram", [0]]);
});

Deno.test("recrusive_evict: an eviction into a full memory type evicts from it", () => {
  const { make } = counting({ managers: { gtt: rangeManager() } });
  const inGtt = make("gtt", 8);
  const inVram = make("vram", 8);
  const late = make("vram", 8);
  assertEquals([inGtt, inVram, late].map(({ memoryType }) => memoryType), ["system", "gtt", "vram"]);
});
