import { assert, assertEquals } from "@std/assert";
import { type BoDevice, type BufferObject, BulkMove, checkInvariants, type EvictionCursor, lru } from "../mod.ts";
import { fill, only, place, put, testDevice, touch } from "../testing_devices.ts";

/** The kernel's order, which counts the entries that its walks return. */
function counted() {
  const policy = lru();
  const seen = { policy, entries: 0 };
  const candidates = policy.candidates.bind(policy) as (...request: unknown[]) => EvictionCursor;
  policy.candidates = (...request: unknown[]) => {
    const walk = candidates(...request);
    const next = () => {
      const entry = walk.next();
      if (entry >= 0) seen.entries++;
      return entry;
    };
    return { next, close: () => walk.close() };
  };
  return seen;
}

async function swappable(device: BoDevice, count: number): Promise<BufferObject[]> {
  const buffers = Array.from({ length: count }, () => put(device, "system"));
  for (const buffer of buffers) await fill(buffer, 1);
  return buffers;
}

async function swapAllOut(device: BoDevice): Promise<number> {
  let times = 0;
  while (await device.swapOut() > 0) times++;
  return times;
}

Deno.test("swapOut() until nothing is left looks at each of 2,000 buffers three times at most", async () => {
  const count = 2000;
  const seen = counted();
  const { device } = testDevice({ policy: seen.policy });
  await swappable(device, count);
  seen.entries = 0;
  assertEquals(await swapAllOut(device), count);
  assert(seen.entries <= 3 * count, `${seen.entries} looks`);
});

Deno.test("buffers that take turns in memory are swapped out without a look at those that are swapped out", async () => {
  const count = 1000;
  const seen = counted();
  const { device } = testDevice({ policy: seen.policy });
  const buffers = await swappable(device, count);
  await swapAllOut(device);
  seen.entries = 0;
  for (let turn = 0; turn < count; turn++) {
    const buffer = buffers[turn * 7 % count] as BufferObject;
    await fill(buffer, 2);
    touch(buffer);
    assertEquals(await device.swapOut(), 1);
  }
  assert(seen.entries <= 5 * count, `${seen.entries} looks`);
});

Deno.test("a buffer that gets pages at the front of the order is the next to be swapped out", async () => {
  const { device } = testDevice();
  const buffers = await swappable(device, 4);
  await swapAllOut(device);
  for (const at of [2, 1]) {
    const buffer = buffers[at] as BufferObject;
    buffer.tryReserve();
    await buffer.populate();
    buffer.unlock();
  }
  await device.swapOut();
  assertEquals(buffers.map(({ swapped }) => swapped), [true, true, false, true]);
  checkInvariants(device);
  await device.swapOut();
  assertEquals(buffers.map(({ swapped }) => swapped), [true, true, true, true]);
});

Deno.test("a member of a bulk move that joins swapped out ones is found by the next swapOut()", async () => {
  const { device } = testDevice();
  const bulk = new BulkMove();
  const [first, member, last] = await swappable(device, 3) as [BufferObject, BufferObject, BufferObject];
  await swapAllOut(device);
  const added = put(device, "system", { reservation: member.reservation });
  await fill(added, 3);
  const behind = put(device, "system");
  await fill(behind, 4);
  for (const buffer of [member, added]) {
    touch(buffer, () => buffer.setBulkMove(bulk));
    checkInvariants(device);
  }
  touch(first);
  touch(last);
  place(behind, only("system"));
  await device.swapOut();
  assertEquals([added.swapped, behind.swapped], [true, false]);
  checkInvariants(device);
});
