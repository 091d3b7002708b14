import { assertEquals } from "@std/assert";
import { checkInvariants } from "../mod.ts";
import { put, refused, testDevice, touch } from "../testing_devices.ts";

/** Lets all pending tasks run until each of them is waiting. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Objects that keep a buffer alive besides plain references. */
const keepers = {
  "a map of a user": (buffer: ReturnType<typeof put>) => Promise.resolve<Disposable>(buffer.mmap()),
  "a grab": (buffer: ReturnType<typeof put>) => buffer.grabForCpuWrite(),
};
for (const [name, keep] of Object.entries(keepers)) {
  Deno.test(`${name} keeps its buffer alive until it ends`, async () => {
    const { device } = testDevice();
    const buffer = put(device, "vram");
    const keeper = await keep(buffer);
    touch(buffer, () => buffer.pin());
    buffer.unref();
    checkInvariants(device);
    assertEquals([buffer.disposed, device.liveBuffers, device.usage("vram").residents], [false, 1, 1]);
    await refused(() => buffer.unref(), "EINVAL", "Cannot release buffer 0: all that keeps it are maps and grabs");
    checkInvariants(device);
    keeper[Symbol.dispose]();
    keeper[Symbol.dispose]();
    assertEquals([buffer.disposed, device.liveBuffers, device.usage("vram").residents], [true, 0, 0]);
    checkInvariants(device);
    await device.close();
  });

  Deno.test(`${name} that ends while the buffer is reserved frees the buffer when it is unreserved`, async () => {
    const { device } = testDevice();
    const buffer = put(device, "vram");
    const keeper = await keep(buffer);
    buffer.unref();
    const reservation = await buffer.reserve();
    keeper[Symbol.dispose]();
    checkInvariants(device);
    assertEquals([buffer.disposed, await buffer.read({ length: 1 })], [false, new Uint8Array(1)]);
    await refused(() => buffer.unref(), "EINVAL", "all that keeps it are maps and grabs");
    const late = refused(() => buffer.reserve(), "EINVAL", "its last reference went while it was waited for");
    reservation[Symbol.dispose]();
    assertEquals([buffer.disposed, device.liveBuffers], [true, 0]);
    await late;
    checkInvariants(device);
    await device.close();
  });

  Deno.test(`${name} that ends while the buffer is reserved can be followed by a new reference`, async () => {
    const { device } = testDevice();
    const buffer = put(device, "vram");
    const keeper = await keep(buffer);
    buffer.unref();
    const reservation = await buffer.reserve();
    keeper[Symbol.dispose]();
    buffer.ref();
    reservation[Symbol.dispose]();
    checkInvariants(device);
    assertEquals([buffer.disposed, buffer.reserved], [false, false]);
    buffer.unref();
    assertEquals(device.liveBuffers, 0);
  });

  Deno.test(`${name} may end while its buffer is evicted`, async () => {
    const { device, driver } = testDevice();
    const buffer = put(device, "vram");
    const keeper = await keep(buffer);
    buffer.unref();
    driver.moveNotify = () => keeper[Symbol.dispose]();
    assertEquals(await device.evictFirst("vram"), true);
    assertEquals([buffer.disposed, device.liveBuffers, device.usage("gtt").residents], [true, 0, 0]);
    checkInvariants(device);
  });
}

Deno.test("waiters that queued for the reservation before a map ended get it before the buffer is freed", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const map = buffer.mmap();
  buffer.tryReserve();
  const read = refused(() => map.read(0, 1), "EINVAL", "it has been disposed of");
  const next = buffer.reserve();
  await allBlocked();
  buffer.unlock();
  buffer.unref();
  map[Symbol.dispose]();
  await read;
  const reservation = await next;
  assertEquals([buffer.disposed, buffer.reserved], [false, true]);
  reservation[Symbol.dispose]();
  assertEquals([device.liveBuffers, device.dyingBuffers], [0, 0]);
  checkInvariants(device);
});

Deno.test("a client can drop the handle of a grabbed or mapped buffer, which is freed when the grab or map ends", async () => {
  const { device } = testDevice();
  const client = device.openClient("game");
  const buffer = client.buffer(client.createBuffer({ bytes: 4096 }));
  const [grab, map] = [await buffer.grabForCpuWrite(), buffer.mmap()];
  client.close();
  assertEquals([client.handles, device.liveBuffers, buffer.cpuWriters], [[], 1, 1]);
  grab[Symbol.dispose]();
  map[Symbol.dispose]();
  assertEquals(device.liveBuffers, 0);
});

Deno.test("pins, kernel maps and membership in a bulk move end with the last reference", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const [pin, map] = [buffer.pin(), await buffer.map()];
  buffer.unreserve();
  buffer.unref();
  assertEquals([map.valid, device.liveBuffers, device.usage("vram").residents], [false, 0, 0]);
  pin[Symbol.dispose]();
  map[Symbol.dispose]();
  checkInvariants(device);
});
