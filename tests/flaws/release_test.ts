import { assertEquals } from "@std/assert";
import { checkInvariants } from "@ttm/core";
import { addWork, only, pin, put, refused, testDevice } from "../../core/testing_devices.ts";

Deno.test("F11: a busy dying buffer does not delay later ones", () => {
  const { device } = testDevice();
  const [hanging, other] = [put(device, "vram"), put(device, "vram")];
  addWork(hanging);
  const work = addWork(other);
  hanging.unref();
  other.unref();
  work.signal();
  assertEquals(device.dying.map(({ id }) => id), [0]);
});

Deno.test("F12: close() with work that never ends is EBUSY after 15 s, and can be called again", async () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  buffer.unref();
  const closing = refused(() => device.close(), "EBUSY", "still busy: dying buffer 0");
  await new Promise((resolve) => setTimeout(resolve, 0));
  clock.advanceTo(15_000);
  await closing;
  work.signal();
  await device.close();
});

Deno.test("F13: a dying buffer waits neither for the lock nor for later work of its shared reservation", () => {
  const { device } = testDevice();
  const sibling = put(device, "gtt");
  const buffer = put(device, "vram", { reservation: sibling.reservation });
  const work = addWork(sibling);
  buffer.unref();
  addWork(sibling);
  sibling.tryReserve();
  work.signal();
  assertEquals([device.dyingBuffers, device.usage("vram").residents], [0, 0]);
  sibling.unlock();
});

Deno.test("F14: a pin does not outlive the last reference", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram", { pages: 8 });
  pin(buffer);
  const work = addWork(buffer);
  buffer.unref();
  assertEquals([buffer.pins, device.pinned, device.lru("vram")[0]?.length], [0, [], 1]);
  work.signal();
  checkInvariants(device);
});

Deno.test("F25: a buffer created with a shared reservation is in the LRU, and a failed creation leaves none there", async () => {
  const { device } = testDevice();
  const sibling = put(device, "vram", { pages: 7 });
  const { reservation } = sibling;
  sibling.tryReserve();
  const options = { bytes: 4096, reservation, placement: only("vram") };
  const made = await device.createPlaced(options);
  assertEquals(device.lru("vram")[0], [sibling, made]);
  await refused(() => device.createPlaced(options), "ENOMEM");
  assertEquals(device.lru("vram")[0], [sibling, made]);
  sibling.unreserve();
  checkInvariants(device);
});
