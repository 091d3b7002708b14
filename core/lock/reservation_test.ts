import { assertEquals } from "@std/assert";
import { put, testDevice } from "../testing_devices.ts";

function reservationOf() {
  const { device } = testDevice();
  const buffer = put(device, "system");
  return { buffer, reservation: buffer.reservation };
}

Deno.test("a reservation has one holder at a time", () => {
  const { buffer, reservation } = reservationOf();
  assertEquals([buffer.reserved, buffer.tryReserve(), buffer.reserved], [false, true, true]);
  assertEquals([buffer.tryReserve(), reservation.locked], [false, true]);
  buffer.unlock();
  assertEquals([buffer.reserved, buffer.tryReserve()], [false, true]);
});

Deno.test("unlocking hands the reservation directly to the first waiter", async () => {
  const { buffer, reservation } = reservationOf();
  buffer.tryReserve();
  const order: string[] = [];
  const wait = async (name: string) => {
    await buffer.reserve();
    order.push(name);
  };
  const [first, second] = [wait("first"), wait("second")];
  assertEquals([reservation.waiting, order], [2, []]);
  buffer.unlock();
  assertEquals([buffer.tryReserve(), buffer.reserved, reservation.waiting], [false, true, 1]);
  await first;
  assertEquals(order, ["first"]);
  buffer.unreserve();
  assertEquals(buffer.tryReserve(), false);
  await second;
  buffer.unlock();
  assertEquals([order, buffer.reserved, reservation.waiting], [["first", "second"], false, 0]);
});

Deno.test("a free reservation is locked without waiting", async () => {
  const { buffer, reservation } = reservationOf();
  const taken = buffer.reserve();
  assertEquals([buffer.reserved, reservation.waiting], [true, 0]);
  (await taken)[Symbol.dispose]();
  assertEquals(buffer.reserved, false);
});

Deno.test("a waiter that leaves the queue is skipped, and the others keep their order", async () => {
  const { buffer, reservation } = reservationOf();
  buffer.tryReserve();
  const leaving = new AbortController();
  const order: string[] = [];
  const first = buffer.reserve({ signal: leaving.signal }).catch((reason) => order.push(reason));
  const second = buffer.reserve().then(() => order.push("second"));
  leaving.abort("left");
  assertEquals(reservation.waiting, 1);
  await first;
  buffer.unlock();
  await second;
  assertEquals(order, ["left", "second"]);
});

Deno.test("a buffer that reuses a freed buffer's row starts with a free reservation of its own", () => {
  const { device } = testDevice();
  const other = put(device, "system");
  for (let round = 0; round < 100; round++) {
    const buffer = put(device, "system");
    assertEquals(buffer.tryReserve(), true);
    assertEquals(other.reserved, false);
    buffer.unlock();
    buffer.unref();
  }
});
