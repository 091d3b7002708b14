import { assertEquals, assertThrows } from "@std/assert";
import { AcquireTicket, checkInvariants, TtmError } from "../mod.ts";
import { only, put, refused, testDevice } from "../testing_devices.ts";

/** Three buffers and two acquire tickets, the older one first. */
function contest() {
  const { device, clock } = testDevice();
  const [a, b, c] = [put(device, "system"), put(device, "system"), put(device, "system")];
  return { device, clock, a, b, c, older: new AcquireTicket(), younger: new AcquireTicket() };
}

Deno.test("a ticket counts the locks held under it", () => {
  const { a, b, older } = contest();
  assertEquals([a.tryReserve(older), b.tryReserve(older), older.acquired], [true, true, 2]);
  a.unreserve();
  b.unlock();
  assertEquals([older.acquired, a.reservation.holder], [0, null]);
});

Deno.test("locking a reservation that the ticket already holds is EALREADY, and it stays held", async () => {
  const { a, older } = contest();
  a.tryReserve(older);
  const error = assertThrows(() => a.tryReserve(older), TtmError, "its ticket holds it already");
  assertEquals(error.code, "EALREADY");
  await refused(() => a.reserve({ ticket: older }), "EALREADY");
  assertEquals([a.reservation.holder, older.acquired], [older, 1]);
});

Deno.test("a younger ticket that holds locks gets EDEADLK for a lock of an older one", async () => {
  const { a, b, older, younger } = contest();
  a.tryReserve(older);
  b.tryReserve(younger);
  const error = assertThrows(() => a.tryReserve(younger), TtmError, "must back off for an older one");
  assertEquals(error.code, "EDEADLK");
  await refused(() => a.reserve({ ticket: younger }), "EDEADLK");
  assertEquals([a.reservation.waiting, b.reservation.holder], [0, younger]);
});

Deno.test("an older ticket waits for a younger one, and every ticket waits for a holder without a ticket", async () => {
  const { a, b, c, older, younger } = contest();
  a.tryReserve(younger);
  b.tryReserve(older);
  c.tryReserve();
  const [first, second] = [a.reserve({ ticket: older }), c.reserve({ ticket: younger })];
  assertEquals([a.reservation.waiting, c.reservation.waiting], [1, 1]);
  a.unlock();
  c.unlock();
  await Promise.all([first, second]);
  assertEquals([a.reservation.holder, c.reservation.holder, older.acquired], [older, younger, 2]);
});

Deno.test("a ticket that holds no lock waits, also for an older ticket", async () => {
  const { a, older, younger } = contest();
  a.tryReserve(older);
  const reserved = a.reserve({ ticket: younger });
  assertEquals(a.tryReserve(younger), false);
  a.unlock();
  await reserved;
  assertEquals(a.reservation.holder, younger);
});

Deno.test("among waiting tickets the oldest gets the lock, and younger ones that hold locks get EDEADLK", async () => {
  const { a, b, older, younger } = contest();
  const youngest = new AcquireTicket();
  a.tryReserve();
  b.tryReserve(youngest);
  const late = refused(() => a.reserve({ ticket: youngest }), "EDEADLK");
  const second = a.reserve({ ticket: younger });
  const first = a.reserve({ ticket: older });
  a.unlock();
  await Promise.all([first, late]);
  assertEquals([a.reservation.holder, a.reservation.waiting], [older, 1]);
  a.unlock();
  await second;
  assertEquals([a.reservation.holder, b.reservation.holder], [younger, youngest]);
});

Deno.test("a waiting younger ticket that holds a lock backs off with EDEADLK as soon as an older one waits", async () => {
  const { a, b, older, younger } = contest();
  a.tryReserve();
  b.tryReserve(younger);
  const late = refused(() => a.reserve({ ticket: younger }), "EDEADLK");
  const first = a.reserve({ ticket: older });
  await late;
  assertEquals([a.reservation.holder, a.reservation.waiting, b.reservation.holder], [null, 1, younger]);
  a.unlock();
  await first;
});

Deno.test("a younger ticket that holds a lock gets EDEADLK for a reservation that an older one waits for", async () => {
  const { a, b, older, younger } = contest();
  a.tryReserve();
  b.tryReserve(younger);
  const first = a.reserve({ ticket: older });
  assertEquals(assertThrows(() => a.tryReserve(younger), TtmError).code, "EDEADLK");
  await refused(() => a.reserve({ ticket: younger }), "EDEADLK");
  b.unlock();
  assertEquals([a.tryReserve(younger), a.reservation.waiting], [false, 1]);
  a.unlock();
  await first;
});

Deno.test("a ticket queues before younger ones, also after those have left the queue", async () => {
  const { a, older, younger } = contest();
  a.tryReserve();
  const leaving = new AbortController();
  const order: string[] = [];
  const wait = async (name: string, options: { ticket?: AcquireTicket; signal?: AbortSignal }) => {
    using _turn = await a.reserve(options);
    order.push(name);
  };
  const left = wait("younger", { ticket: younger, signal: leaving.signal }).catch((reason) => order.push(reason));
  const others = [
    wait("nobody", {}),
    wait("older", { ticket: older }),
    wait("youngest", { ticket: new AcquireTicket() }),
  ];
  leaving.abort("left");
  a.unlock();
  await Promise.all([left, ...others]);
  assertEquals(order.toSorted(), ["left", "nobody", "older", "youngest"]);
  assertEquals(order.filter((name) => name !== "left"), ["older", "nobody", "youngest"]);
});

Deno.test("a waiting ticket that has locked another reservation backs off when an older one gets the lock", async () => {
  const { a, b, older, younger } = contest();
  a.tryReserve();
  const first = a.reserve({ ticket: older });
  const late = refused(() => a.reserve({ ticket: younger }), "EDEADLK");
  b.tryReserve(younger);
  assertEquals(a.reservation.waiting, 2);
  a.unlock();
  await Promise.all([first, late]);
  assertEquals([a.reservation.holder, a.reservation.waiting], [older, 0]);
});

Deno.test("aborting a wait under a ticket removes the waiter", async () => {
  const { a, older } = contest();
  a.tryReserve();
  const abort = new AbortController();
  const reserved = a.reserve({ ticket: older, signal: abort.signal });
  abort.abort("enough");
  assertEquals(await reserved.catch((reason) => reason), "enough");
  assertEquals([a.reservation.waiting, older.acquired], [0, 0]);
});

Deno.test("reserve() refuses a ticket that is not an AcquireTicket", async () => {
  const { a } = contest();
  await refused(() => a.reserve({ ticket: {} as never }), "EINVAL", "must be an AcquireTicket");
  assertEquals(a.reserved, false);
});

Deno.test("under a ticket, validate() waits for a victim that another holder has reserved", async () => {
  const { device, clock } = testDevice();
  const victim = put(device, "vram", { pages: 8 });
  const buffer = put(device, "system", { pages: 8 });
  victim.tryReserve();
  buffer.tryReserve(new AcquireTicket());
  assertEquals(buffer.tryValidate(only("vram")), victim.reservation);
  const placed = buffer.validate(only("vram"));
  assertEquals(victim.reservation.waiting, 1);
  victim.unreserve();
  await placed;
  assertEquals([buffer.memoryType, victim.memoryType, victim.reserved, clock.pending], ["vram", "gtt", false, 0]);
  checkInvariants(device);
});

Deno.test("aborting validate()'s wait for a reserved victim leaves the victim and its waiters unchanged", async () => {
  const { device } = testDevice();
  const victim = put(device, "vram", { pages: 8 });
  const buffer = put(device, "system", { pages: 8 });
  victim.tryReserve();
  buffer.tryReserve(new AcquireTicket());
  const abort = new AbortController();
  const placed = buffer.validate(only("vram"), { signal: abort.signal });
  abort.abort("enough");
  assertEquals(await placed.catch((reason) => reason), "enough");
  assertEquals([victim.memoryType, victim.reserved, victim.reservation.waiting], ["vram", true, 0]);
});

Deno.test("without a ticket, with noWait, or for a victim under the same ticket, validate() does not wait", async () => {
  const { device } = testDevice();
  const victim = put(device, "vram", { pages: 8 });
  const buffer = put(device, "system", { pages: 8 });
  victim.tryReserve();
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram")), "ENOMEM", "1 reserved");
  buffer.unlock();
  const ticket = new AcquireTicket();
  buffer.tryReserve(ticket);
  await refused(() => buffer.validate(only("vram"), { noWait: true }), "ENOMEM", "1 reserved");
  victim.unlock();
  victim.tryReserve(ticket);
  await refused(() => buffer.validate(only("vram")), "ENOMEM", "1 reserved");
});

Deno.test("validate() whose ticket must back off is EDEADLK without trying later places", async () => {
  const { device } = testDevice();
  const victim = put(device, "vram", { pages: 8 });
  const buffer = put(device, "system", { pages: 8 });
  victim.tryReserve(new AcquireTicket());
  buffer.tryReserve(new AcquireTicket());
  const placement = { placement: [], busyPlacement: [{ memoryType: "vram" }, { memoryType: "gtt" }] };
  await refused(() => buffer.validate(placement), "ENOMEM");
  assertEquals(buffer.memoryType, "system");
});

for (const ticket of [{}, 5, "old"]) {
  Deno.test(`tryReserve() refuses ${JSON.stringify(ticket)} as a ticket`, () => {
    const { a } = contest();
    const error = assertThrows(() => a.tryReserve(ticket as never), TtmError, "must be an AcquireTicket");
    assertEquals([error.code, a.reserved], ["EINVAL", false]);
  });
}
