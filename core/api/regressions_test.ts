import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Caching, checkInvariants, FenceContext, FenceList, TtmError } from "../mod.ts";
import {
  addWork,
  bytesIn,
  fence,
  fill,
  only,
  place,
  put,
  refused,
  refusedUnchanged,
  testDevice,
} from "../testing_devices.ts";

/** Lets all tasks run that are not waiting. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("an abort between two waits of one call ends it at once", async () => {
  const { device, clock } = testDevice();
  const victims = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4 })];
  const works = victims.map((victim) => addWork(victim));
  const buffer = put(device, "system", { pages: 8 });
  buffer.tryReserve();
  const abort = new AbortController();
  let reason: unknown = "none";
  const waiting = buffer.validate(only("vram"), { signal: abort.signal }).catch((error) => reason = error);
  works[0]?.signal();
  abort.abort("enough");
  await settle();
  assertEquals([reason, clock.pending], ["enough", 0]);
  works[1]?.signal();
  await waiting;
});

Deno.test("a callback that throws does not stop other callbacks, and signal() throws the first error", () => {
  const work = new FenceContext("gpu").next();
  const seen: string[] = [];
  work.onSignal(() => {
    throw new Error("first");
  });
  work.onSignal(() => seen.push("second"));
  assertThrows(() => work.signal(), Error, "first");
  assertEquals([seen, work.signalled], [["second"], true]);
});

for (const busy of [false, true]) {
  Deno.test(`a purge of ${busy ? "a busy" : "an idle"} buffer changes nothing if the driver makes no translation table`, async () => {
    const { device, driver } = testDevice();
    const buffer = put(device, busy ? "gtt" : "vram");
    await fill(buffer, 7);
    if (busy) addWork(buffer, fence());
    driver.table = () => null;
    driver.calls.length = 0;
    buffer.tryReserve();
    await refusedUnchanged(
      device,
      [buffer],
      () => buffer.validate({ placement: [] }),
      "ENOMEM",
      "made no translation table",
    );
    assertEquals([driver.calls, buffer.memoryType], [[], busy ? "gtt" : "vram"]);
  });
}

Deno.test("a copy that fails after the contents were dropped does not lose the new ones", async () => {
  const { device, driver, clock } = testDevice({ ordered: true });
  const buffer = put(device, "system");
  await fill(buffer, 7);
  place(buffer, "vram");
  place(buffer, { placement: [] });
  place(buffer, "system");
  driver.finishCopy(new Error("lost"));
  clock.advanceTo(0);
  assertEquals(await bytesIn(buffer), [0]);
});

Deno.test("one victim is enough, also if it is evicted through a hop by an ordered copy", async () => {
  const { device, driver, clock } = testDevice({ ordered: true });
  driver.stop = (from, to) => from !== "gtt" && to !== "gtt" && from !== to ? { memoryType: "gtt" } : null;
  driver.evict = () => only("system");
  const victims = [0, 1, 2, 3].map(() => put(device, "vram", { pages: 2 }));
  while (driver.copies.length > 0) driver.finishCopy();
  const buffer = device.createBuffer({ bytes: 8192 });
  buffer.tryReserve();
  const placed = buffer.validate(only("vram"));
  while (driver.copies.length > 0) {
    driver.finishCopy();
    await settle();
  }
  await placed;
  clock.advanceTo(0);
  assertEquals(victims.slice(1).map(({ memoryType }) => memoryType), ["vram", "vram", "vram"]);
  checkInvariants(device);
});

Deno.test("the time to make room grows linearly with the number of victims", async () => {
  const { device, driver } = testDevice({ vram: 50, gtt2: 1 });
  for (let page = 0; page < 50; page++) put(device, "vram");
  let asked = 0;
  driver.evict = () => {
    asked++;
    return only("vram");
  };
  const buffer = put(device, "system");
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "ENOMEM");
  assert(asked <= 100, `asked ${asked} times`);
});

Deno.test("close() does not free a buffer that was created while it waited", async () => {
  const { device, clock } = testDevice();
  const dying = put(device, "vram");
  const work = addWork(dying);
  dying.unref();
  const closing = refused(() => device.close(), "EBUSY", "still alive: buffer 1");
  const live = put(device, "vram");
  work.signal();
  await closing;
  clock.advanceTo(0);
  assertEquals([live.memoryType, device.liveBuffers, device.dyingBuffers], ["vram", 1, 0]);
  checkInvariants(device);
});

for (const caching of [5, null, {}, ["cached", "toString"]]) {
  Deno.test(`the caching ${JSON.stringify(caching)} is EINVAL`, () => {
    const { device } = testDevice();
    const asked = only("vram", { caching: caching as unknown as Caching[] });
    assertEquals(assertThrows(() => device.preparePlacement(asked), TtmError, "caching").code, "EINVAL");
  });
}

Deno.test("a fence takes the first slot that it can replace, even if an earlier fence of its timeline stays", () => {
  const list = new FenceList();
  const other = new FenceContext("other").next();
  const line = new FenceContext("gpu");
  const [first, last] = [line.next(), line.next()];
  list.add(other, "read");
  list.add(first, "read");
  other.signal();
  list.add(last, "read");
  assertEquals(list.allPending(), [last, first]);
});

Deno.test("createTranslationTable() that returns null is ENOMEM with its own message and no report", async () => {
  const { device, driver } = testDevice();
  driver.table = () => null;
  const buffer = device.createBuffer({ bytes: 1 });
  buffer.tryReserve();
  const error = await refused(() => buffer.validate(only("gtt")), "ENOMEM", 'driver "test" made no translation table');
  assertEquals(error.report, undefined);
});

Deno.test("an endless chain of hops is an error that says so", async () => {
  const { device, driver } = testDevice({ gtt2: 8 });
  driver.stop = (from) => ({ memoryType: from === "gtt" ? "gtt2" : "gtt" });
  const buffer = put(device, "system");
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "EINVAL", "an endless chain of hops");
});
