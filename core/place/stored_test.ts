import { assertEquals } from "@std/assert";
import {
  type BoDevice,
  type BufferObject,
  checkInvariants,
  PAGE_SIZE,
  reserveList,
  TranslationTable,
  type UserMap,
} from "../mod.ts";
import {
  bytesIn,
  fence,
  fill,
  only,
  place,
  put,
  refused,
  testDevice,
  touch,
  whileReserved,
} from "../testing_devices.ts";
import { readOnly, recordingStore } from "../testing_stores.ts";

const BYTES = PAGE_SIZE + 100;

/** A device, and a buffer of two pages that is born from a store; its bytes are 7. */
function born(options: Parameters<typeof testDevice>[0] & { readonly writable?: boolean } = {}) {
  const { writable = false, ...rest } = options;
  const store = recordingStore({ weights: [BYTES, 7] });
  const swap = recordingStore();
  const test = testDevice({ store: swap, ...rest });
  const stored = { key: "weights", store: writable ? store : readOnly(store) };
  const buffer = test.device.createBuffer({ bytes: BYTES, stored });
  return { ...test, store, swap, buffer };
}

const isGone = (buffer: BufferObject) => [buffer.memoryType, buffer.swapped, buffer.tt?.populated ?? null];

Deno.test("a buffer that is born from a store is swapped out in SYSTEM, and nothing is read before it is needed", async () => {
  const { device, buffer, store } = born();
  assertEquals([isGone(buffer), buffer.clean, device.global.usedPages], [["system", true, false], true, 0]);
  place(buffer, "system");
  assertEquals(store.calls, []);
  assertEquals([await bytesIn(buffer), store.calls], [[7], ["read weights"]]);
  checkInvariants(device);
});

const uses: Readonly<Record<string, (buffer: BufferObject) => unknown>> = {
  "read()": (buffer) => buffer.read(),
  "populate()": (buffer) => buffer.populate(),
  "a validate to VRAM": (buffer) => buffer.validate(only("vram")),
  "a validate to GTT": (buffer) => buffer.validate(only("gtt")),
  "a map of the kernel": (buffer) => buffer.map(),
  "a write of a part": (buffer) => buffer.write(new Uint8Array([7]), { offset: 5 }),
};
for (const [name, use] of Object.entries(uses)) {
  Deno.test(`what the store has is there after ${name}; the last page is filled up with zeros`, async () => {
    const { device, buffer, store } = born();
    await buffer.reserve();
    await use(buffer);
    using map = await buffer.map();
    assertEquals([...new Set(map.bytes.subarray(0, BYTES))], [7]);
    assertEquals([map.bytes.length, ...new Set(map.bytes.subarray(BYTES))], [2 * PAGE_SIZE, 0]);
    assertEquals(store.calls, ["read weights"]);
    checkInvariants(device);
  });
}

Deno.test("what the store has is there through a map of a user", async () => {
  const { buffer, store } = born();
  using map = buffer.mmap();
  assertEquals([await map.read(PAGE_SIZE, 1), store.calls], [new Uint8Array([7]), ["read weights"]]);
});

Deno.test("a clean buffer that is evicted from fixed memory moves no bytes and has no host pages; it is read again", async () => {
  const { device, driver, buffer, store, swap, moves } = born({ vram: 2 });
  place(buffer, "vram");
  assertEquals([buffer.clean, device.global.usedPages], [true, 0]);
  const before = driver.requests.length;
  const other = put(device, "vram");
  assertEquals([isGone(buffer), buffer.clean, device.global.usedPages], [["system", true, false], true, 0]);
  assertEquals(driver.requests.slice(before).map((request) => request.buffer.id), [other.id]);
  assertEquals([moves.at(-2), ...driver.calls.slice(-4, -2)], [
    "0 vram>system@0 evict",
    "notify 0 vram>null",
    "notify 0 null>system",
  ]);
  assertEquals([await bytesIn(buffer), store.calls, swap.calls], [[7], ["read weights", "read weights"], []]);
  checkInvariants(device);
});

Deno.test("a clean buffer drops its bytes also when it is validated from VRAM to SYSTEM, not when it goes to GTT", async () => {
  const { driver, buffer, store } = born();
  place(buffer, "vram");
  place(buffer, "gtt");
  assertEquals([buffer.swapped, buffer.clean, driver.requests.length], [false, true, 2]);
  place(buffer, "vram");
  place(buffer, "system");
  assertEquals([isGone(buffer), driver.requests.length, store.calls.length], [["system", true, false], 3, 1]);
  assertEquals(await bytesIn(buffer), [7]);
});

Deno.test("an evicted clean buffer takes no way round by a stop, and the caches are flushed when it is back", async () => {
  const { device, driver, buffer } = born();
  place(buffer, "vram");
  driver.stop = () => ({ memoryType: "gtt" });
  await device.evictFirst("vram");
  driver.stop = () => null;
  assertEquals([isGone(buffer), driver.calls.includes("invalidate 0")], [["system", true, false], false]);
  place(buffer, "vram");
  assertEquals(driver.calls.includes("invalidate 0"), true);
});

Deno.test("swapping out a clean buffer writes nothing", async () => {
  for (const writable of [true, false]) {
    const { device, buffer, store, swap } = born({ writable });
    assertEquals(await bytesIn(buffer), [7]);
    assertEquals([await device.swapOut(), buffer.swapped, device.global.usedPages], [2, true, 0]);
    assertEquals([store.calls, swap.calls], [["read weights"], []]);
    assertEquals([await bytesIn(buffer), buffer.clean], [[7], true]);
  }
});

const dirtying: Readonly<Record<string, (buffer: BufferObject, device: BoDevice) => unknown>> = {
  "a write by the CPU": (buffer) => fill(buffer, 7),
  "a map of the kernel": async (buffer) => {
    await buffer.reserve();
    using _map = await buffer.map();
    buffer.unreserve();
  },
  "a write through a map of a user": (buffer) => withUserMap(buffer, (map) => map.write(0, new Uint8Array([7]))),
  "a write through a map of a user that causes no fault": (buffer) =>
    withUserMap(buffer, async (map) => {
      await map.read(0, 1);
      assertEquals([buffer.clean, map.presentPages], [true, 2]);
      await map.write(0, new Uint8Array([7]));
    }),
  "a grab for writes by the CPU": async (buffer) => (await buffer.grabForCpuWrite())[Symbol.dispose](),
  "work that writes": (buffer) => touch(buffer, () => buffer.addFence(fence(), "write")),
  "work of the kernel": (buffer) => touch(buffer, () => buffer.addFence(fence(), "kernel")),
  "work that writes and has ended": (buffer) => {
    const work = fence();
    work.signal();
    touch(buffer, () => buffer.addFence(work, "write"));
  },
  "a list that writes": async (buffer) => (await reserveList([{ buffer }])).fence(fence()),
  "a list in which it is a duplicate that writes": async (buffer, device) => {
    const other = device.createBuffer({ bytes: 1, reservation: buffer.reservation });
    const list = await reserveList([{ buffer: other, usage: "read" }, { buffer }], { skipDuplicates: true });
    list.fence(fence());
  },
  "work that writes another buffer of its reservation": (buffer, device) => {
    const other = device.createBuffer({ bytes: 1, reservation: buffer.reservation });
    touch(other, () => other.addFence(fence(), "write"));
  },
  "a fence that is added to its reservation itself": (buffer) => buffer.reservation.fences.add(fence(), "write"),
};
const harmless: typeof dirtying = {
  "a read by the CPU": (buffer) => bytesIn(buffer),
  "a read through a map of a user": (buffer) => withUserMap(buffer, (map) => map.read(0, 1)),
  "work that reads": (buffer) => touch(buffer, () => buffer.addFence(fence(), "read")),
  "work that only keeps it": (buffer) => touch(buffer, () => buffer.addFence(fence(), "bookkeep")),
  "a list that reads": async (buffer) => (await reserveList([{ buffer, usage: "read" }])).fence(fence()),
  "a list that is given up": async (buffer) => (await reserveList([{ buffer }]))[Symbol.dispose](),
  "moves": (buffer) => ["gtt", "system", "vram", "gtt"].forEach((type) => place(buffer, type)),
};

async function withUserMap(buffer: BufferObject, use: (map: UserMap) => Promise<unknown>): Promise<void> {
  using map = buffer.mmap();
  await use(map);
}

for (const memoryType of ["system", "vram"]) {
  for (const [name, act] of Object.entries(dirtying)) {
    Deno.test(`${name} makes a buffer in ${memoryType} dirty`, async () => {
      const { device, buffer } = born();
      place(buffer, memoryType);
      await act(buffer, device);
      assertEquals(buffer.clean, false);
      checkInvariants(device);
    });
  }
  for (const [name, act] of Object.entries(harmless)) {
    Deno.test(`${name} leaves a buffer in ${memoryType} clean`, async () => {
      const { device, buffer } = born();
      place(buffer, memoryType);
      await act(buffer, device);
      assertEquals(buffer.clean, true);
      checkInvariants(device);
    });
  }
}

Deno.test("a dirty buffer is evicted with its bytes, to where its driver wants it", async () => {
  const { device, driver, buffer, store } = born();
  place(buffer, "vram");
  await fill(buffer, 8);
  await device.evictFirst("vram");
  assertEquals([buffer.memoryType, driver.requests.length, await bytesIn(buffer)], ["gtt", 2, [8]]);
  assertEquals(store.calls, ["read weights"]);
});

Deno.test("dirty contents replace those under the key, and are clean then", async () => {
  const { device, buffer, store, swap } = born({ writable: true });
  await fill(buffer, 8);
  assertEquals(await device.swapOut(), 2);
  assertEquals([buffer.clean, store.kept.get("weights")], [true, new Uint8Array(BYTES).fill(8)]);
  assertEquals(await bytesIn(buffer), [8]);
  await device.swapOut();
  buffer.unref();
  assertEquals(store.calls, ["read weights", "write weights", "read weights"]);
  assertEquals([swap.calls, store.kept.size], [[], 1]);
});

Deno.test("dirty contents of a read-only store go to the store of the device, and are deleted there when they are back", async () => {
  const { device, buffer, store, swap } = born();
  await fill(buffer, 8);
  await device.swapOut();
  assertEquals([buffer.clean, swap.kept.size, isGone(buffer)], [false, 1, ["system", true, false]]);
  checkInvariants(device);
  assertEquals([await bytesIn(buffer), swap.kept.size, buffer.clean], [[8], 0, false]);
  await device.swapOut();
  buffer.unref();
  assertEquals([swap.kept.size, [...store.kept.keys()], store.calls], [0, ["weights"], ["read weights"]]);
});

Deno.test("a write to the store that fails leaves the bytes in memory, dirty, and is tried again", async () => {
  for (const writable of [true, false]) {
    const { device, buffer, store, swap } = born({ writable });
    await fill(buffer, 8);
    const target = writable ? store : swap;
    target.failing = "write";
    assertEquals([await device.swapOut(), buffer.swapped, buffer.clean], [0, false, false]);
    target.failing = "";
    assertEquals([await device.swapOut(), buffer.swapped, await bytesIn(buffer)], [2, true, [8]]);
  }
});

Deno.test("a purge takes a buffer back to what its store has, in whatever place and state it is", async () => {
  for (const memoryType of ["system", "gtt", "vram"]) {
    for (const isBusy of [false, true]) {
      const { device, buffer, store } = born();
      place(buffer, memoryType);
      await fill(buffer, 8);
      const work = fence();
      if (isBusy) touch(buffer, () => buffer.addFence(work, "write"));
      place(buffer, { placement: [] });
      assertEquals([isGone(buffer), buffer.clean], [[null, true, false], true]);
      checkInvariants(device);
      work.signal();
      place(buffer, "vram");
      assertEquals(await bytesIn(buffer), [7]);
      assertEquals([store.calls.filter((call) => !call.startsWith("read")), store.kept.size], [[], 1]);
      checkInvariants(device);
    }
  }
});

Deno.test("a purge drops what a read-only buffer has in the store of the device", async () => {
  const { device, buffer, swap } = born();
  await fill(buffer, 8);
  await device.swapOut();
  place(buffer, { placement: [] });
  assertEquals([swap.kept.size, await bytesIn(buffer)], [0, [7]]);
});

Deno.test("contents that are not as long as the buffer are EIO, and can be read once they are", async () => {
  const { device, buffer, store } = born();
  for (const length of [0, BYTES - 1, BYTES + 1, 2 * PAGE_SIZE]) {
    store.kept.set("weights", new Uint8Array(length));
    const message = `returned ${length} bytes for buffer 0 under weights, not ${BYTES}`;
    const { cause } = await refused(() => whileReservedAsync(buffer, () => buffer.read()), "EIO");
    assertEquals((cause as Error).message.includes(message), true, String(cause));
    assertEquals([isGone(buffer), device.global.usedPages], [["system", true, false], 0]);
  }
  store.kept.set("weights", new Uint8Array(BYTES).fill(9));
  assertEquals(await bytesIn(buffer), [9]);
});

Deno.test("contents that have changed since they were read are EIO", async () => {
  const { device, buffer, store } = born();
  assertEquals(await bytesIn(buffer), [7]);
  await device.swapOut();
  store.kept.set("weights", new Uint8Array(BYTES).fill(9));
  assertEquals(await bytesIn(buffer), "EIO");
  store.kept.set("weights", new Uint8Array(BYTES).fill(7));
  assertEquals(await bytesIn(buffer), [7]);
});

Deno.test("a read that fails is EIO and leaves everything as it was, wherever the buffer was to go", async () => {
  const { device, buffer, store } = born();
  store.failing = "read";
  for (const memoryType of ["vram", "gtt"]) {
    await refused(() => whileReserved(buffer, () => buffer.tryValidate(only(memoryType))), "EIO", "bad sector");
    assertEquals([isGone(buffer), device.usage(memoryType).usedPages], [["system", true, false], 0]);
    checkInvariants(device);
  }
  store.failing = "";
  place(buffer, "vram");
  assertEquals(await bytesIn(buffer), [7]);
});

Deno.test("the range of a clean buffer is handed on at once, and the next tenant comes after the work on it", async () => {
  const { device, driver, buffer } = born({ ordered: true, vram: 2 });
  place(buffer, "vram");
  driver.finishCopy();
  const work = fence();
  touch(buffer, () => buffer.addFence(work, "read"));
  const other = put(device, "vram");
  assertEquals([isGone(buffer), other.memoryType], [["system", true, false], "vram"]);
  assertEquals(driver.requests.at(-1)?.after, [work]);
  work.signal();
  driver.finishCopy();
  assertEquals(await bytesIn(buffer), [7]);
  checkInvariants(device);
});

Deno.test("without ordered moves a clean buffer leaves when the work on it has ended", () => {
  const { device, buffer } = born({ vram: 2 });
  place(buffer, "vram");
  const work = fence();
  touch(buffer, () => buffer.addFence(work, "read"));
  const other = device.createBuffer({ bytes: 1 });
  other.tryReserve();
  assertEquals([other.tryValidate(only("vram")), buffer.memoryType], [work, "vram"]);
  work.signal();
  assertEquals([other.tryValidate(only("vram")), isGone(buffer)], [null, ["system", true, false]]);
  other.unreserve();
  checkInvariants(device);
});

Deno.test("where evictions are not pipelined the work on a clean buffer is waited for", () => {
  const { device, driver, buffer } = born({ ordered: true, vram: 2, pipelined: false });
  place(buffer, "vram");
  driver.finishCopy();
  const work = fence();
  touch(buffer, () => buffer.addFence(work, "read"));
  const other = device.createBuffer({ bytes: 1 });
  other.tryReserve();
  assertEquals([other.tryValidate(only("vram")), buffer.memoryType], [work, "vram"]);
  work.signal();
  assertEquals([other.tryValidate(only("vram")), isGone(buffer)], [null, ["system", true, false]]);
});

Deno.test("what a failed copy lost of a clean buffer is read again where the buffer is needed, evicted or not", async () => {
  for (const isEvicted of [false, true]) {
    const { device, driver, buffer } = born({ ordered: true });
    place(buffer, "vram");
    driver.finishCopy(new Error("the device was reset"));
    if (isEvicted) await device.evictFirst("vram");
    place(buffer, "vram");
    driver.finishCopy();
    assertEquals([buffer.memoryType, await bytesIn(buffer)], ["vram", [7]]);
  }
});

Deno.test("a copy that fails after its buffer was dropped loses nothing", async () => {
  const { device, driver, buffer } = born({ ordered: true });
  place(buffer, "vram");
  await device.evictFirst("vram");
  driver.finishCopy(new Error("the device was reset"));
  assertEquals(await bytesIn(buffer), [7]);
});

Deno.test("a driver that keeps no bytes has none of a store", async () => {
  const { device, driver } = testDevice();
  const destroyed: number[] = [];
  const codec = { encode: () => new Uint8Array(), decode: () => [] };
  driver.table = ({ pages }) => new TranslationTable(pages, () => [], { codec });
  const stored = { key: "weights", store: readOnly(recordingStore()) };
  const onDestroy = ({ id }: { id: number }) => void destroyed.push(id);
  const error = await refused(() => device.createBuffer({ bytes: 1, stored, onDestroy }), "ENODEV");
  assertEquals((error.cause as Error).message, 'driver "test" keeps no bytes, which is what a store has');
  driver.table = () => null;
  await refused(() => device.createBuffer({ bytes: 1, stored, onDestroy }), "ENOMEM");
  assertEquals([destroyed.length, device.liveBuffers, device.usage("system").usedPages], [2, 0, 0]);
  checkInvariants(device);
});

Deno.test("a device needs a store that can be written", async () => {
  await refused(
    () => testDevice({ store: readOnly(recordingStore()) as never }),
    "EINVAL",
    "options.store.write must be a function",
  );
  const store = { ...recordingStore(), readOnly: true as never };
  await refused(() => testDevice({ store }), "EINVAL", 'store "recording" can only be read');
});

Deno.test("the store of the device is where the key is unless another store is named", async () => {
  const store = recordingStore({ mine: [PAGE_SIZE, 3] });
  const { device } = testDevice({ store });
  const buffer = device.createBuffer({ bytes: PAGE_SIZE, stored: { key: "mine" } });
  await fill(buffer, 4);
  await device.swapOut();
  buffer.unref();
  assertEquals([store.calls, store.kept.get("mine")?.[0]], [["read mine", "write mine"], 4]);
  await device.close();
  assertEquals(store.kept.size, 1);
});

Deno.test("buffers may share a key that is only read", async () => {
  const { device, buffer, store } = born();
  const other = device.createBuffer({ bytes: BYTES, stored: { key: "weights", store: readOnly(store) } });
  await fill(buffer, 8);
  await device.global.swapOutAll();
  assertEquals([await bytesIn(buffer), await bytesIn(other)], [[8], [7]]);
});

Deno.test("uploads that are under way count as host memory, and the next one waits for them", async () => {
  const store = recordingStore({ a: [2 * PAGE_SIZE, 1], b: [2 * PAGE_SIZE, 2] });
  const { device, driver } = testDevice({ ordered: true, limits: { pages: 2 } });
  const [a, b] = ["a", "b"].map((key) =>
    device.createBuffer({ bytes: 2 * PAGE_SIZE, stored: { key, store: readOnly(store) } })
  ) as [BufferObject, BufferObject];
  place(a, "vram");
  assertEquals([device.global.usedPages, b.tryReserve()], [2, true]);
  assertEquals([b.tryValidate(only("vram")), device.global.usedPages, store.calls.length], [
    driver.copies[0]?.fence,
    2,
    1,
  ]);
  driver.finishCopy();
  assertEquals([b.tryValidate(only("vram")), device.global.usedPages], [null, 2]);
  driver.finishCopy();
  b.unreserve();
  assertEquals([device.global.usedPages, await bytesIn(a), await bytesIn(b)], [0, [1], [2]]);
});

async function whileReservedAsync<Result>(buffer: BufferObject, act: () => Promise<Result>): Promise<Result> {
  using _reservation = await buffer.reserve();
  return await act();
}

Deno.test("a submission that writes makes a buffer dirty, also without a fence or if its work throws, one that reads does not", async () => {
  const submitted = async (usage: "read" | "write", work: () => void) => {
    const { device, buffer } = born();
    await device.submit([{ buffer, usage, placement: only("vram") }], work).catch(() => {});
    return buffer.clean;
  };
  const fail = () => {
    throw new Error("the work fails");
  };
  assertEquals(await submitted("read", () => {}), true);
  assertEquals([await submitted("write", () => {}), await submitted("write", fail)], [false, false]);
});

Deno.test("who says that the device has lost contents names a buffer of the device", async () => {
  const { buffer, driver, store } = born();
  await refused(() => driver.lose(born().buffer, new Error("gone")), "EINVAL", "not a buffer of this device");
  place(buffer, "vram");
  driver.lose(buffer, undefined);
  assertEquals([await bytesIn(buffer), store.calls.length], [[7], 2]);
});

Deno.test("a pinned buffer whose contents are lost stays where it is, and lost, until it is unpinned", async () => {
  const { buffer, driver, store } = born();
  place(buffer, "vram");
  await buffer.reserve();
  buffer.pin();
  driver.lose(buffer, new Error("gone"));
  const { cause } = await refused(() => buffer.read(), "EIO", "the contents of buffer 0 are lost");
  assertEquals([((cause as Error).cause as Error).message, buffer.memoryType, store.calls.length], ["gone", "vram", 1]);
  buffer.unpin();
  buffer.unreserve();
  assertEquals([await bytesIn(buffer), store.calls.length], [[7], 2]);
});

Deno.test("contents that are lost elsewhere than in VRAM are read again, too, and a map of the kernel has them", async () => {
  const { buffer, driver, store } = born();
  place(buffer, "gtt");
  driver.lose(buffer, new Error("gone"));
  await buffer.reserve();
  using map = await buffer.map();
  assertEquals([map.bytes[0], buffer.memoryType, store.calls.length], [7, "system", 2]);
  buffer.unreserve();
});
