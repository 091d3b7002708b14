import { assertEquals } from "@std/assert";
import { AcquireTicket, checkInvariants, reserveList } from "../mod.ts";
import { addWork, fence, only, put, refused, testDevice } from "../testing_devices.ts";

/** Lets all pending tasks run until each of them is waiting. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("a buffer that the CPU has grabbed cannot be in a submission until the last grab ends; it can still be validated", async () => {
  const { device } = testDevice();
  const [buffer, other] = [put(device, "vram"), put(device, "vram")];
  const first = await buffer.grabForCpuWrite();
  const second = await buffer.grabForCpuWrite();
  assertEquals([buffer.cpuWriters, buffer.reserved], [2, false]);
  await refused(() => reserveList([{ buffer: other }, { buffer }]), "EBUSY", "the CPU has grabbed buffer 0");
  assertEquals([buffer.reserved, other.reserved], [false, false]);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  await refused(() => reserveList([{ buffer }]), "EBUSY");
  buffer.tryReserve();
  await buffer.validate(only("gtt"));
  buffer.unreserve();
  second[Symbol.dispose]();
  using list = await reserveList([{ buffer }]);
  assertEquals([list.entries.length, buffer.cpuWriters], [1, 0]);
  checkInvariants(device);
});

Deno.test("a list that waited for a contended buffer still checks that buffer for CPU grabs", async () => {
  const { device } = testDevice();
  const [a, b] = [put(device, "vram"), put(device, "vram")];
  const older = new AcquireTicket();
  b.tryReserve(older);
  const list = refused(() => reserveList([{ buffer: a }, { buffer: b }]), "EBUSY", "the CPU has grabbed buffer 1");
  const grab = b.grabForCpuWrite();
  await allBlocked();
  b.unlock();
  using _grab = await grab;
  await list;
  assertEquals([a.reserved, b.reserved], [false, false]);
});

Deno.test("a grab waits for the reservation and for the work; it unreserves the buffer whether it succeeds or fails", async () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const work = fence();
  buffer.addFence(work, "read");
  await refused(() => buffer.grabForCpuWrite({ noWait: true }), "EBUSY", "it is reserved");
  const grab = buffer.grabForCpuWrite();
  buffer.unreserve();
  await allBlocked();
  assertEquals(buffer.cpuWriters, 0);
  work.signal();
  (await grab)[Symbol.dispose]();
  addWork(buffer);
  await refused(() => buffer.grabForCpuWrite({ noWait: true }), "EBUSY");
  const hanging = refused(() => buffer.grabForCpuWrite(), "EBUSY", "its work has not ended");
  await allBlocked();
  clock.advanceTo(15_000);
  await hanging;
  assertEquals([buffer.cpuWriters, buffer.reserved], [0, false]);
});

Deno.test("a grab of a buffer whose work failed is EIO, of a released one EINVAL", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  const grab = refused(() => buffer.grabForCpuWrite(), "EIO", "its work failed");
  await allBlocked();
  work.signal(new Error("hang"));
  await grab;
  await refused(() => buffer.grabForCpuWrite(5 as never), "EINVAL", "the options");
  buffer.unref();
  await refused(() => buffer.grabForCpuWrite(), "EINVAL", "its last reference is gone");
});

Deno.test("waitUnreserved() queues for the reservation, and does not keep it", async () => {
  const { device } = testDevice();
  const [buffer, other] = [put(device, "vram"), put(device, "vram")];
  await buffer.waitUnreserved();
  buffer.tryReserve();
  const seen: string[] = [];
  const waiting = buffer.waitUnreserved().then(() => seen.push("free"));
  const reserving = buffer.reserve().then(() => seen.push("reserved"));
  await allBlocked();
  assertEquals(seen, []);
  buffer.unlock();
  await Promise.all([waiting, reserving]);
  assertEquals([seen.sort(), buffer.reserved, device.lru("vram")[0]], [["free", "reserved"], true, [buffer, other]]);
  const abort = new AbortController();
  const hanging = buffer.waitUnreserved({ signal: abort.signal });
  abort.abort("enough");
  assertEquals([await hanging.catch((reason) => reason), buffer.reservation.waiting], ["enough", 0]);
  buffer.unlock();
  buffer.unref();
  await refused(() => buffer.waitUnreserved(), "EINVAL", "its last reference is gone");
});
