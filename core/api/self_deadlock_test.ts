import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { AcquireTicket, BoDevice, type BufferObject, SimulatedClock } from "../mod.ts";
import { only, put, refused, testDevice, TestDriver } from "../testing_devices.ts";

/** Lets all pending tasks run until each of them is waiting. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Calls that reserve the buffer themselves, and so wait forever if their caller holds the reservation. */
const calls: Readonly<Record<string, (buffer: BufferObject, signal?: AbortSignal) => Promise<unknown>>> = {
  "reading a user's map": (buffer, signal) => buffer.mmap().read(0, 1, signal ? { signal } : {}),
  "writing a user's map": (buffer, signal) => buffer.mmap().write(0, new Uint8Array(1), signal ? { signal } : {}),
  "grabForCpuWrite()": (buffer, signal) => buffer.grabForCpuWrite(signal ? { signal } : {}),
  "waitUnreserved()": (buffer, signal) => buffer.waitUnreserved(signal ? { signal } : {}),
};
const WHY = "buffer 0: one holder has kept it reserved for 15 s; if that is the caller, it would wait for itself";

for (const [name, call] of Object.entries(calls)) {
  Deno.test(`${name} of a buffer that the caller has reserved is EDEADLK after 15 s of the device's clock`, async () => {
    const clock = new SimulatedClock();
    const device = new BoDevice({ driver: new TestDriver(), managers: { vram: firstFit(), gtt: firstFit() }, clock });
    const buffer = put(device, "vram");
    const reservation = await buffer.reserve();
    await refused(() => call(buffer), "EDEADLK", WHY);
    assertEquals([clock.now(), buffer.reserved, buffer.reservation.waiting], [15_000, true, 0]);
    reservation[Symbol.dispose]();
    await call(buffer);
  });

  Deno.test(`${name} keeps waiting while the reservation passes from holder to holder`, async () => {
    const { device, clock } = testDevice();
    const buffer = put(device, "vram");
    const first = await buffer.reserve();
    const second = buffer.reserve();
    const third = buffer.reserve();
    const waiting = call(buffer);
    await allBlocked();
    clock.advanceTo(14_000);
    first[Symbol.dispose]();
    clock.advanceTo(29_000);
    (await second)[Symbol.dispose]();
    clock.advanceTo(44_000);
    (await third)[Symbol.dispose]();
    await waiting;
    assertEquals([buffer.reserved, clock.pending], [false, 0]);
  });

  Deno.test(`${name} leaves neither a timer nor a waiter when it is aborted`, async () => {
    const { device, clock } = testDevice();
    const buffer = put(device, "vram");
    buffer.tryReserve();
    const abort = new AbortController();
    const waiting = call(buffer, abort.signal).catch((reason) => reason);
    await allBlocked();
    abort.abort("enough");
    assertEquals([await waiting, buffer.reservation.waiting, clock.pending], ["enough", 0, 0]);
  });
}

Deno.test("validate() under a ticket that waits for a victim that its own caller has reserved is EBUSY after 15 s", async () => {
  const { device, clock } = testDevice({ vram: 1 });
  const [victim, buffer] = [put(device, "vram"), device.createBuffer({ bytes: 4096 })];
  victim.tryReserve();
  buffer.tryReserve(new AcquireTicket());
  const validated = refused(() => buffer.validate(only("vram")), "EBUSY");
  await allBlocked();
  clock.advanceTo(15_000);
  await validated;
  assertEquals([victim.reserved, victim.reservation.waiting, clock.pending], [true, 0, 0]);
});

Deno.test("present pages of a user's map can be accessed while the caller has the buffer reserved", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  using map = buffer.mmap();
  await map.write(0, new Uint8Array([1]));
  using _reservation = await buffer.reserve();
  assertEquals(await map.read(0, 1), new Uint8Array([1]));
});
