import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  memoryStore,
  type RebindRequest,
  type SwapStore,
  TranslationTable,
} from "../mod.ts";
import {
  addWork,
  bytesIn,
  fence,
  fill,
  only,
  pin,
  place,
  put,
  refused,
  testDevice,
  TestDriver,
  touch,
  whileReserved,
} from "../testing_devices.ts";

/** A store in memory that lists its keys, and fails when it is told to. */
function watchedStore() {
  const inner = memoryStore();
  const keys = new Set<string>();
  const store = {
    name: "watched",
    keys,
    failing: "" as "" | "write" | "read",
    spoil: (bytes: Uint8Array) => bytes,
    write(key: string, bytes: Uint8Array) {
      if (store.failing === "write") throw new Error("disk full");
      keys.add(key);
      return inner.write(key, bytes);
    },
    read(key: string) {
      if (store.failing === "read") throw new Error("bad sector");
      return store.spoil(inner.read(key) as Uint8Array);
    },
    delete(key: string) {
      keys.delete(key);
      return inner.delete(key);
    },
  };
  return store satisfies SwapStore;
}

/** A buffer with bytes in it. */
async function filled(device: BoDevice, memoryType: string, byte: number, options = {}): Promise<BufferObject> {
  const buffer = put(device, memoryType, options);
  await fill(buffer, byte);
  return buffer;
}

const swapped = (buffers: readonly BufferObject[]) => buffers.map((buffer) => buffer.swapped);

Deno.test("buffers are swapped out one by one: SYSTEM first, then GTT, by priority, then oldest first", async () => {
  const { device } = testDevice();
  const order = [
    await filled(device, "system", 1, { priority: 1 }),
    await filled(device, "gtt", 2),
    await filled(device, "system", 3),
    await filled(device, "system", 4),
  ];
  const [important, gtt, oldest, newest] = order as [BufferObject, BufferObject, BufferObject, BufferObject];
  for (const [at, next] of [oldest, newest, important, gtt].entries()) {
    assertEquals([await device.swapOut(), next.swapped], [1, true], `turn ${at}`);
    checkInvariants(device);
  }
  assertEquals([await device.swapOut(), device.global.usedPages], [0, 0]);
  assertEquals(gtt.memoryType, "system");
});

Deno.test("reserved, pinned, imported, unpopulated and swapped out buffers are skipped", async () => {
  const { device } = testDevice();
  const reserved = await filled(device, "system", 1);
  reserved.tryReserve();
  const pinned = await filled(device, "system", 2);
  pin(pinned);
  const barelyPinned = await filled(device, "system", 2);
  whileReserved(barelyPinned, () => barelyPinned.pin());
  const imported = put(device, "system", { kind: "sg", imported: new Uint8Array(4096) });
  await fill(imported, 3);
  put(device, "system");
  const plain = await filled(device, "system", 4);
  assertEquals([await device.swapOut(), await device.swapOut()], [1, 0]);
  assertEquals(swapped([reserved, pinned, barelyPinned, imported, plain]), [false, false, false, false, true]);
  touch(plain);
  assertEquals([await device.swapOut(), await bytesIn(plain)], [0, [4]]);
  reserved.unreserve();
  checkInvariants(device);
});

Deno.test("swapOut() of one memory type frees as many pages as requested, if it has them", async () => {
  const { device } = testDevice();
  const buffers = [];
  for (const byte of [1, 2, 3]) buffers.push(await filled(device, "gtt", byte, { pages: 2 }));
  await filled(device, "system", 4);
  assertEquals(await device.swapOut({ memoryType: "gtt", pages: 3 }), 4);
  assertEquals(swapped(buffers), [true, true, false]);
  assertEquals(await device.swapOut({ memoryType: "gtt", pages: 100 }), 2);
  assertEquals(await device.swapOut({ memoryType: "gtt", pages: 1 }), 0);
  assertEquals(device.usage("gtt").usedPages, 0);
});

const comebacks: Readonly<Record<string, (buffer: BufferObject) => unknown>> = {
  "a read": () => {},
  "a move to VRAM": (buffer) => place(buffer, "vram"),
  "a bind to GTT": (buffer) => place(buffer, "gtt"),
  "populate()": async (buffer) => {
    buffer.tryReserve();
    await buffer.populate();
    buffer.unreserve();
  },
  "a map": async (buffer) => {
    buffer.tryReserve();
    (await buffer.map())[Symbol.dispose]();
    buffer.unreserve();
  },
};
for (const [name, comeBack] of Object.entries(comebacks)) {
  Deno.test(`${name} swaps a buffer in with its bytes, and deletes its key`, async () => {
    const store = watchedStore();
    const { device } = testDevice({ store });
    const buffer = await filled(device, "gtt", 5, { pages: 3 });
    await device.swapOut();
    assertEquals([buffer.swapped, buffer.tt?.populated, store.keys.size], [true, false, 1]);
    await comeBack(buffer);
    assertEquals([await bytesIn(buffer), buffer.swapped, store.keys.size], [[5], false, 0]);
    checkInvariants(device);
  });
}

Deno.test("a write to a swapped out buffer keeps its other bytes", async () => {
  const { device } = testDevice();
  const buffer = await filled(device, "system", 7);
  await device.swapOut();
  buffer.tryReserve();
  await buffer.write(new Uint8Array([1]), { offset: 100 });
  assertEquals(await buffer.read({ offset: 99, length: 3 }), new Uint8Array([7, 1, 7]));
});

Deno.test("a validate that leaves a swapped buffer in SYSTEM leaves it swapped", async () => {
  const { device } = testDevice();
  const buffer = await filled(device, "system", 7);
  await device.swapOut();
  place(buffer, "system");
  assertEquals([buffer.swapped, await bytesIn(buffer)], [true, [7]]);
});

Deno.test("a failed write to the store leaves the buffer in memory, and the next buffer is tried", async () => {
  const store = watchedStore();
  const { device } = testDevice({ store });
  const buffers = [await filled(device, "system", 1), await filled(device, "gtt", 2)];
  store.failing = "write";
  assertEquals([await device.swapOut(), swapped(buffers), store.keys.size], [0, [false, false], 0]);
  checkInvariants(device);
  store.failing = "";
  assertEquals(await device.swapOut(), 1);
  assertEquals([await bytesIn(buffers[0] as BufferObject), await bytesIn(buffers[1] as BufferObject)], [[1], [2]]);
});

Deno.test("a failed read from the store is EIO with the cause, leaves the buffer swapped out, and can be tried again", async () => {
  const store = watchedStore();
  const { device } = testDevice({ store });
  const buffer = await filled(device, "system", 6);
  await device.swapOut();
  store.failing = "read";
  buffer.tryReserve();
  const error = await refused(() => buffer.read(), "EIO", "bad sector");
  assertEquals((error.cause as Error).message, "bad sector");
  await refused(() => buffer.validate(only("vram")), "EIO", "bad sector");
  await refused(() => buffer.populate(), "EIO", "bad sector");
  assertEquals([buffer.swapped, buffer.memoryType, device.global.usedPages], [true, "system", 0]);
  store.failing = "";
  assertEquals((await buffer.read({ length: 1 }))[0], 6);
  buffer.unreserve();
  checkInvariants(device);
});

for (
  const [name, spoil] of [
    ["other bytes", (bytes: Uint8Array) => bytes.fill(0, 0, 1)],
    ["too few", (bytes: Uint8Array) => bytes.subarray(1)],
    ["none", () => undefined as never],
  ] as const
) {
  Deno.test(`a store that reads back ${name} is EIO`, async () => {
    const store = watchedStore();
    const { device } = testDevice({ store });
    const buffer = await filled(device, "system", 6);
    await device.swapOut();
    store.spoil = spoil;
    buffer.tryReserve();
    await refused(() => buffer.read(), "EIO");
    store.spoil = (bytes) => bytes;
    assertEquals([buffer.swapped, (await buffer.read({ length: 1 }))[0]], [true, 6]);
  });
}

Deno.test("buffers that share a reservation are busy until the last transfer has ended, in any order", async () => {
  const inner = memoryStore();
  const reads: (() => void)[] = [];
  const read = async (key: string) => {
    await new Promise<void>((resolve) => reads.push(resolve));
    return inner.read(key);
  };
  const { device } = testDevice({ store: { ...inner, read } });
  const first = await filled(device, "system", 1);
  const second = await filled(device, "system", 2, { reservation: first.reservation });
  await device.global.swapOutAll();
  assertEquals([swapped([first, second]), first.tryReserve()], [[true, true], true]);
  const populating = [first.populate(), second.populate()] as const;
  reads[1]?.();
  await populating[1];
  assertEquals([swapped([first, second]), first.busy], [[true, false], true]);
  reads[0]?.();
  await populating[0];
  assertEquals([swapped([first, second]), first.busy], [[false, false], false]);
  first.unreserve();
});

Deno.test("a user's own swap key is kept in the store after a swap-in and after the buffer is freed", async () => {
  const store = watchedStore();
  const { device } = testDevice({ store });
  store.write("shm-7", new Uint8Array(4096));
  const buffer = await filled(device, "system", 6, { stored: { key: "shm-7" } });
  await device.swapOut();
  assertEquals([...store.keys], ["shm-7"]);
  assertEquals(await bytesIn(buffer), [6]);
  buffer.unref();
  assertEquals([...store.keys], ["shm-7"]);
});

Deno.test("a purge and a release delete the buffer's key in the store", async () => {
  const store = watchedStore();
  const { device } = testDevice({ store });
  const [purged, released] = [await filled(device, "system", 1), await filled(device, "system", 2)];
  await device.global.swapOutAll();
  assertEquals(store.keys.size, 2);
  place(purged, { placement: [] });
  released.unref();
  assertEquals([store.keys.size, await bytesIn(purged)], [0, [0]]);
  checkInvariants(device);
});

Deno.test("the driver is told before pages in SYSTEM are written, and the tracer after a swapout and a swap-in", async () => {
  const told: unknown[] = [];
  const { device, driver } = testDevice({
    tracer: {
      swapOut: ({ id, swapped }) => told.push(["out", id, swapped]),
      swapIn: ({ id, swapped }) => told.push(["in", id, swapped]),
    },
  });
  const buffer = await filled(device, "gtt", 1);
  Object.assign(driver, {
    swapNotify: ({ id, memoryType, tt, busy }: BufferObject) =>
      told.push(["notify", id, memoryType, tt?.populated, busy]),
  });
  await device.swapOut();
  await bytesIn(buffer);
  assertEquals(told.map((event) => String(event)), ["notify,0,system,true,false", "out,0,true", "in,0,true"]);
});

Deno.test("swapOut() waits for the work on a buffer; with noWait it takes the next one", async () => {
  const { device, clock } = testDevice();
  const busy = await filled(device, "system", 1);
  const work = addWork(busy);
  const idle = await filled(device, "system", 2);
  assertEquals([await device.swapOut({ noWait: true }), swapped([busy, idle])], [1, [false, true]]);
  const swapping = device.swapOut();
  await new Promise((resolve) => setTimeout(resolve, 0));
  work.signal();
  assertEquals([await swapping, busy.swapped], [1, true]);
  assertEquals(await bytesIn(busy), [1]);
  addWork(busy, fence("hang"));
  const hanging = refused(() => device.swapOut(), "EBUSY", "the work on a buffer has not ended");
  await new Promise((resolve) => setTimeout(resolve, 0));
  clock.advanceTo(15_000);
  await hanging;
  assertEquals(await device.swapOut({ noWait: true }), 0);
});

Deno.test("an aborted signal ends a wait of swapOut()", async () => {
  const { device } = testDevice();
  addWork(await filled(device, "system", 1));
  const abort = new AbortController();
  const swapping = device.swapOut({ signal: abort.signal });
  abort.abort("enough");
  assertEquals(await swapping.catch((reason) => reason), "enough");
});

Deno.test("swapOut() waits for a dying buffer and frees it instead of writing it", async () => {
  const store = watchedStore();
  const { device } = testDevice({ store });
  const dying = await filled(device, "system", 1, { pages: 2 });
  const work = addWork(dying);
  dying.unref();
  const swapping = device.swapOut();
  await new Promise((resolve) => setTimeout(resolve, 0));
  work.signal();
  assertEquals([await swapping, store.keys.size, device.dyingBuffers], [0, 0, 0]);
});

Deno.test("a buffer that cannot move to SYSTEM stays where it is, and the next one is swapped out", async () => {
  const { device, driver } = testDevice();
  const stuck = await filled(device, "gtt", 1);
  const free = await filled(device, "gtt", 2);
  driver.stop = (from) => from === "gtt" ? { memoryType: "vram" } : null;
  driver.beforeMove = ({ buffer }) => {
    if (buffer === stuck) throw new Error("no");
  };
  assertEquals([await device.swapOut({ memoryType: "gtt" }), stuck.memoryType, free.swapped], [1, "gtt", true]);
  driver.beforeMove = () => {};
  driver.stop = () => null;
  assertEquals([await bytesIn(stuck), await bytesIn(free)], [[1], [2]]);
  checkInvariants(device);
});

Deno.test("pages that are not bytes are swapped out only with a codec", async () => {
  const { device, driver } = testDevice();
  driver.table = ({ pages }) => new TranslationTable(pages, () => ["stamp"]);
  const mute = put(device, "gtt");
  driver.table = ({ pages }) =>
    new TranslationTable(pages, () => ["stamp"], {
      codec: {
        encode: ([text]) => new TextEncoder().encode(text),
        decode: (bytes) => [new TextDecoder().decode(bytes)],
      },
    });
  const fluent = put(device, "gtt");
  assertEquals([await device.swapOut({ memoryType: "gtt", pages: 2 }), swapped([mute, fluent])], [1, [false, true]]);
  place(fluent, "gtt");
  assertEquals(fluent.tt?.contents, ["stamp"]);
});

for (
  const [options, message] of [
    [{ memoryType: "disk" }, "Cannot swap out from"],
    [{ memoryType: "vram" }, "its buffers have no host pages"],
    [{ memoryType: "gtt", pages: 0 }, "pages must be a whole number"],
    [{ memoryType: "gtt", pages: 1.5 }, "pages must be a whole number"],
    [{ memoryType: "gtt", pages: NaN }, "pages must be a whole number"],
    [{ pages: 2 }, "pages must be a whole number from 1 to 1"],
    [{ noWait: "yes" }, "noWait"],
    [null, "the options"],
  ] as const
) {
  Deno.test(`swapOut() refuses ${JSON.stringify(options)}`, async () => {
    await refused(() => testDevice().device.swapOut(options as never), "EINVAL", message);
  });
}

Deno.test("populate() is for a reserved buffer that has host pages", async () => {
  const { device } = testDevice();
  const buffer = put(device, "system");
  await refused(() => buffer.populate(), "EINVAL", "it is not reserved");
  buffer.tryReserve();
  await refused(() => buffer.populate({ noWait: 1 as never }), "EINVAL", "noWait");
  await buffer.populate();
  await buffer.populate();
  assertEquals([buffer.tt?.populated, device.global.usedPages], [true, 1]);
  buffer.unreserve();
  const vram = put(device, "vram");
  vram.tryReserve();
  await refused(() => vram.populate(), "EINVAL", "it has no host pages");
});

Deno.test("a swapout is not ended by the ghosts that it makes on the way", async () => {
  const driver = Object.assign(new TestDriver({ gtt2: 8 }), {
    rebind: ({ memoryType }: RebindRequest) => memoryType === "gtt2" ? fence() : "when idle" as const,
  });
  driver.stop = (from, to) => from === "gtt" && to === "system" ? { memoryType: "gtt2" } : null;
  const managers = { gtt: firstFit(), gtt2: firstFit(), vram: firstFit() };
  const device = new BoDevice({ driver, managers, tracer: { wait: (work) => work.signal() } });
  device.holdDelayedDestroy();
  const buffers = [put(device, "gtt"), put(device, "gtt", { priority: 1 })];
  assertEquals(await device.swapOut({ memoryType: "gtt", pages: 2 }), 2);
  assertEquals([buffers.map(({ swapped }) => swapped), device.dying.length], [[true, true], 2]);
});
