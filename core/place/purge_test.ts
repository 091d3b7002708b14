import { assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import { checkInvariants } from "../mod.ts";
import { addWork, bytesIn, fill, pin, place, put, refused, testDevice, whileReserved } from "../testing_devices.ts";

const nowhere = { placement: [] };

for (const from of ["system", "gtt", "vram"]) {
  Deno.test(`validate() with two empty lists takes place and contents of an idle buffer in ${from}`, async () => {
    const { device, driver, moves } = testDevice();
    const buffer = put(device, from, { pages: 2 });
    await fill(buffer, 7);
    const { tt } = buffer;
    moves.length = 0;
    place(buffer, nowhere);
    assertEquals([buffer.memoryType, buffer.start, buffer.gpuAddress, buffer.place], [null, null, null, null]);
    assertEquals([device.usage(from).usedPages, device.lru(from)[0], device.dyingBuffers], [0, [], 0]);
    assertEquals([buffer.tt?.populated, buffer.tt?.boundTo, moves], [false, null, []]); // a table, but no move
    if (tt !== null) assertStrictEquals(buffer.tt, tt);
    assertEquals(driver.calls.includes(`notify 0 ${from}>null`), true);
    assertEquals(await bytesIn(buffer), [0]);
    checkInvariants(device);
    place(buffer, from);
    assertEquals([buffer.memoryType, await bytesIn(buffer)], [from, [0]]);
  });

  Deno.test(`a purge of a busy buffer in ${from} returns at once, and its memory stays until the work ends`, async () => {
    const { device, driver, clock } = testDevice();
    const buffer = put(device, from, { pages: 2 });
    await fill(buffer, 7);
    const { tt } = buffer;
    const work = addWork(buffer);
    place(buffer, nowhere);
    assertEquals([buffer.memoryType, buffer.tt?.populated, device.dyingBuffers], [null, false, 1]);
    assertEquals([device.usage(from).usedPages, device.lru(from)[0]?.map(String)], [2, ["ghost of buffer 0"]]);
    if (tt !== null) assertNotEquals(buffer.tt === tt, true);
    assertEquals(driver.calls.at(-1), `notify 0 ${from}>null`);
    checkInvariants(device);
    work.signal();
    clock.advanceTo(0);
    assertEquals([device.usage(from).usedPages, device.dyingBuffers, tt?.populated ?? false], [0, 0, false]);
    place(buffer, from);
    assertEquals(await bytesIn(buffer), [0]);
    checkInvariants(device);
  });
}

Deno.test("a ghost object waits for all work that its buffer had, not for later work", () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  const works = [addWork(buffer), addWork(buffer)];
  place(buffer, nowhere);
  const later = addWork(buffer);
  works[0]?.signal();
  clock.advanceTo(0);
  assertEquals(device.dyingBuffers, 1);
  works[1]?.signal();
  clock.advanceTo(0);
  assertEquals([device.dyingBuffers, buffer.busy, later.signalled], [0, true, false]);
});

Deno.test("a pinned buffer may be purged, busy or not, and stays pinned", () => {
  for (const busy of [false, true]) {
    const { device, clock } = testDevice();
    const buffer = put(device, "vram");
    pin(buffer);
    const work = busy ? addWork(buffer) : null;
    place(buffer, nowhere);
    assertEquals([buffer.memoryType, buffer.pins, device.pinned], [null, 1, []]);
    checkInvariants(device);
    work?.signal();
    clock.advanceTo(0);
    assertEquals(device.usage("vram").usedPages, 0);
    checkInvariants(device);
  }
});

Deno.test("a buffer without a place may be purged, and then has a table", () => {
  const { device, driver } = testDevice();
  const buffer = device.createBuffer({ bytes: 1 });
  place(buffer, nowhere);
  assertEquals([buffer.memoryType, buffer.tt?.populated, driver.calls], [null, false, []]);
  place(buffer, nowhere);
  checkInvariants(device);
});

/** A buffer without a place that has a page all the same. */
async function pageWithoutPlace() {
  const purged: number[] = [];
  const made = testDevice({ tracer: { purge: ({ id }) => purged.push(id) } });
  const buffer = made.device.createBuffer({ bytes: 1 });
  place(buffer, nowhere);
  await whileReserved(buffer, () => buffer.populate());
  return { ...made, buffer, purged };
}

Deno.test("a purge frees the pages of a buffer without a place", async () => {
  const { buffer, device, purged } = await pageWithoutPlace();
  assertEquals([buffer.tt?.populated, device.global.usedPages, purged], [true, 1, []]);
  place(buffer, nowhere);
  assertEquals([buffer.tt?.populated, device.global.usedPages, purged], [false, 0, [0]]);
  checkInvariants(device);
});

Deno.test("pages of a purged busy buffer without a place stay until its work ends", async () => {
  const { buffer, clock, device } = await pageWithoutPlace();
  const { tt } = buffer;
  const work = addWork(buffer);
  place(buffer, nowhere);
  assertEquals([device.dyingBuffers, tt?.populated, buffer.tt === tt, buffer.tt?.populated], [1, true, false, false]);
  checkInvariants(device);
  buffer.unref();
  work.signal();
  clock.advanceTo(0);
  assertEquals([device.dyingBuffers, tt?.populated, device.global.usedPages], [0, false, 0]);
  checkInvariants(device);
});

Deno.test("a purge is ENOMEM if the driver makes no translation table", async () => {
  const { device, driver } = testDevice();
  const buffer = put(device, "vram");
  driver.table = () => {
    throw new Error("no memory");
  };
  buffer.tryReserve();
  const error = await refused(() => buffer.validate(nowhere), "ENOMEM", "no memory");
  assertEquals((error.cause as Error).message, "no memory");
  checkInvariants(device);
});

Deno.test("a ghost object of a purge does not mark the buffer as evicted again", () => {
  const { device, driver } = testDevice();
  const victim = put(device, "vram", { pages: 8 });
  put(device, "vram").unref();
  place(victim, nowhere);
  place(victim, "vram");
  assertEquals([victim.memoryType, driver.calls.includes("invalidate 0")], ["vram", false]);
});
