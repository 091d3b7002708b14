import { assertEquals } from "@std/assert";
import { AcquireTicket, BUSY, checkInvariants, type MemTypeManager } from "@ttm/core";
import { rangeManager } from "@ttm/first-fit";
import { addWork, bytesIn, fill, only, pin, place, put, refused, testDevice } from "../../core/testing_devices.ts";

/** Lets all tasks run until they wait. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("F1: an eviction for a range does not evict buffers wholly below it", () => {
  const { device } = testDevice({ vram: 16 });
  const below = put(device, only("vram", { lpfn: 2 }), { pages: 2 });
  const inside = put(device, only("vram", { fpfn: 8 }), { pages: 8 });
  put(device, only("vram", { fpfn: 8 }), { pages: 8 });
  assertEquals([below.memoryType, inside.memoryType], ["vram", "gtt"]);
});

Deno.test("F3: under a ticket busy memory is waited for, and not reported as ENOMEM", async () => {
  const { device } = testDevice();
  const inUse = put(device, "vram", { pages: 8 });
  const wanted = device.createBuffer({ bytes: 4096 });
  const [older, younger] = [new AcquireTicket(), new AcquireTicket()];
  wanted.tryReserve(older);
  inUse.tryReserve(younger);
  const validating = wanted.validate(only("vram"));
  await allBlocked();
  assertEquals([wanted.memoryType, inUse.reservation.waiting], [null, 1]);
  inUse.unreserve();
  await validating;
  assertEquals([wanted.memoryType, inUse.memoryType], ["vram", "gtt"]);
  wanted.unreserve();
});

Deno.test("F4: a reserved buffer stays in the order of eviction", () => {
  const { device } = testDevice();
  const [a, b] = [put(device, "vram"), put(device, "vram")];
  a.tryReserve();
  assertEquals(device.lru("vram")[0], [a, b]);
  checkInvariants(device);
  a.unlock();
});

Deno.test("F5: an error of a manager, and that it is busy, reach the caller", async () => {
  let throws = true;
  const inner = rangeManager();
  const busy: MemTypeManager = {
    name: "busy",
    usedPages: 0,
    init: (pages) => inner.init(pages),
    allocate: () => {
      if (throws) throw new Error("the table is corrupt");
      return BUSY;
    },
    free: () => {},
    takedown: () => inner.takedown(),
    debug: () => "",
  };
  const { device } = testDevice({ managers: { vram: busy } });
  const buffer = device.createBuffer({ bytes: 4096 });
  const placement = { placement: [{ memoryType: "vram" }, { memoryType: "gtt" }] };
  buffer.tryReserve();
  const error = await refused(() => buffer.validate(placement), "EIO", "the table is corrupt");
  assertEquals((error.cause as Error).message, "the table is corrupt");
  throws = false;
  await refused(() => buffer.validate(placement), "EBUSY", "is busy");
  assertEquals(buffer.memoryType, null);
});

Deno.test("F6: a first buffer that cannot be evicted does not end the search", () => {
  const { device, driver } = testDevice();
  const stuck = put(device, "vram", { pages: 4 });
  const free = put(device, "vram", { pages: 4 });
  driver.beforeMove = ({ buffer }) => {
    if (buffer === stuck) throw new Error("no");
  };
  const buffer = put(device, "vram");
  assertEquals([buffer, stuck, free].map(({ memoryType }) => memoryType), ["vram", "vram", "gtt"]);
});

Deno.test("F7: a memory type that only the second list names is used", () => {
  const { device } = testDevice();
  const buffer = put(device, { placement: [], busyPlacement: [{ memoryType: "vram" }] });
  assertEquals(buffer.memoryType, "vram");
});

Deno.test("F9: evictAll() ends at a buffer that cannot be evicted, with its error", async () => {
  const { device, driver } = testDevice();
  const buffer = put(device, "vram");
  driver.beforeMove = () => {
    throw new Error("no");
  };
  const error = await refused(() => device.cleanManager("vram"), "EIO", "Cannot clean the manager of vram: no");
  assertEquals([(error.cause as Error).message, buffer.memoryType], ["no", "vram"]);
});

Deno.test("F10: the search ends if the driver evicts victims back into the wanted range", async () => {
  const { device, driver } = testDevice();
  for (let i = 0; i < 8; i++) put(device, "vram");
  driver.evict = () => only("vram");
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "ENOMEM");
  checkInvariants(device);
});

Deno.test("F39: memory types that evict into each other do not nest evictions for ever", async () => {
  const { device, driver } = testDevice({ vram: 4, gtt: 4 });
  for (let i = 0; i < 4; i++) {
    put(device, "vram");
    put(device, "gtt");
  }
  driver.evict = ({ memoryType }) => only(memoryType === "vram" ? "gtt" : "vram");
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "ENOMEM");
  assertEquals([device.usage("vram").residents, device.usage("gtt").residents], [4, 4]);
  checkInvariants(device);
});

Deno.test("F43: a pinned buffer of a shared reservation is not in the order of eviction", () => {
  const { device } = testDevice({ vram: 2 });
  const first = put(device, "vram");
  const second = put(device, "vram", { reservation: first.reservation });
  pin(second);
  assertEquals([device.lru("vram")[0], device.pinned], [[first], [second]]);
  put(device, "vram");
  assertEquals([first.memoryType, second.memoryType], ["gtt", "vram"]);
});

Deno.test("F44: a buffer in a fallback place is moved to the preferred one by a later validate", async () => {
  const { device } = testDevice();
  const wish = { placement: [{ memoryType: "vram" }], busyPlacement: [{ memoryType: "gtt" }] };
  const blocker = put(device, "vram", { pages: 8 });
  const buffer = put(device, wish);
  await fill(buffer, 3);
  assertEquals(buffer.memoryType, "gtt");
  blocker.unref();
  place(buffer, wish);
  assertEquals([buffer.memoryType, await bytesIn(buffer)], ["vram", [3]]);
});

Deno.test("F5: with noWait a busy victim is not waited for, the next place is taken", async () => {
  const { device } = testDevice();
  const busy = put(device, "vram", { pages: 8 });
  addWork(busy);
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram"), { noWait: true }), "ENOMEM");
  await buffer.validate({ placement: [{ memoryType: "vram" }, { memoryType: "gtt" }] }, { noWait: true });
  assertEquals(buffer.memoryType, "gtt");
});
