import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Driver,
  type Fence,
  FenceContext,
  PAGE_SIZE,
} from "../mod.ts";
import {
  addWork,
  bytesIn,
  fill,
  only,
  pin,
  place,
  put,
  type TestDevice,
  testDevice,
  touch,
} from "../testing_devices.ts";

const different = (array: Uint8Array) => [...new Set(array)];

function importOne(device: BoDevice): { buffer: BufferObject; array: Uint8Array } {
  const array = new Uint8Array(PAGE_SIZE).fill(7);
  return { buffer: device.createBuffer({ bytes: PAGE_SIZE, kind: "sg", imported: array }), array };
}

Deno.test("imported bytes are returned after an eviction that is under way, not during it", async () => {
  let watched = false;
  // Whoever watches may end what is waited for, here what keeps the bytes from going back.
  const { device } = testDevice({ vram: 1, tracer: { wait: (fence: Fence) => void (watched && fence.signal()) } });
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  await fill(buffer, 3);
  addWork(buffer);
  buffer.unref();
  watched = true;
  const other = put(device, "vram");
  checkInvariants(device);
  assertEquals([different(array), await bytesIn(other), device.dyingBuffers], [[3], [0], 0]);
});

/** A released buffer whose bytes no window shows, and whose way back leads through a full GTT. */
async function stranded(): Promise<TestDevice & { array: Uint8Array; ended: number[][]; inTheWay: BufferObject }> {
  const bench = testDevice({ gtt: 1, visible: 0 });
  bench.driver.stop = (from, to) => from === "vram" && to === "system" ? { memoryType: "gtt" } : null;
  const array = new Uint8Array(PAGE_SIZE).fill(7);
  const ended: number[][] = [];
  const onDestroy = () => void ended.push(different(array));
  const buffer = bench.device.createBuffer({ bytes: PAGE_SIZE, kind: "sg", imported: array, onDestroy });
  place(buffer, "gtt");
  await fill(buffer, 6);
  place(buffer, "vram");
  array.fill(1);
  const inTheWay = put(bench.device, "gtt");
  pin(inTheWay);
  buffer.unref();
  checkInvariants(bench.device);
  assertEquals([different(array), bench.device.dyingBuffers, ended], [[1], 1, []]);
  return { ...bench, array, ended, inTheWay };
}

Deno.test("without room at a hop imported bytes stay on the device until buffers there are freed", async () => {
  const { device, array, ended, inTheWay } = await stranded();
  const work = addWork(inTheWay);
  inTheWay.unref();
  assertEquals(ended, []);
  work.signal();
  assertEquals([different(array), device.dyingBuffers, ended], [[6], 0, [[6]]]);
});

Deno.test("without room at a hop imported bytes are returned when the device is closed", async () => {
  const { device, array, ended, inTheWay } = await stranded();
  device.setUsed("gtt", false);
  inTheWay.unref();
  device.setUsed("gtt", true);
  assertEquals(ended, []);
  await device.close();
  assertEquals([different(array), ended], [[6], [[6]]]);
});

Deno.test("a buffer that waits for room at a hop returns its imported bytes when it is evicted", async () => {
  const { device, moves, array, ended, inTheWay } = await stranded();
  device.setUsed("gtt", false);
  touch(inTheWay, () => inTheWay.unpin());
  device.setUsed("gtt", true);
  assertEquals(ended, []);
  await device.evictAll("vram");
  assertEquals([different(array), device.dyingBuffers, ended, moves.at(-1)], [[6], 0, [[6]], "0 vram>gtt@0 evict"]);
});

for (const dispose of [false, true]) {
  Deno.test(`imported bytes are returned when a buffer in the way is ${dispose ? "no longer pinned by anybody" : "unpinned and unreserved"}`, async () => {
    const { device, array, ended, inTheWay } = await stranded();
    inTheWay.tryReserve();
    const second = inTheWay.pin();
    inTheWay.unpin();
    if (!dispose) inTheWay.unpin();
    assertEquals(ended, []);
    inTheWay.unreserve();
    second[Symbol.dispose]();
    assertEquals([different(array), device.dyingBuffers, ended], [[6], 0, [[6]]]);
    assertEquals([inTheWay.reserved, inTheWay.reservation.waiting, inTheWay.pins], [false, 0, 0]);
    checkInvariants(device);
  });
}

Deno.test("a hop that never has room does not keep the device from closing, and the exporter's array stays unchanged", async () => {
  const { device, array, ended, inTheWay } = await stranded();
  device.setUsed("gtt", false);
  inTheWay.unref();
  await device.close();
  assertEquals([different(array), ended], [[1], [[1]]]);
});

Deno.test("the return of imported bytes is not tried for ever on a device that fails", async () => {
  const line = new FenceContext("read back");
  const asked: string[] = [];
  /** First what is wanted fails after a while, then at once. */
  const ask = (what: string) => {
    if (asked.push(what) % 2 === 0) throw new Error("the bytes did not come");
    return { retryAfter: line.follow(Promise.reject(new Error("the bytes did not come"))) };
  };
  const driver: Driver = {
    name: "one way",
    memoryTypes: [{ name: "system" }, { name: "vram", pages: 1, fixed: true }],
    evictPlacement: () => only("system"),
    move: ({ destination }) => destination.table === null ? undefined : ask("move"),
    accessMemory: () => ask("read"),
  };
  const device = new BoDevice({ driver, managers: { vram: firstFit() } });
  const { buffer, array } = importOne(device);
  place(buffer, "vram");
  buffer.unref();
  await device.close();
  assertEquals([asked, different(array)], [["move", "move", "read", "read"], [7]]);
});

for (const breaks of [false, true]) {
  Deno.test(`when a move fails the CPU returns all imported bytes or none (the read fails: ${breaks})`, async () => {
    const vram = new Uint8Array(PAGE_SIZE);
    const driver: Driver = {
      name: "one way",
      memoryTypes: [{ name: "system" }, { name: "vram", pages: 1, fixed: true }],
      evictPlacement: () => only("system"),
      move({ source, destination }) {
        if (destination.table !== null) throw new Error("broken");
        vram.set(source?.table?.contents as Uint8Array);
      },
      accessMemory(_buffer, _offset, bytes) {
        bytes.set(vram.subarray(0, PAGE_SIZE / 2));
        if (breaks) throw new Error("broken");
        bytes.set(vram);
      },
    };
    await using device = new BoDevice({ driver, managers: { vram: firstFit() } });
    const array = new Uint8Array(new SharedArrayBuffer(PAGE_SIZE)).fill(7);
    const buffer = put(device, "vram", { kind: "sg", imported: array });
    vram.fill(9);
    buffer.unref();
    assertEquals(different(array), [breaks ? 7 : 9]);
  });
}
