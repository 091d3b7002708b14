import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BoDevice, BulkMove, checkInvariants, mru } from "../mod.ts";
import { pin, put, refusedUnchanged, testDevice, TestDriver, touch, whileReserved } from "../testing_devices.ts";

/** Three buffers in VRAM, of priority 1. */
function threeBuffers() {
  const { device } = testDevice();
  const [a, b, c] = [0, 1, 2].map(() => put(device, "vram", { priority: 1 }));
  if (a === undefined || b === undefined || c === undefined) throw new Error("there are three");
  const order = () => device.lru("vram").map((list) => list.map(({ id }) => id));
  return { device, a, b, c, order };
}

Deno.test("a buffer whose priority changes goes to the tail of the list of its new priority", () => {
  const { device, a, b, order } = threeBuffers();
  whileReserved(b, () => b.setPriority(0));
  assertEquals([b.priority, order()], [0, [[1], [0, 2], [], []]]);
  whileReserved(a, () => a.setPriority(0));
  whileReserved(b, () => b.setPriority(1));
  assertEquals(order(), [[0], [2, 1], [], []]);
  checkInvariants(device);
});

Deno.test("setting a buffer's present priority again changes nothing", () => {
  const { a, order } = threeBuffers();
  whileReserved(a, () => a.setPriority(1));
  assertEquals(order(), [[], [0, 1, 2], [], []]);
});

Deno.test("a tracer is told of a changed priority, with the one before, and not of the same again", () => {
  const seen: number[][] = [];
  const { device } = testDevice({ tracer: { priority: ({ priority }, from) => void seen.push([from, priority]) } });
  const buffer = put(device, "vram", { priority: 1 });
  for (const priority of [1, 3, 3, 0]) whileReserved(buffer, () => buffer.setPriority(priority));
  assertEquals(seen, [[1, 3], [3, 0]]);
});

Deno.test("buffers whose priority was lowered are evicted first", async () => {
  const { device, c } = threeBuffers();
  whileReserved(c, () => c.setPriority(0));
  await device.evictFirst("vram");
  assertEquals(c.memoryType, "gtt");
});

Deno.test("a pinned buffer is listed by its new priority at its last unpin", () => {
  const { device, a, order } = threeBuffers();
  pin(a);
  whileReserved(a, () => a.setPriority(3));
  assertEquals([device.pinned, order()], [[a], [[], [1, 2], [], []]]);
  touch(a, () => a.unpin());
  assertEquals([device.pinned, order()], [[], [[], [1, 2], [], [0]]]);
  checkInvariants(device);
});

Deno.test("a buffer that was unpinned and not yet unreserved is listed by its new priority", () => {
  const { device, a, order } = threeBuffers();
  pin(a);
  whileReserved(a, () => {
    a.unpin();
    a.setPriority(2);
  });
  assertEquals([device.pinned, order()], [[], [[], [1, 2], [0], []]]);
  checkInvariants(device);
});

Deno.test("a policy with lists of its own is told of changed priorities", () => {
  const driver = new TestDriver();
  const device = new BoDevice({ driver, managers: { gtt: firstFit(), vram: firstFit() }, policy: mru() });
  const buffer = put(device, "vram");
  pin(buffer);
  whileReserved(buffer, () => {
    buffer.unpin();
    buffer.setPriority(2);
  });
  assertEquals([device.pinned, device.lru("vram")], [[], [[], [], [buffer], []]]);
  checkInvariants(device);
});

Deno.test("a member of a bulk move joins the bulk's range of its new priority", () => {
  const { device, a, b, c, order } = threeBuffers();
  const bulk = new BulkMove();
  for (const buffer of [a, b, c]) whileReserved(buffer, () => buffer.setBulkMove(bulk));
  whileReserved(a, () => a.setPriority(2));
  assertEquals([bulk.ends("vram", 1), bulk.ends("vram", 2)], [[b, c], [a, a]]);
  whileReserved(c, () => c.setPriority(2));
  assertEquals([order(), bulk.ends("vram", 1), bulk.ends("vram", 2)], [[[], [1], [0, 2], []], [b, b], [a, c]]);
  const other = put(device, "vram", { priority: 2 });
  bulk.moveToTail();
  assertEquals(order()[2], [other.id, 0, 2]);
  checkInvariants(device);
});

Deno.test("a buffer without a place is listed by its new priority when it gets a place", () => {
  const { device } = testDevice();
  const buffer = device.createBuffer({ bytes: 1 });
  whileReserved(buffer, () => {
    buffer.setPriority(3);
    buffer.tryValidate({ placement: [{ memoryType: "vram" }] });
  });
  assertEquals(device.lru("vram"), [[], [], [], [buffer]]);
});

for (const priority of [-1, 4, 1.5, "1", undefined]) {
  Deno.test(`setPriority() refuses ${priority} (${typeof priority})`, async () => {
    const { device, a } = threeBuffers();
    a.tryReserve();
    await refusedUnchanged(device, [a], () => a.setPriority(priority as number), "EINVAL", "priority must be");
  });
}

Deno.test("setPriority() refuses a buffer that is not reserved", async () => {
  const { device, a } = threeBuffers();
  await refusedUnchanged(device, [a], () => a.setPriority(0), "EINVAL", "it is not reserved");
});
