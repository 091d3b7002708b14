import { assertEquals } from "@std/assert";
import { type AcquireTicket, checkInvariants, Exec, reserveList } from "../mod.ts";
import { fence, put, refused, testDevice, touch } from "../testing_devices.ts";

Deno.test("disposing of a reservation that was unreserved early does not unlock a later holder", async () => {
  const { device } = testDevice();
  const [buffer, other] = [put(device, "vram"), put(device, "vram")];
  for (const give of ["unreserve", "unlock"] as const) {
    const early = await buffer.reserve();
    buffer[give]();
    early[Symbol.dispose]();
    assertEquals(buffer.tryReserve(), true);
    const order = device.lru("vram")[0];
    early[Symbol.dispose]();
    assertEquals([buffer.reserved, device.lru("vram")[0]], [true, order]);
    buffer.unlock();
  }
  const early = await buffer.reserve({ ticket: null as unknown as AcquireTicket });
  buffer.unlock();
  touch(other);
  early[Symbol.dispose]();
  assertEquals([buffer.reserved, device.lru("vram")[0]], [false, [buffer, other]]);
});

Deno.test("disposing of a stale reservation does not unlock a waiter that was handed the lock and has not resumed yet", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const early = await buffer.reserve();
  const next = buffer.reserve();
  buffer.unreserve();
  early[Symbol.dispose]();
  assertEquals(buffer.reserved, true);
  const late = await next;
  early[Symbol.dispose]();
  assertEquals(buffer.reserved, true);
  late[Symbol.dispose]();
  assertEquals(buffer.reserved, false);
});

Deno.test("disposing of a stale reservation does not unlock a shared reservation after the buffer was released", async () => {
  const { device } = testDevice();
  const first = put(device, "vram");
  const second = put(device, "vram", { reservation: first.reservation });
  const early = await second.reserve();
  second.unref();
  first.unreserve();
  first.tryReserve();
  early[Symbol.dispose]();
  assertEquals(first.reserved, true);
  first.unreserve();
  const third = put(device, "vram", { reservation: first.reservation });
  const late = await third.reserve();
  third.unref();
  late[Symbol.dispose]();
  assertEquals(first.reserved, false);
  checkInvariants(device);
});

Deno.test("a list unreserves, and adds its fence to, only buffers that it still holds", async () => {
  const { device } = testDevice();
  const [a, b, c] = [put(device, "vram"), put(device, "vram"), put(device, "vram")];
  const list = await reserveList([{ buffer: a }, { buffer: b }, { buffer: c }]);
  b.unreserve();
  await refused(() => list.fence(fence()), "EINVAL", "Cannot add a fence to the list: buffer 1 has been unreserved");
  b.tryReserve();
  await refused(() => list.fence(fence()), "EINVAL", "buffer 1 has been unreserved");
  assertEquals([a, b, c].map(({ reserved, busy }) => [reserved, busy]), [[true, false], [true, false], [true, false]]);
  list[Symbol.dispose]();
  assertEquals([a, b, c].map(({ reserved }) => reserved), [false, true, false]);
});

Deno.test("a list that backs off unreserves only buffers that it still holds", async () => {
  const { device } = testDevice();
  const [a, b, c] = [put(device, "vram"), put(device, "vram"), put(device, "vram")];
  c.tryReserve();
  const abort = new AbortController();
  const list = reserveList([{ buffer: a }, { buffer: b }, { buffer: c }], { signal: abort.signal });
  a.unlock();
  a.tryReserve();
  abort.abort("enough");
  assertEquals(await list.catch((reason) => reason), "enough");
  assertEquals([a, b, c].map(({ reserved }) => reserved), [true, false, true]);
});

Deno.test("an exec unlocks only buffers that it still holds", async () => {
  const { device } = testDevice();
  const [a, b] = [put(device, "vram"), put(device, "vram")];
  const exec = new Exec();
  await exec.run(() => exec.lockAll([a, b]));
  a.unlock();
  a.tryReserve();
  await refused(() => exec.unlock(a), "EINVAL", "is not locked by it");
  exec.finish();
  assertEquals([a.reserved, b.reserved], [true, false]);
});

Deno.test("disposing of a pin that was unpinned early does not remove later pins", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const [first, second] = [buffer.pin(), buffer.pin()];
  buffer.unpin();
  buffer.unpin();
  first[Symbol.dispose]();
  const later = buffer.pin();
  second[Symbol.dispose]();
  assertEquals(buffer.pins, 1);
  later[Symbol.dispose]();
  assertEquals(buffer.pins, 0);
  buffer.unreserve();
  checkInvariants(device);
});

Deno.test("pins can be removed partly by disposing and partly by unpin(), and none is left", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  for (const by of [0, 1]) {
    buffer.tryReserve();
    const pins = [buffer.pin(), buffer.pin()];
    buffer.unpin();
    pins[by]?.[Symbol.dispose]();
    assertEquals(buffer.pins, 0);
    pins[1 - by]?.[Symbol.dispose]();
    buffer.unreserve();
  }
  checkInvariants(device);
});

Deno.test("a pin that outlives its buffer does nothing", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const pin = buffer.pin();
  buffer.unreserve();
  buffer.unref();
  pin[Symbol.dispose]();
  const next = put(device, "vram");
  touch(next, () => next.pin());
  pin[Symbol.dispose]();
  assertEquals(next.pins, 1);
});
