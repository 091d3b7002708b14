import { assertEquals, assertStrictEquals } from "@std/assert";
import { type BufferObject, checkInvariants, type Fence } from "../mod.ts";
import { addWork, fill, only, picture, put, type TestDevice, testDevice } from "../testing_devices.ts";

interface Blocked extends TestDevice {
  /** The reserved buffer that the call is made on. */
  readonly buffer: BufferObject;
  /** The fence that the call waits for. */
  readonly work: Fence;
  readonly wait: (signal: AbortSignal) => Promise<unknown>;
}

const toVram = only("vram");

async function ownWork(): Promise<Blocked> {
  const made = testDevice();
  const buffer = put(made.device, "gtt", { pages: 2 });
  await fill(buffer, 3);
  const work = addWork(buffer);
  buffer.tryReserve();
  return { ...made, buffer, work, wait: (signal) => buffer.validate(only("system"), { signal }) };
}

async function needingRoom(die: boolean): Promise<Blocked> {
  const made = testDevice();
  const victim = put(made.device, "vram", { pages: 8 });
  const buffer = put(made.device, "system");
  await fill(buffer, 3);
  const work = addWork(victim);
  if (die) victim.unref();
  buffer.tryReserve();
  return { ...made, buffer, work, wait: (signal) => buffer.validate(toVram, { signal }) };
}

const waits: readonly (readonly [string, () => Promise<Blocked>])[] = [
  ["validate() on the buffer's own work, GTT to SYSTEM", ownWork],
  ["validate() on the work of a victim", () => needingRoom(false)],
  ["validate() on the work of a dying buffer", () => needingRoom(true)],
  ["wait()", async () => {
    const made = await ownWork();
    return { ...made, wait: (signal) => made.buffer.wait({ signal }) };
  }],
  ["read()", async () => {
    const made = await ownWork();
    return { ...made, wait: (signal) => made.buffer.read({ signal }) };
  }],
  ["write()", async () => {
    const made = await ownWork();
    return { ...made, wait: (signal) => made.buffer.write(new Uint8Array(1), { signal }) };
  }],
  ["evictFirst()", async () => {
    const made = await needingRoom(false);
    return { ...made, wait: (signal) => made.device.evictFirst("vram", { signal }) };
  }],
  ["close()", async () => {
    const made = await needingRoom(true);
    made.buffer.unlock();
    made.buffer.unref();
    return { ...made, wait: (signal) => made.device.close({ signal }) };
  }],
];

/** The reason of a rejection, which need not be an `Error`. */
async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (reason) {
    return reason;
  }
  throw new Error("it did not reject");
}

/** Counts the listeners of a signal. */
function watched(signal: AbortSignal): { listeners: number } {
  const watch = { listeners: 0 };
  const { addEventListener, removeEventListener } = AbortSignal.prototype;
  signal.addEventListener = function (...args: unknown[]) {
    watch.listeners++;
    Reflect.apply(addEventListener, this, args);
  };
  signal.removeEventListener = function (...args: unknown[]) {
    watch.listeners--;
    Reflect.apply(removeEventListener, this, args);
  };
  return watch;
}

/** Counts the waiters of a fence. */
function watchedFence(work: Fence): { waiters: number } {
  const watch = { waiters: 0 };
  const onSignal = work.onSignal.bind(work);
  work.onSignal = (callback) => {
    const forget = onSignal(callback);
    watch.waiters++;
    return () => {
      watch.waiters--;
      forget();
    };
  };
  return watch;
}

for (const [name, block] of waits) {
  for (const custom of [undefined, "no longer needed", null, new Error("mine")]) {
    const given = custom === undefined ? "the signal's own reason" : String(custom);
    Deno.test(`aborting ${name} rejects with ${given} and leaves no waiter or timer`, async () => {
      const { device, clock, buffer, work, wait } = await block();
      const abort = new AbortController();
      const before = await picture(device, [buffer]);
      const [listeners, waiters] = [watched(abort.signal), watchedFence(work)];
      const waiting = reasonOf(wait(abort.signal));
      assertEquals([listeners.listeners, waiters.waiters, clock.pending], [1, 1, 1]);
      abort.abort(custom);
      const reason = await waiting;
      assertStrictEquals(reason, abort.signal.reason);
      if (custom !== undefined) assertStrictEquals(reason, custom);
      assertEquals([listeners.listeners, waiters.waiters, clock.pending], [0, 0, 0]);
      assertEquals(await picture(device, [buffer]), before);
      checkInvariants(device);
    });
  }

  Deno.test(`${name} with a signal that was aborted before attempts nothing`, async () => {
    const { device, clock, buffer, work, wait, driver } = await block();
    work.signal();
    clock.advanceTo(0);
    const before = await picture(device, [buffer]);
    const calls = driver.calls.length;
    assertEquals(await reasonOf(wait(AbortSignal.abort("too late"))), "too late");
    assertEquals([await picture(device, [buffer]), driver.calls.length], [before, calls]);
  });

  Deno.test(`${name} that succeeds leaves no waiter or timer`, async () => {
    const { device, clock, work, wait } = await block();
    const abort = new AbortController();
    const [listeners, waiters] = [watched(abort.signal), watchedFence(work)];
    const waiting = wait(abort.signal);
    work.signal();
    await waiting;
    clock.advanceTo(clock.now());
    assertEquals([listeners.listeners, waiters.waiters, clock.pending], [0, 0, 0]);
    abort.abort();
    checkInvariants(device);
  });
}

Deno.test("aborting a waiting reserve() removes the waiter, and the holder keeps the lock", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const abort = new AbortController();
  const listeners = watched(abort.signal);
  const waiting = reasonOf(buffer.reserve({ signal: abort.signal }));
  assertEquals([buffer.reservation.waiting, listeners.listeners], [1, 1]);
  abort.abort("enough");
  assertEquals([await waiting, buffer.reservation.waiting, listeners.listeners], ["enough", 0, 0]);
  assertEquals([buffer.reserved, buffer.tryReserve()], [true, false]);
  buffer.unlock();
  assertEquals([buffer.reserved, await reasonOf(buffer.reserve({ signal: abort.signal }))], [false, "enough"]);
  assertEquals(buffer.reserved, false);
});

Deno.test("aborting after the reservation was handed over is ignored: the waiter has it", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const abort = new AbortController();
  const waiting = buffer.reserve({ signal: abort.signal });
  buffer.unlock();
  abort.abort("too late");
  using _reservation = await waiting;
  assertEquals(buffer.reserved, true);
});

Deno.test("buffers that an aborted validate() has evicted stay evicted", async () => {
  const { device, moves } = testDevice();
  const [idle, busy] = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4 })];
  addWork(busy);
  const buffer = put(device, "system", { pages: 8 });
  buffer.tryReserve();
  const abort = new AbortController();
  const waiting = reasonOf(buffer.validate(toVram, { signal: abort.signal }));
  abort.abort("enough");
  assertEquals(await waiting, "enough");
  assertEquals([idle, busy, buffer].map(({ memoryType }) => memoryType), ["gtt", "vram", "system"]);
  assertEquals([idle.reserved, busy.reserved, buffer.reserved], [false, false, true]);
  assertEquals(moves.at(-1), "0 vram>gtt@0 evict");
  checkInvariants(device);
});
