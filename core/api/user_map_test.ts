import { assertEquals } from "@std/assert";
import { firstFit } from "@ttm/first-fit";
import { BoDevice, checkInvariants, TranslationTable } from "../mod.ts";
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
} from "../testing_devices.ts";

/** Lets all pending tasks run until each of them is waiting. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

const one = (byte: number) => new Uint8Array([byte]);

Deno.test("a user's map follows the buffer through all memory types and the swap store, and its bytes stay", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram", { pages: 3 });
  using map = buffer.mmap();
  assertEquals(map.length, 3 * 4096);
  await map.write(4095, new Uint8Array([1, 2, 3]));
  for (const memoryType of ["gtt", "system", "gtt", "vram", "system"]) {
    place(buffer, memoryType);
    checkInvariants(device);
    assertEquals(await map.read(4094, 5), new Uint8Array([0, 1, 2, 3, 0]), memoryType);
    await map.write(3 * 4096 - 1, one(9));
    checkInvariants(device);
  }
  assertEquals(await device.swapOut(), 3);
  assertEquals([map.presentPages, buffer.swapped], [0, true]);
  assertEquals(await map.read(4094, 5), new Uint8Array([0, 1, 2, 3, 0]));
  assertEquals(buffer.swapped, false);
  place(buffer, { placement: [] });
  assertEquals([map.presentPages, await map.read(4094, 5)], [0, new Uint8Array(5)]);
});

Deno.test("a map's pages are unmapped when the place or the caching changes, and not when the same pages are only bound", async () => {
  const { device } = testDevice();
  const buffer = put(device, only("system", { caching: ["cached"] }));
  using map = buffer.mmap();
  const present = async (to: Parameters<typeof place>[1]) => {
    await map.read(0, 1);
    place(buffer, to);
    return map.presentPages;
  };
  assertEquals(await present(only("gtt", { caching: ["cached"] })), 1);
  assertEquals(await present(only("gtt", { caching: ["wc"] })), 0);
  assertEquals(await present(only("vram")), 0);
  assertEquals(await present(only("vram")), 1);
  assertEquals(await present(only("system", { caching: ["wc"] })), 0);
  await map.read(0, 1);
  buffer.unmapVirtual();
  assertEquals(map.presentPages, 0);
});

Deno.test("users' pages are unmapped before the driver is asked to move", async () => {
  const { device, driver } = testDevice();
  const buffer = put(device, "vram");
  using map = buffer.mmap();
  await map.read(0, 1);
  const seen: number[] = [];
  driver.moveNotify = () => void seen.push(map.presentPages);
  driver.beforeMove = () => {
    throw new Error("no");
  };
  buffer.tryReserve();
  await refused(() => buffer.validate(only("gtt")), "EIO");
  buffer.unreserve();
  assertEquals(seen, [0, 0]);
  assertEquals([await map.read(0, 1), buffer.memoryType], [one(0), "vram"]);
});

Deno.test("a fault maps up to 16 pages, from the faulting page to the end of the map", async () => {
  const { device } = testDevice({ vram: 64 });
  const buffer = put(device, "vram", { pages: 40 });
  using map = buffer.mmap();
  await map.read(3 * 4096, 1);
  assertEquals(map.presentPages, 16);
  await map.read(18 * 4096, 1);
  assertEquals(map.presentPages, 16);
  await map.read(38 * 4096, 1);
  assertEquals(map.presentPages, 18);
  await map.read(0, map.length);
  assertEquals(map.presentPages, 40);
});

Deno.test("a fault moves the buffer to the LRU tail; an access to present pages does not", async () => {
  const { device } = testDevice();
  const [a, b] = [put(device, "vram"), put(device, "vram")];
  using map = a.mmap();
  await map.read(0, 1);
  assertEquals(device.lru("vram")[0], [b, a]);
  place(b, "vram");
  await map.read(0, 1);
  assertEquals(device.lru("vram")[0], [a, b]);
});

Deno.test("a fault waits for the reservation and for moves, not for other work", async () => {
  const { device, driver } = testDevice({ ordered: true });
  const buffer = put(device, "gtt");
  await fill(buffer, 5);
  place(buffer, "vram");
  addWork(buffer);
  using map = buffer.mmap();
  buffer.tryReserve();
  const read = map.read(0, 1);
  await allBlocked();
  assertEquals(buffer.reservation.waiting, 1);
  buffer.unreserve();
  await allBlocked();
  assertEquals(map.presentPages, 0);
  driver.finishCopy();
  assertEquals(await read, one(5));
});

Deno.test("an aborted signal ends a fault that waits", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  using map = buffer.mmap();
  buffer.tryReserve();
  const abort = new AbortController();
  const read = map.read(0, 1, { signal: abort.signal });
  await allBlocked();
  abort.abort("enough");
  assertEquals(await read.catch((reason) => reason), "enough");
  assertEquals(buffer.reservation.waiting, 0);
  buffer.unreserve();
});

Deno.test("a fault whose move never ends is EBUSY after 15 s", async () => {
  const { device, clock } = testDevice();
  const buffer = put(device, "vram");
  buffer.tryReserve();
  buffer.addFence(fence(), "kernel");
  buffer.unreserve();
  using map = buffer.mmap();
  const read = refused(() => map.read(0, 1), "EBUSY", "Cannot read map");
  await allBlocked();
  clock.advanceTo(15_000);
  await read;
});

Deno.test("the driver may ask for another place before the CPU sees the buffer", async () => {
  const { device, driver } = testDevice({ visible: 4 });
  Object.assign(driver, {
    faultReserveNotify: ({ memoryType, start, pages }: { memoryType: string; start: number; pages: number }) => {
      if (memoryType !== "vram" || start + pages <= 4) return null;
      return {
        placement: [{ memoryType: "vram", lpfn: 4 }],
        busyPlacement: [{ memoryType: "vram", lpfn: 4 }, { memoryType: "gtt" }],
      };
    },
  });
  const unseen = put(device, only("vram", { fpfn: 4 }));
  await refused(() => put(device, only("vram", { fpfn: 4 })).mmap().read(5000, 1), "EINVAL", "offset");
  using map = unseen.mmap();
  await map.write(0, one(3));
  assertEquals([unseen.memoryType, unseen.start], ["vram", 0]);
  const blocker = put(device, only("vram", { lpfn: 4, fpfn: 1 }), { pages: 3 });
  pin(blocker);
  pin(unseen);
  const second = put(device, only("vram", { fpfn: 4 }), { pages: 2 });
  using other = second.mmap();
  await other.write(0, one(4));
  assertEquals(second.memoryType, "gtt");
  const pinned = put(device, only("vram", { fpfn: 5 }));
  pin(pinned);
  using stuck = pinned.mmap();
  await refused(() => stuck.read(0, 1), "EINVAL", "is pinned where the CPU cannot see it");
  checkInvariants(device);
});

Deno.test("an error that the driver throws at a fault fails the access with it as the cause", async () => {
  const { device, driver } = testDevice();
  const buffer = put(device, "vram");
  Object.assign(driver, {
    faultReserveNotify: () => {
      throw new Error("the device is gone");
    },
  });
  using map = buffer.mmap();
  const error = await refused(() => map.read(0, 1), "EIO", "the device is gone");
  assertEquals((error.cause as Error).message, "the device is gone");
  assertEquals(buffer.reserved, false);
});

Deno.test("a fault on a buffer without a place gives it pages in SYSTEM", async () => {
  const { device } = testDevice();
  const buffer = device.createBuffer({ bytes: 5000 });
  using map = buffer.mmap();
  assertEquals(await map.read(0, 8192), new Uint8Array(8192));
  await map.write(8000, one(1));
  assertEquals([buffer.memoryType, await map.read(8000, 1)], ["system", one(1)]);
});

Deno.test("an access fails for memory that the CPU cannot see, for imported memory, and without host memory", async () => {
  const { device, driver } = testDevice({ visible: 4 });
  using unseen = put(device, only("vram", { fpfn: 4 })).mmap();
  await refused(() => unseen.read(0, 1), "EINVAL", "Cannot read map: the CPU cannot see pages 4 to 5 of vram");
  using imported = put(device, "system", { kind: "sg", imported: new Uint8Array(4096) }).mmap();
  await refused(() => imported.read(0, 1), "EINVAL", "belong to their exporter");
  driver.table = () =>
    new TranslationTable(1, () => {
      throw new Error("no pages");
    });
  using poor = put(device, "system").mmap();
  await refused(() => poor.write(0, one(1)), "ENOMEM", "Cannot write to map: no pages");
  checkInvariants(device);
});

Deno.test("a map keeps its buffer alive until it is disposed of, and ends then", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const map = buffer.mmap();
  buffer.unref();
  await map.write(0, one(1));
  assertEquals([device.liveBuffers, buffer.disposed], [1, false]);
  map[Symbol.dispose]();
  map[Symbol.dispose]();
  assertEquals([device.liveBuffers, device.usage("vram").usedPages], [0, 0]);
  await refused(() => map.read(0, 1), "EINVAL", "Cannot read map: it has been disposed of");
  await refused(() => map.write(0, one(1)), "EINVAL", "Cannot write to map: it has been disposed of");
});

Deno.test("a map that is disposed of while an access waits ends that access and lets the buffer go", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const move = fence();
  buffer.tryReserve();
  buffer.addFence(move, "kernel");
  buffer.unreserve();
  const map = buffer.mmap();
  buffer.unref();
  const read = refused(() => map.read(0, 1), "EINVAL", "it has been disposed of");
  await allBlocked();
  map[Symbol.dispose]();
  assertEquals(device.liveBuffers, 1);
  move.signal();
  await read;
  assertEquals([device.liveBuffers, device.dyingBuffers], [0, 0]);
});

Deno.test("several maps of a buffer see the same bytes; one may end before the other", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  const first = buffer.mmap();
  using second = buffer.mmap();
  await first.write(0, one(1));
  assertEquals(await second.read(0, 1), one(1));
  checkInvariants(device);
  first[Symbol.dispose]();
  checkInvariants(device);
  await second.write(0, one(2));
  assertEquals(await bytesIn(buffer), [2, 0]);
});

Deno.test("pages that an eviction unmaps during a long write are faulted in again for the rest", async () => {
  const { device } = testDevice({ vram: 32, gtt: 64 });
  const buffer = put(device, "vram", { pages: 32 });
  using map = buffer.mmap();
  const write = map.write(0, new Uint8Array(map.length).fill(7));
  let evicted = false;
  while (!evicted) evicted = await device.evictFirst("vram").catch(() => false);
  assertEquals(buffer.memoryType, "gtt");
  await write;
  assertEquals(await bytesIn(buffer), [7]);
});

Deno.test("maps refuse kernel buffers, ranges outside the buffer, and data that is not bytes", async () => {
  const { device } = testDevice();
  const secret = put(device, "system", { kind: "kernel" });
  await refused(() => secret.mmap(), "EINVAL", "it is a kernel buffer");
  const buffer = put(device, "vram");
  using map = buffer.mmap();
  for (const [offset, length] of [[-1, 1], [4097, 0], [0, 4097], [1, 4096], [NaN, 1], [0, 0.5], ["0", 1], [0, null]]) {
    await refused(() => map.read(offset as number, length as number), "EINVAL", "must be a whole number");
  }
  await refused(() => map.write(4096, one(1)), "EINVAL", "must be a whole number");
  await refused(
    () => map.write(0, [1] as never),
    "EINVAL",
    "the bytes must be an ArrayBuffer or a view of one, not an array",
  );
  await refused(() => map.read(0, 1, 5 as never), "EINVAL", "the options");
  assertEquals(await map.read(4096, 0), new Uint8Array());
  buffer.unref();
  buffer.ref().unref();
  const gone = put(device, "vram");
  gone.unref();
  await refused(() => gone.mmap(), "EINVAL", "its last reference is gone");
  await refused(() => gone.unmapVirtual(), "EINVAL", "its last reference is gone");
});

Deno.test("uncached pages of a type without the CMA flag fault through the aperture", async () => {
  const driver = new TestDriver();
  const memoryTypes = driver.memoryTypes.map((type) => type.name === "gtt" ? { ...type, cma: false } : type);
  Object.defineProperty(driver, "memoryTypes", { value: memoryTypes });
  driver.ioMemReserve = (memoryType, start) => memoryType === "gtt" ? new Uint8Array(4096).fill(0x40 + start) : null;
  const device = new BoDevice({ driver, managers: { gtt: firstFit(), vram: firstFit() } });
  const buffer = put(device, only("gtt", { caching: ["wc"], fpfn: 3 }));
  using map = buffer.mmap();
  assertEquals(await map.read(0, 1), one(0x43));
  place(buffer, only("gtt", { caching: ["wc"], lpfn: 3 }));
  assertEquals([map.presentPages, await map.read(0, 1)], [0, one(0x40)]);
});
