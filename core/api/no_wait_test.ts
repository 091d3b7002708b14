import { assertEquals } from "@std/assert";
import { AcquireTicket, checkInvariants, Exec, FenceContext, reserveList } from "../mod.ts";
import { fence, only, put, refused, testDevice, touch } from "../testing_devices.ts";

const noWait = { noWait: true };

function twoBuffers() {
  const { device } = testDevice();
  return { device, a: put(device, "vram"), b: put(device, "vram") };
}

type Call = (buffers: ReturnType<typeof twoBuffers>) => Promise<unknown>;

/** Calls that would wait for the reservation of `b`, which is locked. */
const waitForReservation: Readonly<Record<string, Call>> = {
  "reserve()": ({ b }) => b.reserve(noWait),
  "reserve() under a ticket": ({ b }) => b.reserve({ ...noWait, ticket: new AcquireTicket() }),
  "waitUnreserved()": ({ b }) => b.waitUnreserved(noWait),
  "grabForCpuWrite()": ({ b }) => b.grabForCpuWrite(noWait),
  "reading a user's map": ({ b }) => b.mmap().read(0, 1, noWait),
  "writing a user's map": ({ b }) => b.mmap().write(0, new Uint8Array(1), noWait),
  "reserveList()": ({ a, b }) => reserveList([{ buffer: a }, { buffer: b }], noWait),
  "Exec.lockAll()": async ({ a, b }) => {
    using exec = new Exec();
    await exec.run(() => exec.lockAll([a, b], noWait));
  },
};
for (const [name, call] of Object.entries(waitForReservation)) {
  Deno.test(`${name} with noWait is EBUSY at once while others hold the reservation`, async () => {
    const buffers = twoBuffers();
    const { device, a, b } = buffers;
    b.tryReserve();
    const order = device.lru("vram");
    await refused(() => call(buffers), "EBUSY", "it is reserved");
    assertEquals([a.reserved, b.reserved, b.reservation.waiting, b.cpuWriters], [false, true, 0, 0]);
    assertEquals(device.lru("vram"), order);
    b.unlock();
    await call(buffers);
    checkInvariants(device);
  });
}

/** Calls that would wait for a move of `b`, which is not reserved. */
const waitForMove: Readonly<Record<string, Call>> = {
  "reading a user's map": ({ b }) => b.mmap().read(0, 1, noWait),
  "grabForCpuWrite()": ({ b }) => b.grabForCpuWrite(noWait),
  "map()": async ({ b }) => {
    using _reservation = await b.reserve();
    await b.map({}, noWait);
  },
  "read()": async ({ b }) => {
    using _reservation = await b.reserve();
    await b.read(noWait);
  },
};
for (const [name, call] of Object.entries(waitForMove)) {
  Deno.test(`${name} with noWait is EBUSY at once while the buffer moves`, async () => {
    const buffers = twoBuffers();
    const move = fence();
    touch(buffers.b, () => buffers.b.addFence(move, "kernel"));
    await refused(() => call(buffers), "EBUSY");
    assertEquals([buffers.b.reserved, buffers.b.cpuWriters], [false, 0]);
    move.signal();
    await call(buffers);
    checkInvariants(buffers.device);
  });
}

Deno.test("with noWait a list or an exec that would have to back off is EBUSY, and holds no lock", async () => {
  const { a, b } = twoBuffers();
  const older = new AcquireTicket();
  b.tryReserve(older);
  await refused(() => reserveList([{ buffer: a }, { buffer: b }], noWait), "EBUSY", "an older ticket has reserved");
  using exec = new Exec();
  await refused(() => exec.run(() => exec.lockAll([a, b], noWait)), "EBUSY", "it is reserved");
  exec.finish();
  assertEquals([a.reserved, older.acquired, b.reservation.waiting], [false, 1, 0]);
});

Deno.test("with noWait a ticket still gets EALREADY for its own lock and EDEADLK for an older ticket's", async () => {
  const { a, b } = twoBuffers();
  const [older, younger] = [new AcquireTicket(), new AcquireTicket()];
  b.tryReserve(older);
  a.tryReserve(younger);
  await refused(() => a.reserve({ ...noWait, ticket: younger }), "EALREADY");
  await refused(() => b.reserve({ ...noWait, ticket: younger }), "EDEADLK");
});

const aborted: Readonly<Record<string, Call>> = {
  "waitUnreserved()": ({ b }) => b.waitUnreserved({ signal: AbortSignal.abort("enough") }),
  "grabForCpuWrite()": ({ b }) => b.grabForCpuWrite({ signal: AbortSignal.abort("enough") }),
  "reading a user's map": ({ b }) => b.mmap().read(0, 1, { signal: AbortSignal.abort("enough") }),
};
for (const [name, call] of Object.entries(aborted)) {
  Deno.test(`${name} with an aborted signal rejects even if it need not wait`, async () => {
    const buffers = twoBuffers();
    assertEquals(await call(buffers).catch((reason) => reason), "enough");
    assertEquals([buffers.b.reserved, buffers.b.cpuWriters], [false, 0]);
  });
}

Deno.test("noWait asks for the end of the work in its way, so that a later call finds it ended", async () => {
  const { a } = twoBuffers();
  const asked: string[] = [];
  const line = new FenceContext("queue");
  const [slow, quick] = [line.next(() => asked.push("slow")), line.next(() => quick.signal())];
  touch(a, () => a.addFence(slow, "write"));
  assertEquals(asked, []);
  await refused(() => a.wait(noWait), "EBUSY");
  assertEquals(asked, ["slow"]);
  slow.signal();
  touch(a, () => a.addFence(quick, "write"));
  a.tryReserve();
  await a.validate(only("gtt"), noWait);
  assertEquals([a.memoryType, quick.signalled], ["gtt", true]);
});
