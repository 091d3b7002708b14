import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { type BufferObject, checkInvariants, type Fence, FenceContext } from "../mod.ts";
import { addWork, bytesIn, fill, only, place, put, refused, testDevice, whileReserved } from "../testing_devices.ts";

/** An ordered device with one buffer in VRAM that is filled with 7 and idle. */
async function orderedDevice(pages = 8) {
  const made = testDevice({ ordered: true });
  const buffer = put(made.device, "vram", { pages });
  made.driver.finishCopy();
  await fill(buffer, 7);
  return { ...made, buffer };
}

Deno.test("an ordered move returns at once; the buffer is busy until the copy ends", async () => {
  const { driver, buffer } = await orderedDevice();
  place(buffer, "gtt");
  assertEquals([buffer.memoryType, buffer.busy, await bytesIn(buffer)], ["gtt", true, "EBUSY"]);
  driver.finishCopy();
  assertEquals([buffer.busy, await bytesIn(buffer)], [false, [7]]);
});

Deno.test("an ordered move is queued behind all work on the buffer", async () => {
  const { driver, buffer } = await orderedDevice();
  const works = (["read", "write", "bookkeep"] as const).map((usage) => {
    const work = new FenceContext(usage).next();
    whileReserved(buffer, () => buffer.addFence(work, usage));
    return work;
  });
  place(buffer, "gtt");
  assertEquals(driver.requests.at(-1)?.after, works);
});

Deno.test("an evicted buffer's range is reused at once, and the next buffer's move waits for the copy out of it", async () => {
  const { device, driver, buffer } = await orderedDevice();
  const tenant = put(device, "vram", { pages: 8 });
  assertEquals([buffer.memoryType, tenant.start, device.dyingBuffers], ["gtt", 0, 0]);
  const [out, clear] = driver.copies.map(({ fence }) => fence) as [Fence, Fence];
  assertEquals(driver.requests.at(-1)?.after, [out]);
  assertEquals([tenant.busy, await bytesIn(tenant)], [true, "EBUSY"]);
  checkInvariants(device);
  driver.finishCopy();
  assertStrictEquals(tenant.reservation.pending(), clear);
  driver.finishCopy();
  assertEquals([await bytesIn(buffer), await bytesIn(tenant)], [[7], [0]]);
});

Deno.test("buffers that are placed later, also in other ranges, wait while the copy is under way", async () => {
  const { device, driver, buffer } = await orderedDevice(4);
  const other = put(device, "vram", { pages: 4 });
  driver.finishCopy();
  await device.evictFirst("vram");
  const [out] = driver.copies;
  assertEquals([buffer.memoryType, other.memoryType], ["gtt", "vram"]);
  put(device, "vram");
  assert(out !== undefined);
  assertEquals(driver.requests.at(-1)?.after, [out.fence]);
  driver.finishCopy();
  put(device, "vram");
  assertEquals(driver.requests.at(-1)?.after, []);
});

for (const [from, to] of [["gtt", "vram"], ["vram", "gtt"], ["vram", "vram"]] as const) {
  Deno.test(`a copy from ${from} to ${to} keeps the old range in a ghost object until it ends`, async () => {
    const { device, driver, clock } = testDevice({ ordered: true });
    const buffer = put(device, only(from, { lpfn: 4 }), { pages: 2, label: "mine" });
    if (from === "vram") driver.finishCopy();
    await fill(buffer, 3);
    place(buffer, only(to, from === to ? { fpfn: 4 } : {}));
    assertEquals([device.dyingBuffers, device.liveBuffers, device.usage(from).usedPages], [1, 1, from === to ? 4 : 2]);
    assertEquals(device.lru(from)[0]?.map(String).includes('ghost of buffer 0 "mine"'), true);
    checkInvariants(device);
    driver.finishCopy();
    clock.advanceTo(0);
    assertEquals([device.dyingBuffers, device.usage(from).usedPages], [0, from === to ? 2 : 0]);
    assertEquals(await bytesIn(buffer), [3]);
    checkInvariants(device);
  });
}

Deno.test("validate() waits for the copy out of a ghost object and takes its room", async () => {
  const { device, driver, buffer } = await orderedDevice();
  place(buffer, "gtt");
  const tenant = device.createBuffer({ bytes: 8 * 4096 });
  tenant.tryReserve();
  assertStrictEquals(tenant.tryValidate(only("vram")), driver.copies[0]?.fence);
  driver.finishCopy();
  assertEquals([tenant.tryValidate(only("vram")), device.dyingBuffers, tenant.start], [null, 0, 0]);
  checkInvariants(device);
});

Deno.test("a move that returns a signalled fence leaves neither a ghost object nor a fence", () => {
  const { device, driver } = testDevice({ ordered: true });
  const buffer = put(device, "vram");
  driver.finishCopy();
  const move = driver.move.bind(driver);
  driver.move = (request) => {
    const done = move(request);
    driver.finishCopy();
    return done;
  };
  place(buffer, "gtt");
  assertEquals([buffer.busy, device.dyingBuffers, device.usage("vram").usedPages], [false, 0, 0]);
});

for (const evict of [false, true]) {
  Deno.test(`contents are lost when ${evict ? "an eviction" : "a move"} fails by its fence; they never read as zeros`, async () => {
    const { device, driver, buffer, clock } = await orderedDevice();
    const reason = new Error("device lost");
    if (evict) await device.evictFirst("vram");
    else place(buffer, "gtt");
    driver.finishCopy(reason);
    clock.advanceTo(0);
    buffer.tryReserve();
    for (const act of [() => buffer.read(), () => buffer.write(new Uint8Array(1))]) {
      const error = await refused(act, "EIO", "the contents of buffer 0 are lost");
      assertStrictEquals((error.cause as Error).cause, reason);
    }
    buffer.unlock();
    checkInvariants(device);
    place(buffer, "system");
    assertEquals(await bytesIn(buffer), "EIO"); // moving on does not make them good
    place(buffer, { placement: [] });
    place(buffer, "system");
    assertEquals(await bytesIn(buffer), [0]); // dropping them does
  });
}

Deno.test("a failed copy out of a range does not fail the buffer that is placed there next", async () => {
  const { device, driver, buffer } = await orderedDevice();
  const tenant = put(device, "vram", { pages: 8 });
  driver.finishCopy(new Error("lost"));
  driver.finishCopy();
  assertEquals([await bytesIn(buffer), await bytesIn(tenant)], ["EIO", [0]]);
});

Deno.test("with noWait a place whose range is still being copied out of counts as full", async () => {
  const { device, driver } = await orderedDevice();
  await device.evictFirst("vram");
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram"), { noWait: true }), "ENOMEM");
  assertEquals([buffer.memoryType, buffer.busy, device.usage("vram").usedPages], [null, false, 0]);
  driver.finishCopy();
  await buffer.validate(only("vram"), { noWait: true });
  assertEquals(buffer.memoryType, "vram");
});

Deno.test("with noWait the next place is taken instead; without it the first one", async () => {
  for (const noWait of [true, false]) {
    const { device } = await orderedDevice(4);
    await device.evictFirst("vram");
    const buffer = device.createBuffer({ bytes: 4096 });
    buffer.tryReserve();
    await buffer.validate({ placement: [{ memoryType: "vram" }, { memoryType: "gtt" }] }, { noWait });
    assertEquals([buffer.memoryType, buffer.busy], noWait ? ["gtt", false] : ["vram", true]);
  }
});

Deno.test("several ordered moves can be queued without waiting, and keep the bytes", async () => {
  const { device, driver, buffer, clock } = await orderedDevice(2);
  const work = addWork(buffer);
  for (const to of [only("gtt"), only("vram", { fpfn: 4 }), only("gtt"), only("vram")]) place(buffer, to);
  assertEquals([driver.copies.length, device.dyingBuffers], [4, 4]);
  checkInvariants(device);
  work.signal();
  for (let copies = 4; copies > 0; copies--) driver.finishCopy();
  clock.advanceTo(0);
  assertEquals([device.dyingBuffers, await bytesIn(buffer)], [0, [7]]);
  checkInvariants(device);
});

/** VRAM of 8 pages from which two buffers have been evicted, on a timeline for each. */
async function evictedOnTwoTimelines() {
  const made = await orderedDevice(2);
  const other = put(made.device, "vram", { pages: 2 });
  made.driver.finishCopy();
  await fill(other, 8);
  const lines = [new FenceContext("even"), new FenceContext("odd")];
  made.driver.line = ({ buffer }) => lines[buffer.id % 2] as FenceContext;
  await made.device.evictFirst("vram");
  await made.device.evictFirst("vram");
  const copies = made.driver.copies.map(({ fence }) => fence);
  return { ...made, other, copies };
}

Deno.test("evictions on several timelines are pipelined, and the next buffer waits for the last copy of each", async () => {
  const { device, driver, buffer, other, copies } = await evictedOnTwoTimelines();
  assertEquals([device.dyingBuffers, device.usage("vram").usedPages], [0, 0]);
  assertStrictEquals(device.moveFence("vram"), copies[1]);
  const tenant = put(device, "vram", { pages: 8 });
  assertEquals(driver.requests.at(-1)?.after, copies);
  checkInvariants(device);
  driver.finishCopy(undefined, 1);
  driver.finishCopy();
  driver.finishCopy();
  assertEquals([await bytesIn(buffer), await bytesIn(other), await bytesIn(tenant)], [[7], [8], [0]]);
});

Deno.test("the next buffer waits for no timeline whose copies have ended, and for the last copy of each other one", async () => {
  const { device, driver, copies } = await evictedOnTwoTimelines();
  driver.finishCopy(undefined, 1);
  put(device, "vram");
  assertEquals(driver.requests.at(-1)?.after, copies.slice(0, 1));
  await device.evictFirst("vram");
  const last = driver.copies.at(-1)?.fence;
  put(device, "vram");
  assertEquals(driver.requests.at(-1)?.after, [last as Fence]);
  assertEquals(device.moveFence("vram"), last);
});

Deno.test("with noWait a place counts as full until the copies of all timelines have ended", async () => {
  const { device, driver } = await evictedOnTwoTimelines();
  const buffer = device.createBuffer({ bytes: 4096 });
  buffer.tryReserve();
  for (let left = 2; left > 0; left--) {
    await refused(() => buffer.validate(only("vram"), { noWait: true }), "ENOMEM");
    driver.finishCopy(undefined, left - 1);
  }
  await buffer.validate(only("vram"), { noWait: true });
});

Deno.test("evictAll() waits for the copies of all timelines", async () => {
  const { device, driver } = await evictedOnTwoTimelines();
  for (let left = 2; left > 0; left--) {
    await refused(() => device.evictAll("vram", { noWait: true }), "EBUSY");
    driver.finishCopy(undefined, left - 1);
  }
  await device.evictAll("vram", { noWait: true });
});

Deno.test("a ghost object has a reservation of its own", async () => {
  const { device, buffer } = await orderedDevice();
  place(buffer, "gtt");
  const [ghost] = device.lru("vram")[0] as [BufferObject];
  assertEquals([ghost.isGhost, ghost === buffer, buffer.tryReserve(), ghost.reserved], [true, false, true, false]);
});
