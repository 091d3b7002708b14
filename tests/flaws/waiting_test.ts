import { assertEquals } from "@std/assert";
import { AcquireTicket, BoDevice, checkInvariants, reserveList, type TtmError } from "@ttm/core";
import { fence, put, refused, testDevice } from "../../core/testing_devices.ts";

/** Lets all tasks run until they wait. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("F17: an aborted wait ends with the signal's reason, and no other code", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const reason = new Error("the user left");
  for (const wait of [buffer.reserve.bind(buffer), buffer.waitUnreserved.bind(buffer)]) {
    const abort = new AbortController();
    const waiting = wait({ signal: abort.signal }).then(() => null, (error: unknown) => error);
    abort.abort(reason);
    assertEquals(await waiting === reason, true);
  }
});

Deno.test("F31: a ninth memory type is refused", async () => {
  const memoryTypes = ["system", ..."abcdefgh"].map((name, at) => at === 0 ? { name } : { name, pages: 1 });
  const driver = { name: "wide", memoryTypes, evictPlacement: () => ({ placement: [] }) };
  await refused(() => new BoDevice({ driver, managers: {} }), "EINVAL", "must have 1 to 8 memory types");
  const device = new BoDevice({ driver: { ...driver, memoryTypes: memoryTypes.slice(0, 8) }, managers: {} });
  assertEquals(device.memoryTypes.length, 8);
});

Deno.test("F33: a fence that signals at the end of the time limit is in time", async () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const work = fence();
  buffer.addFence(work, "write");
  clock.schedule(15_000, () => work.signal());
  const waiting = buffer.wait();
  await allBlocked();
  clock.advanceTo(15_000);
  await waiting;
});

Deno.test("F34: a wait for all work waits for writes and reads", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const [write, read] = [fence("write"), fence("read")];
  buffer.addFence(write, "write");
  buffer.addFence(read, "read");
  let done = false;
  const waiting = buffer.wait().then(() => done = true);
  for (const work of [read, write]) {
    await allBlocked();
    assertEquals(done, false);
    work.signal();
  }
  await waiting;
});

Deno.test("F35: a wait for some fences leaves the others pending", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  const read = fence("read");
  buffer.addFence(read, "read");
  await buffer.wait({ usage: "write" });
  assertEquals(buffer.reservation.fences.pending(), read);
});

Deno.test("F36: a list that waited for a buffer still refuses it if the CPU has grabbed it, and keeps no lock", async () => {
  const { device } = testDevice();
  const [first, grabbed] = [put(device, "vram"), put(device, "vram")];
  const older = new AcquireTicket();
  grabbed.tryReserve(older);
  const list = reserveList([{ buffer: first }, { buffer: grabbed }]).catch((error: TtmError) => error.code);
  const grab = grabbed.grabForCpuWrite();
  await allBlocked();
  grabbed.unlock();
  using _grab = await grab;
  assertEquals([await list, first.reserved, grabbed.reserved], ["EBUSY", false, false]);
  checkInvariants(device);
});
