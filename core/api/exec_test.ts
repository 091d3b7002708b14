import { assertEquals } from "@std/assert";
import { AcquireTicket, type BufferObject, checkInvariants, Exec } from "../mod.ts";
import { put, refused, testDevice } from "../testing_devices.ts";

function buffersOf(count: number) {
  const { device } = testDevice();
  const buffers = Array.from({ length: count }, () => put(device, "system"));
  return { device, buffers: buffers as [BufferObject, BufferObject, BufferObject], lru: () => device.lru("system")[0] };
}

/** Lets all pending tasks run until each of them is waiting. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("without contention the loop runs once, and buffers stay locked until its end", async () => {
  const { buffers: [a, b, c], lru } = buffersOf(3);
  {
    using exec = new Exec();
    let turns = 0;
    while (exec.cleanup()) {
      turns++;
      await exec.lockAll([b, a]);
    }
    assertEquals([turns, exec.buffers, exec.ticket.acquired], [1, [b, a], 2]);
    assertEquals([a, b, c].map((buffer) => buffer.reserved), [true, true, false]);
  }
  assertEquals([a, b, c].map((buffer) => buffer.reserved), [false, false, false]);
  assertEquals(lru(), [a, b, c]);
});

Deno.test("contention restarts the loop; the next turn locks the contended buffer first, and lock() of it is then immediate", async () => {
  const { buffers: [a, b, c] } = buffersOf(3);
  const older = new AcquireTicket();
  b.tryReserve(older);
  using exec = new Exec();
  exec.cleanup();
  await exec.lock(a);
  await refused(() => exec.lock(b), "EDEADLK");
  assertEquals([exec.contended, exec.buffers], [b, [a]]);
  assertEquals(exec.cleanup(), true);
  assertEquals([a.reserved, exec.buffers, exec.contended], [false, [], b]);
  const locking = exec.lock(c);
  await allBlocked();
  assertEquals([b.reservation.waiting, c.reserved], [1, false]);
  b.unlock();
  await locking;
  assertEquals([exec.buffers, exec.prelocked, exec.contended], [[c], b, null]);
  await exec.lock(b);
  assertEquals([exec.buffers, exec.prelocked], [[c, b], null]);
  await refused(() => exec.lock(b), "EALREADY");
  assertEquals(exec.cleanup(), false);
});

Deno.test("a prelocked buffer that is not locked in the turn is unlocked when the loop ends", async () => {
  const { buffers: [a, b] } = buffersOf(2);
  const older = new AcquireTicket();
  b.tryReserve(older);
  using exec = new Exec();
  exec.cleanup();
  await exec.lock(a);
  await refused(() => exec.lock(b), "EDEADLK");
  b.unlock();
  exec.cleanup();
  await exec.lock(a);
  assertEquals([exec.prelocked, exec.cleanup(), exec.prelocked], [b, false, null]);
  assertEquals([exec.buffers, b.reserved, exec.ticket.acquired], [[a], false, 1]);
});

Deno.test("a prelocked buffer is unlocked with the others, whether the loop restarts, meets another contention, or ends early", async () => {
  const { buffers: [a, b, c] } = buffersOf(3);
  const older = new AcquireTicket();
  b.tryReserve(older);
  c.tryReserve(older);
  const exec = new Exec();
  exec.cleanup();
  await exec.lock(a);
  await refused(() => exec.lock(b), "EDEADLK");
  b.unlock();
  exec.cleanup();
  await refused(() => exec.lock(c), "EDEADLK");
  assertEquals([exec.prelocked, b.reserved], [b, true]);
  c.unlock();
  // The turn goes on all the same: now the other one is locked first.
  await exec.lock(a);
  assertEquals([exec.prelocked, b.reserved, c.reserved], [c, false, true]);
  exec.finish();
  assertEquals([a, b, c].map((buffer) => buffer.reserved), [false, false, false]);
});

Deno.test("a prelocked buffer counts as locked when another buffer of its shared reservation is locked", async () => {
  const { device, buffers: [a, b] } = buffersOf(2);
  const sibling = put(device, "system", { reservation: b.reservation });
  b.tryReserve(new AcquireTicket());
  using exec = new Exec({ ignoreDuplicates: true });
  exec.cleanup();
  await exec.lock(a);
  await refused(() => exec.lock(b), "EDEADLK");
  b.unlock();
  exec.cleanup();
  await exec.lock(sibling);
  assertEquals([exec.cleanup(), exec.buffers, sibling.reserved], [false, [b], true]);
});

Deno.test("the ticket of an exec is taken when its loop begins, not when the object is made", async () => {
  const { buffers: [a, b] } = buffersOf(2);
  using exec = new Exec();
  const older = new AcquireTicket();
  b.tryReserve(older);
  exec.cleanup();
  await exec.lock(a);
  await refused(() => exec.lock(b), "EDEADLK");
  assertEquals([exec.contended, exec.ticket.stamp > older.stamp], [b, true]);
});

Deno.test("run() repeats the turn after contention and passes its result and its errors on", async () => {
  const { buffers: [a, b] } = buffersOf(2);
  const older = new AcquireTicket();
  b.tryReserve(older);
  using exec = new Exec();
  let turns = 0;
  const result = exec.run(async () => {
    turns++;
    await exec.lock(a);
    await exec.lock(b);
    return turns;
  });
  await allBlocked();
  b.unlock();
  assertEquals([await result, exec.buffers], [2, [a, b]]);
  using failing = new Exec();
  const failure = failing.run(() => Promise.reject(new Error("no shader")));
  assertEquals(await failure.catch((error) => error.message), "no shader");
});

Deno.test("a buffer that is locked again is EALREADY, or ignored if that is allowed", async () => {
  const { buffers: [a] } = buffersOf(1);
  using strict = new Exec();
  strict.cleanup();
  await strict.lock(a);
  await refused(() => strict.lock(a), "EALREADY");
  strict.finish();
  using lenient = new Exec({ ignoreDuplicates: true });
  lenient.cleanup();
  await lenient.lockAll([a, a]);
  assertEquals(lenient.buffers, [a]);
});

Deno.test("one buffer can be unlocked and locked again", async () => {
  const { buffers: [a, b] } = buffersOf(2);
  using exec = new Exec();
  exec.cleanup();
  await exec.lockAll([a, b]);
  exec.unlock(a);
  assertEquals([exec.buffers, a.reserved, b.reserved], [[b], false, true]);
  await exec.lock(a);
  assertEquals(exec.buffers, [b, a]);
});

Deno.test("an aborted signal ends a wait of an exec, and is ignored when lock() need not wait", async () => {
  const { buffers: [a, b] } = buffersOf(2);
  b.tryReserve();
  using exec = new Exec();
  exec.cleanup();
  await exec.lock(a, { signal: AbortSignal.abort("enough") });
  const abort = new AbortController();
  const waiting = exec.lock(b, { signal: abort.signal });
  await allBlocked();
  abort.abort("enough");
  assertEquals(await waiting.catch((reason) => reason), "enough");
  assertEquals([exec.buffers, b.reservation.waiting], [[a], 0]);
  assertEquals(await exec.lock(b, { signal: abort.signal }).catch((reason) => reason), "enough");
  exec.finish();
  assertEquals([a.reserved, b.reserved], [false, true]);
});

Deno.test("lock() is EINVAL outside the loop, and unlock() of a buffer that is not locked is EINVAL", async () => {
  const { buffers: [a] } = buffersOf(1);
  const exec = new Exec();
  await refused(() => exec.lock(a), "EINVAL", "its loop has not begun");
  assertEquals([exec.cleanup(), exec.cleanup()], [true, false]);
  await refused(() => exec.lock(a), "EINVAL", "it is locked");
  await refused(() => exec.cleanup(), "EINVAL", "it is locked");
  await refused(() => exec.unlock(a), "EINVAL", "is not locked by it");
  exec.finish();
  exec.finish();
  await refused(() => exec.cleanup(), "EINVAL", "it is finished");
  assertEquals(a.reserved, false);
});

for (
  const [name, act] of [
    ["options that are none", () => new Exec(5 as never)],
    ["a flag that is no boolean", () => new Exec({ ignoreDuplicates: 1 as never })],
  ] as const
) {
  Deno.test(`an exec refuses ${name}`, async () => {
    await refused(act, "EINVAL", "Cannot create exec");
  });
}

Deno.test("lock() refuses anything but a buffer or an array of buffers, a bad signal, and a released buffer", async () => {
  const { buffers: [a] } = buffersOf(1);
  using exec = new Exec();
  exec.cleanup();
  await refused(() => exec.lock({} as never), "EINVAL", "is not a buffer");
  await refused(() => exec.lockAll(a as never), "EINVAL", "the buffers");
  await refused(() => exec.lock(a, { signal: 1 as never }), "EINVAL", "signal");
  a.unref();
  await refused(() => exec.lock(a), "EINVAL", "its last reference is gone");
  assertEquals(exec.buffers, []);
});

Deno.test("two execs that lock ten buffers in opposite order both finish, 1000 times; the older one goes first", async () => {
  const { device, buffers } = buffersOf(10);
  const reversed = buffers.toReversed();
  const live = new Set<AcquireTicket>();
  let contentions = 0;
  const party = async (order: readonly BufferObject[]) => {
    for (let round = 0; round < 1000; round++) {
      using exec = new Exec();
      live.add(exec.ticket);
      await exec.run(async () => {
        for (const buffer of order) {
          await exec.lock(buffer).catch((error) => {
            contentions++;
            const oldest = Math.min(...[...live].map(({ stamp }) => stamp));
            assertEquals(exec.ticket.stamp > oldest, true, "the oldest must not back off");
            throw error;
          });
          await Promise.resolve();
        }
      });
      live.delete(exec.ticket);
    }
  };
  await Promise.all([party(buffers), party(reversed)]);
  assertEquals(contentions > 100, true, `${contentions} contentions`);
  assertEquals(buffers.some((buffer) => buffer.reserved || buffer.reservation.waiting > 0), false);
  checkInvariants(device);
});
