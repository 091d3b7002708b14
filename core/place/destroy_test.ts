import { assertEquals, assertThrows } from "@std/assert";
import { type BufferObject, type BufferView, checkInvariants, type Fence, FenceContext, TtmError } from "../mod.ts";
import { addWork, fence, only, pin, place, put, refused, testDevice, whileReserved } from "../testing_devices.ts";

for (const from of ["system", "gtt", "vram", null]) {
  Deno.test(`the last unref() of an idle buffer in ${from ?? "no place"} frees it at once`, () => {
    const destroyed: BufferView[] = [];
    const { device, driver } = testDevice({ tracer: { destroy: (buffer) => destroyed.push(buffer) } });
    const buffer = device.createBuffer({ bytes: 8192 });
    if (from !== null) place(buffer, from);
    driver.calls.length = 0;
    buffer.unref();
    assertEquals([buffer.disposed, buffer.memoryType, buffer.start, buffer.tt], [true, null, null, null]);
    assertEquals([device.liveBuffers, device.dyingBuffers, destroyed], [0, 0, [buffer]]);
    const expected = from === null ? [] : [`notify 0 ${from}>null`, ...(from === "gtt" ? ["unbind 0"] : [])];
    assertEquals(driver.calls, expected);
    for (const type of device.memoryTypes) assertEquals(device.usage(type).usedPages, 0);
    checkInvariants(device);
  });
}

Deno.test("a buffer lives as long as it has users", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  assertEquals(buffer.ref().ref(), buffer);
  buffer.unref();
  buffer[Symbol.dispose]();
  assertEquals([buffer.disposed, buffer.memoryType, device.liveBuffers], [false, "vram", 1]);
  buffer.unref();
  assertEquals([buffer.disposed, device.liveBuffers], [true, 0]);
});

Deno.test("a busy buffer's memory stays until all its work has ended, whatever the work", () => {
  const { device, clock, driver } = testDevice();
  const buffer = put(device, "gtt", { pages: 3 });
  const works = (["kernel", "write", "read", "bookkeep"] as const).map((usage) => {
    const work = fence(usage);
    whileReserved(buffer, () => buffer.addFence(work, usage));
    return work;
  });
  buffer.unref();
  for (const work of works) {
    assertEquals([device.dyingBuffers, device.usage("gtt").usedPages, buffer.tt?.boundTo], [1, 3, "gtt"]);
    checkInvariants(device);
    work.signal();
    clock.advanceTo(0);
  }
  assertEquals([device.dyingBuffers, device.usage("gtt").usedPages, driver.calls.at(-1)], [0, 0, "unbind 0"]);
  checkInvariants(device);
});

Deno.test("device memory is free at once if the driver orders its work behind all fences, host pages are not", () => {
  const queue = new FenceContext("queue");
  const { device, driver } = testDevice();
  Object.assign(driver, { ordersBehind: ({ context }: Fence) => context === queue });
  const drop = (memoryType: string, ...fences: Fence[]) => {
    const buffer = put(device, memoryType, { pages: 3 });
    whileReserved(buffer, () => fences.forEach((fence) => buffer.addFence(fence, "write")));
    buffer.unref();
    checkInvariants(device);
    return [device.dyingBuffers, device.usage(memoryType).usedPages];
  };
  const asked: number[] = [];
  const work = [0, 1, 2].map((at) => queue.next(() => asked.push(at))) as [Fence, Fence, Fence];
  assertEquals(drop("vram", work[0]), [0, 0]);
  const other = fence("other");
  assertEquals(drop("vram", work[1], other), [1, 3]);
  other.signal();
  assertEquals([device.dyingBuffers, asked], [0, []]);
  assertEquals([drop("gtt", work[2]), asked], [[1, 3], [2]]);
  for (const each of work) each.signal();
  assertEquals(device.dyingBuffers, 0);
  checkInvariants(device);
});

Deno.test("a dying buffer is freed also if its work fails", () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  buffer.unref();
  work.signal(new Error("hung"));
  assertEquals([device.dyingBuffers, device.usage("vram").usedPages, clock.pending], [0, 0, 0]);
});

Deno.test("a fence callback that was added after the release finds the memory free", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const work = addWork(buffer);
  buffer.unref();
  const seen: number[] = [];
  work.onSignal(() => seen.push(device.usage("vram").usedPages));
  work.signal();
  assertEquals(seen, [0]);
});

Deno.test("validate() waits for the work on a dying buffer and takes its room", async () => {
  const { device, clock, moves } = testDevice();
  const dying = put(device, "vram", { pages: 8 });
  const work = addWork(dying);
  dying.unref();
  const buffer = put(device, "system");
  buffer.tryReserve();
  await refused(() => buffer.validate(only("vram"), { noWait: true }), "ENOMEM", "1 busy");
  const placed = buffer.validate(only("vram"));
  work.signal();
  await placed;
  assertEquals([buffer.memoryType, device.dyingBuffers, moves.at(-1)], ["vram", 0, "1 system>vram@0"]);
  assertEquals(clock.pending, 0);
  checkInvariants(device);
});

Deno.test("an idle dying buffer is destroyed to make room", () => {
  const { device, moves } = testDevice();
  const dying = put(device, "vram", { pages: 8 });
  const work = addWork(dying);
  dying.unref();
  work.signal();
  const buffer = put(device, "vram", { pages: 8 });
  assertEquals([buffer.memoryType, dying.row, moves.some((move) => move.includes("evict"))], ["vram", -1, false]);
  checkInvariants(device);
});

Deno.test("evictFirst() frees a dying buffer", async () => {
  const { device } = testDevice();
  const dying = put(device, "vram");
  const work = addWork(dying);
  dying.unref();
  await refused(() => device.evictFirst("vram", { noWait: true }), "EBUSY");
  const evicted = device.evictFirst("vram");
  work.signal();
  assertEquals([await evicted, device.usage("vram").usedPages, device.dyingBuffers], [true, 0, 0]);
});

Deno.test("a pinned buffer can be released, and is destroyed like any other", () => {
  const { device, clock } = testDevice();
  const [idle, busy] = [put(device, "vram", { pages: 4 }), put(device, "vram", { pages: 4 })];
  pin(idle);
  pin(busy);
  const work = addWork(busy);
  idle.unref();
  busy.unref();
  assertEquals([device.pinned, device.lru("vram")[0], busy.pins], [[], [busy], 0]);
  checkInvariants(device);
  work.signal();
  put(device, "vram", { pages: 8 });
  clock.advanceTo(0);
  checkInvariants(device);
});

Deno.test("the last unref() of a reserved buffer is refused", () => {
  const { device } = testDevice();
  const buffer = put(device, "vram").ref();
  buffer.tryReserve();
  buffer.unref();
  const error = assertThrows(() => buffer.unref(), TtmError, "Cannot release buffer 0: it is reserved");
  assertEquals([error.code, buffer.disposed, device.liveBuffers], ["EINVAL", false, 1]);
  buffer.unreserve();
  buffer.unref();
});

Deno.test("rows of freed buffers are used again", () => {
  const { device } = testDevice();
  const kept = put(device, "vram", { label: "kept" });
  for (let round = 0; round < 200; round++) {
    put(device, "gtt", { pages: 1 + round % 8 }).unref();
    checkInvariants(device);
  }
  assertEquals([kept.memoryType, kept.row, device.lru("vram")[0]], ["vram", 0, [kept]]);
});

Deno.test("100,000 buffers, each of which drops the last reference to the next, are freed in order", () => {
  const { device } = testDevice();
  const count = 100_000;
  const destroyed: number[] = [];
  const chain: BufferObject[] = [];
  for (let at = 0; at < count; at++) {
    const onDestroy = () => {
      destroyed.push(at);
      chain[at + 1]?.unref();
    };
    chain.push(device.createBuffer({ bytes: 4096, onDestroy }));
  }
  chain[0]?.unref();
  assertEquals([destroyed.length, destroyed.every((at, index) => at === index)], [count, true]);
  assertEquals([device.liveBuffers, device.dyingBuffers], [0, 0]);
});
