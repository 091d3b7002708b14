import { assertEquals } from "@std/assert";
import { type BufferObject, BulkMove, checkInvariants } from "../mod.ts";
import { pin, place, put, refused, testDevice, touch, whileReserved } from "../testing_devices.ts";

/** Six buffers in VRAM, of which the first, third and fifth are in one bulk move. */
function bulkOfThree() {
  const { device } = testDevice();
  const bulk = new BulkMove();
  const buffers = [0, 1, 2, 3, 4, 5].map(() => put(device, "vram"));
  const join = (at: number, to: BulkMove | null = bulk) => {
    const buffer = buffers[at] as BufferObject;
    whileReserved(buffer, () => buffer.setBulkMove(to));
  };
  for (const at of [0, 2, 4]) join(at);
  const order = () => device.lru("vram")[0]?.map(({ id }) => id);
  return { device, bulk, buffers, join, order, at: (id: number) => buffers[id] as BufferObject };
}

Deno.test("members of a bulk move are neighbours in the LRU, in the order of joining, at the position of the first", () => {
  const { device, bulk, order, at } = bulkOfThree();
  assertEquals([order(), bulk.ends("vram")], [[0, 2, 4, 1, 3, 5], [at(0), at(4)]]);
  assertEquals(bulk.ends("system"), null);
  checkInvariants(device);
});

Deno.test("moveToTail() moves all members to the LRU tail in one step, in their order", () => {
  const { device, bulk, order } = bulkOfThree();
  bulk.moveToTail();
  assertEquals(order(), [1, 3, 5, 0, 2, 4]);
  bulk.moveToTail();
  assertEquals(order(), [1, 3, 5, 0, 2, 4]);
  checkInvariants(device);
});

Deno.test("an unreserved member moves to the end of its bulk, not of the list", () => {
  const { bulk, order, at } = bulkOfThree();
  touch(at(0));
  assertEquals([order(), bulk.ends("vram")], [[2, 4, 0, 1, 3, 5], [at(2), at(0)]]);
  touch(at(4));
  assertEquals(order(), [2, 0, 4, 1, 3, 5]);
  touch(at(1));
  assertEquals(order(), [2, 0, 4, 3, 5, 1]);
});

for (
  const [leaving, ends, order] of [[0, [2, 4], [0, 2, 4, 1, 3, 5]], [2, [0, 4], [0, 4, 2, 1, 3, 5]], [4, [0, 2], [
    0,
    2,
    4,
    1,
    3,
    5,
  ]]] as const
) {
  Deno.test(`member ${leaving} leaves the bulk and is then listed on its own`, () => {
    const inside = bulkOfThree();
    inside.join(leaving, null);
    assertEquals([inside.order(), inside.bulk.ends("vram")?.map(({ id }) => id)], [[...order], [...ends]]);
    touch(inside.at(leaving));
    assertEquals(inside.order()?.at(-1), leaving);
    inside.bulk.moveToTail();
    assertEquals(inside.order()?.slice(-2), [...ends]);
    checkInvariants(inside.device);
  });
}

Deno.test("a member that moves joins the bulk's range in the list of its new memory type", () => {
  const { device, bulk, order, at } = bulkOfThree();
  place(at(2), "gtt");
  assertEquals([order(), bulk.ends("vram"), bulk.ends("gtt")], [[0, 4, 1, 3, 5], [at(0), at(4)], [at(2), at(2)]]);
  place(at(0), { placement: [] });
  at(4).unref();
  assertEquals([order(), bulk.ends("vram")], [[1, 3, 5], null]);
  bulk.moveToTail();
  checkInvariants(device);
});

Deno.test("a pinned member is in no bulk until the last unpin", () => {
  const { device, bulk, at } = bulkOfThree();
  pin(at(4));
  pin(at(4));
  assertEquals([bulk.ends("vram"), device.pinned], [[at(0), at(2)], [at(4)]]);
  touch(at(4), () => at(4).unpin());
  assertEquals(bulk.ends("vram"), [at(0), at(2)]);
  touch(at(4), () => at(4).unpin());
  assertEquals([bulk.ends("vram"), device.pinned], [[at(0), at(4)], []]);
  checkInvariants(device);
});

Deno.test("members of different priorities and memory types form one range in each list", () => {
  const { device } = testDevice();
  const bulk = new BulkMove();
  const buffers = [put(device, "vram"), put(device, "vram", { priority: 1 }), put(device, "gtt"), put(device, "vram")];
  for (const buffer of buffers.slice(0, 3)) whileReserved(buffer, () => buffer.setBulkMove(bulk));
  bulk.moveToTail();
  assertEquals(device.lru("vram").map((list) => list.map(({ id }) => id)), [[3, 0], [1], [], []]);
  checkInvariants(device);
});

Deno.test("a bulk move is set on a reserved buffer, and keeps to one device", async () => {
  const { bulk, at } = bulkOfThree();
  await refused(() => at(1).setBulkMove(bulk), "EINVAL", "it is not reserved");
  at(1).tryReserve();
  await refused(() => at(1).setBulkMove({} as never), "EINVAL", "is none");
  at(1).setBulkMove(bulk);
  at(1).setBulkMove(bulk);
  at(1).unlock();
  const stranger = put(testDevice().device, "vram");
  stranger.tryReserve();
  await refused(() => stranger.setBulkMove(bulk), "EINVAL", "it has members in another device");
  new BulkMove().moveToTail();
});

Deno.test("a pinned buffer that is given a bulk joins it with its last unpin, and not before", () => {
  const { device, bulk, join, at } = bulkOfThree();
  const ends = () => bulk.ends("vram")?.map(({ id }) => id);
  pin(at(1));
  join(1);
  assertEquals([ends(), device.pinned], [[0, 4], [at(1)]]);
  join(1, null);
  assertEquals([ends(), device.pinned], [[0, 4], [at(1)]]);
  join(1);
  touch(at(1), () => at(1).unpin());
  assertEquals([ends(), device.pinned], [[0, 1], []]);
  checkInvariants(device);
});
