import { assertEquals } from "@std/assert";
import { AcquireTicket, BulkMove } from "@ttm/core";
import { addWork, pin, place, put, refused, testDevice, touch, whileReserved } from "../../core/testing_devices.ts";

Deno.test("reserve_optimistic_no_ticket: a free buffer is reserved, with or without waiting", async () => {
  const { device } = testDevice();
  const buffer = device.createBuffer({ bytes: 1 });
  assertEquals(buffer.tryReserve(), true);
  buffer.unreserve();
  await buffer.reserve();
  buffer.unreserve();
  await buffer.reserve({ signal: new AbortController().signal });
  assertEquals(buffer.reserved, true);
});

Deno.test("reserve_locked_no_sleep: a reserved buffer is EBUSY without waiting", () => {
  const buffer = testDevice().device.createBuffer({ bytes: 1 });
  buffer.tryReserve();
  assertEquals(buffer.tryReserve(), false);
});

Deno.test("reserve_double_resv: a ticket that holds a buffer gets EALREADY", async () => {
  const buffer = testDevice().device.createBuffer({ bytes: 1 });
  const ticket = new AcquireTicket();
  await buffer.reserve({ ticket });
  await refused(() => buffer.reserve({ ticket }), "EALREADY");
  assertEquals(buffer.reserved, true);
});

Deno.test("reserve_interrupted: a wait for a held lock ends when its signal is aborted", async () => {
  const buffer = testDevice().device.createBuffer({ bytes: 1 });
  buffer.tryReserve();
  const abort = new AbortController();
  const waiting = buffer.reserve({ signal: abort.signal });
  abort.abort("interrupted");
  assertEquals(await waiting.catch((reason) => reason), "interrupted");
});

Deno.test("reserve_deadlock: a reserve that must back off for an older ticket gets EDEADLK", async () => {
  const { device } = testDevice();
  const [first, second] = [device.createBuffer({ bytes: 1 }), device.createBuffer({ bytes: 1 })];
  const [older, younger] = [new AcquireTicket(), new AcquireTicket()];
  first.tryReserve(older);
  second.tryReserve(younger);
  await refused(() => first.reserve({ ticket: younger }), "EDEADLK");
});

Deno.test("unreserve_basic: unreserving makes a buffer the last of its priority", () => {
  const { device } = testDevice();
  const [first, second] = [put(device, "vram"), put(device, "vram")];
  touch(first);
  assertEquals(device.lru("vram")[0], [second, first]);
});

Deno.test("unreserve_pinned: unreserving makes a pinned buffer the last of the pinned", () => {
  const { device } = testDevice();
  const [first, second] = [put(device, "vram"), put(device, "vram")];
  pin(first);
  pin(second);
  touch(first);
  assertEquals(device.pinned, [second, first]);
});

Deno.test("unreserve_bulk: unreserving the first of a bulk makes it the last of the bulk", () => {
  const { device } = testDevice();
  const bulk = new BulkMove();
  const [first, second] = [put(device, "vram"), put(device, "vram")];
  for (const buffer of [first, second]) whileReserved(buffer, () => buffer.setBulkMove(bulk));
  touch(first);
  assertEquals(bulk.ends("vram"), [second, first]);
});

Deno.test("put_basic: the last unref() of an idle buffer frees its place and pages", () => {
  const { device } = testDevice();
  put(device, "gtt").unref();
  assertEquals([device.global.bufferCount, device.usage("gtt").usedPages, device.global.usedPages], [0, 0, 0]);
});

Deno.test("put_shared_resv: the last unref() frees a buffer with a shared reservation whose fences have signalled", () => {
  const { device } = testDevice();
  const other = put(device, "vram");
  const buffer = put(device, "gtt", { reservation: other.reservation });
  addWork(other).signal();
  buffer.unref();
  assertEquals([device.global.bufferCount, device.usage("gtt").usedPages], [1, 0]);
});

Deno.test("pin_basic: pins nest", () => {
  const buffer = put(testDevice().device, "vram");
  for (let i = 0; i < 3; i++) pin(buffer);
  assertEquals(buffer.pins, 3);
});

Deno.test("pin_unpin_resource: pinning removes a buffer from its bulk, and unpinning adds it again", () => {
  const bulk = new BulkMove();
  const buffer = put(testDevice().device, "vram");
  whileReserved(buffer, () => buffer.setBulkMove(bulk));
  pin(buffer);
  assertEquals(bulk.ends("vram"), null);
  touch(buffer, () => buffer.unpin());
  assertEquals(bulk.ends("vram"), [buffer, buffer]);
});

Deno.test("multiple_pin_one_unpin: of two pins one is left, and the buffer stays out of its bulk", () => {
  const bulk = new BulkMove();
  const buffer = put(testDevice().device, "vram");
  whileReserved(buffer, () => buffer.setBulkMove(bulk));
  pin(buffer);
  pin(buffer);
  touch(buffer, () => buffer.unpin());
  assertEquals([buffer.pins, bulk.ends("vram")], [1, null]);
  place(buffer, "vram");
});
