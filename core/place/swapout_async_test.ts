import { assertEquals } from "@std/assert";
import { accountedSize, type BufferObject, checkInvariants, memoryStore, type SwapStore } from "../mod.ts";
import { bytesIn, fill, only, place, put, refused, testDevice } from "../testing_devices.ts";

/** Lets all tasks run until they wait. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

/** A store whose answers are given by the test: `answer()` lets the oldest question succeed, with an error it fails. */
function slowStore() {
  const inner = memoryStore();
  const asked: { what: string; end: (error?: unknown) => void }[] = [];
  const ask = <Result>(what: string, act: () => Result) =>
    new Promise<Result>((resolve, reject) => {
      asked.push({ what, end: (error) => error === undefined ? resolve(act()) : reject(error) });
    });
  const deleted: string[] = [];
  const store: SwapStore = {
    name: "slow",
    write: (key, bytes) => ask("write", () => inner.write(key, bytes) as void),
    read: (key) => ask("read", () => inner.read(key) as Uint8Array),
    delete: (key) => {
      deleted.push(key);
      return Promise.reject(new Error("errors of delete are ignored"));
    },
  };
  const answer = async (error?: unknown) => {
    asked.shift()?.end(error);
    await allBlocked();
  };
  const put = (key: string, bytes: Uint8Array) => inner.write(key, bytes);
  return { store, put, answer, deleted, asked: () => asked.map(({ what }) => what) };
}

async function swappedOut() {
  const slow = slowStore();
  const { device, clock } = testDevice({ store: slow.store });
  const buffer = put(device, "system");
  await fill(buffer, 5);
  const swapping = device.swapOut();
  await slow.answer();
  assertEquals([await swapping, buffer.swapped], [1, true]);
  return { ...slow, device, clock, buffer };
}

const readFirst = async (buffer: BufferObject) => {
  await buffer.reserve();
  try {
    return (await buffer.read({ length: 1 }))[0];
  } finally {
    buffer.unreserve();
  }
};

Deno.test("while its pages are written to the store a buffer is busy and keeps them; they are freed when the write ends", async () => {
  const { store, answer, asked } = slowStore();
  const { device } = testDevice({ store });
  const buffer = put(device, "system");
  await fill(buffer, 5);
  const swapping = device.swapOut();
  assertEquals([asked(), buffer.busy, buffer.swapped, buffer.tt?.populated], [["write"], true, false, true]);
  checkInvariants(device);
  await refused(() => device.evictFirst("system", { noWait: true }).then(() => place(buffer, "vram")), "EBUSY").catch(
    () => {},
  );
  await answer();
  assertEquals([await swapping, buffer.busy, buffer.swapped, buffer.tt?.populated], [1, false, true, false]);
  checkInvariants(device);
});

for (const ordered of [false, true]) {
  for (const to of ["gtt", "vram"]) {
    Deno.test(`a buffer moves to ${to} when its pages have been written, with its bytes (ordered: ${ordered})`, async () => {
      const { store, answer, asked } = slowStore();
      const { device, driver } = testDevice({ store, ordered });
      const buffer = put(device, "system");
      await fill(buffer, 5);
      const swapping = device.swapOut();
      await buffer.reserve();
      const moving = buffer.validate(only(to));
      await allBlocked();
      assertEquals([asked(), buffer.memoryType], [["write"], "system"]);
      await answer();
      assertEquals(asked(), ["read"]);
      await answer();
      await Promise.all([swapping, moving]);
      while (driver.copies.length > 0) driver.finishCopy();
      buffer.unreserve();
      assertEquals([buffer.memoryType, buffer.swapped, await bytesIn(buffer)], [to, false, [5]]);
      checkInvariants(device);
    });
  }
}

Deno.test("one buffer at a time is written to the store", async () => {
  const { store, answer, asked } = slowStore();
  const { device } = testDevice({ store });
  const [a, b] = [put(device, "gtt"), put(device, "gtt")];
  await fill(a, 1);
  await fill(b, 2);
  const swapping = device.swapOut({ memoryType: "gtt", pages: 2 });
  assertEquals(asked(), ["write"]);
  await answer();
  assertEquals(asked(), ["write"]);
  await answer();
  assertEquals([await swapping, a.swapped, b.swapped], [2, true, true]);
});

Deno.test("a write that is rejected leaves the buffer in memory, and the call goes on with the next", async () => {
  const { store, answer, asked } = slowStore();
  const { device } = testDevice({ store });
  const [a, b] = [put(device, "system"), put(device, "system")];
  await fill(a, 1);
  await fill(b, 2);
  const swapping = device.swapOut();
  await answer(new Error("disk full"));
  assertEquals(asked(), ["write"]);
  await answer();
  assertEquals([await swapping, a.swapped, b.swapped, await bytesIn(a)], [1, false, true, [1]]);
  checkInvariants(device);
});

Deno.test("all callers that need the pages back wait for one read", async () => {
  const { buffer, device, answer, asked } = await swappedOut();
  const first = readFirst(buffer);
  using map = buffer.mmap();
  const second = map.read(0, 1);
  await allBlocked();
  assertEquals(asked(), ["read"]);
  await answer();
  assertEquals([await first, await second], [5, new Uint8Array([5])]);
  checkInvariants(device);
});

Deno.test("a read that is rejected is EIO for all waiting callers, and can be tried again", async () => {
  const { buffer, device, answer, asked } = await swappedOut();
  const failing = refused(() => readFirst(buffer), "EIO", "bad sector");
  await allBlocked();
  await answer(new Error("bad sector"));
  await failing;
  assertEquals([buffer.swapped, asked()], [true, []]);
  checkInvariants(device);
  const reading = readFirst(buffer);
  await allBlocked();
  await answer();
  assertEquals([await reading, buffer.swapped], [5, false]);
});

Deno.test("a caller that aborts its wait for a read leaves the read to the other callers", async () => {
  const { buffer, answer, asked } = await swappedOut();
  buffer.tryReserve();
  const abort = new AbortController();
  const reading = buffer.read({ signal: abort.signal });
  abort.abort("enough");
  assertEquals(await reading.catch((reason) => reason), "enough");
  buffer.unreserve();
  const again = readFirst(buffer);
  await allBlocked();
  assertEquals(asked(), ["read"]);
  await answer();
  assertEquals(await again, 5);
});

Deno.test("a store that never answers is EBUSY after 15 s, with noWait at once", async () => {
  const { buffer, clock } = await swappedOut();
  buffer.tryReserve();
  await refused(() => buffer.read({ noWait: true }), "EBUSY");
  const hanging = refused(() => buffer.read(), "EBUSY", "it is busy");
  await allBlocked();
  clock.advanceTo(15_000);
  await hanging;
  await refused(() => buffer.validate(only("vram"), { noWait: true }), "EBUSY");
});

Deno.test("a buffer that is purged during its read from the store reads as zero, and its key is deleted", async () => {
  const { buffer, device, answer, deleted } = await swappedOut();
  buffer.tryReserve();
  const populating = buffer.populate().catch((error) => error.code);
  assertEquals(buffer.tryValidate({ placement: [] }), null);
  buffer.unreserve();
  await answer();
  await populating;
  assertEquals(await bytesIn(buffer), [0]);
  assertEquals([deleted.length, device.global.usedPages], [1, buffer.tt?.populated === true ? 1 : 0]);
  checkInvariants(device);
});

Deno.test("a buffer that is released during a transfer to or from the store is freed when the transfer ends", async () => {
  for (const isRead of [false, true]) {
    const { store, answer, deleted } = slowStore();
    const { device } = testDevice({ store });
    const buffer = put(device, "system");
    await fill(buffer, 5);
    const swapping = device.swapOut();
    if (isRead) {
      await answer();
      await swapping;
      buffer.tryReserve();
      const populating = buffer.populate().catch((error) => error.code);
      buffer.unlock();
      buffer.unref();
      assertEquals(device.dyingBuffers, 1);
      await answer();
      await populating;
    } else {
      buffer.unref();
      assertEquals(device.dyingBuffers, 1);
      await answer();
      await swapping;
    }
    assertEquals([device.dyingBuffers, device.global.usedPages, deleted.length], [0, 0, 1]);
    await device.close();
  }
});

/** Two buffers of GTT with contents, and a zone that has no room for the pages of a third. */
function fullZone() {
  const slow = slowStore();
  const bytes = 4 * accountedSize(4096) + 2 * 4096;
  const zone = { name: "kernel", bytes, maxBytes: bytes, emergencyBytes: bytes, swapBytes: bytes };
  const { device } = testDevice({ store: slow.store, limits: { zones: [zone] } });
  const [a, b] = [put(device, "gtt"), put(device, "gtt")];
  const [third, fourth] = [device.createBuffer({ bytes: 4096 }), device.createBuffer({ bytes: 4096 })];
  third.tryReserve();
  return { ...slow, device, a, b, third, fourth };
}

Deno.test("attempts of one operation do not write a buffer again that the store has failed to write", async () => {
  const { answer, asked, a, b, third } = fullZone();
  const first = third.tryValidate(only("gtt"));
  assertEquals([first !== null, asked()], [true, ["write"]]);
  await answer(new Error("disk full"));
  assertEquals([third.tryValidate(only("gtt")) !== null, a.busy, b.busy], [true, false, true]);
  await answer(new Error("disk full"));
  await refused(() => third.tryValidate(only("gtt")), "ENOMEM");
  assertEquals(asked(), []);
});

Deno.test("a later submission writes a buffer again that the store failed to write for an earlier one", async () => {
  const { answer, a, b, third, device } = fullZone();
  for (let round = 0; round < 10; round++) {
    assertEquals([third.tryValidate(only("gtt")) !== null, a.busy, b.busy], [true, true, false]);
    await answer(new Error("disk full"));
    assertEquals(third.tryValidate(only("gtt")) !== null, true);
    await answer(new Error("disk full"));
    // Given up, and begun anew.
    third.unlock();
    third.tryReserve();
  }
  assertEquals(third.tryValidate(only("gtt")) !== null, true);
  await answer();
  assertEquals([third.tryValidate(only("gtt")), a.swapped], [null, true]);
  third.unlock();
  checkInvariants(device);
});

Deno.test("submissions that wait at the same time each remember the writes that failed for them", async () => {
  const { answer, asked, third, fourth, a } = fullZone();
  assertEquals(third.tryValidate(only("gtt")) !== null, true);
  fourth.tryReserve();
  assertEquals([fourth.tryValidate(only("vram")), asked()], [null, ["write"]]);
  await answer(new Error("disk full"));
  assertEquals([third.tryValidate(only("gtt")) !== null, a.busy], [true, false]);
  await answer();
  assertEquals(third.tryValidate(only("gtt")), null);
});

Deno.test("a failed read fails the attempt that follows it, and is tried again by the next", async () => {
  const { buffer, answer, asked } = await swappedOut();
  buffer.tryReserve();
  assertEquals(buffer.tryValidate(only("gtt")) !== null, true);
  await answer(new Error("bad sector"));
  await refused(() => buffer.tryValidate(only("gtt")), "EIO", "bad sector");
  assertEquals([buffer.tryValidate(only("gtt")) !== null, asked()], [true, ["read"]]);
  await answer();
  assertEquals(buffer.tryValidate(only("gtt")), null);
});

Deno.test("a write that failed for a creation is tried again by later submissions", async () => {
  const { answer, asked, a, third, device } = fullZone();
  await refused(() => device.createBuffer({ bytes: 4096 }), "ENOMEM", "structures");
  assertEquals(asked(), ["write"]);
  await answer(new Error("disk full"));
  assertEquals([a.busy, third.tryValidate(only("gtt")) !== null, a.busy], [false, true, true]);
  await answer();
  assertEquals(third.tryValidate(only("gtt")), null);
});

/** Two buffers of two pages each whose contents are in a slow store, under the keys "0" and "1". */
function bornInSlowStore() {
  const slow = slowStore();
  const { device } = testDevice({ store: slow.store, limits: { pages: 2 } });
  const buffers = [0, 1].map((at) => {
    slow.put(`${at}`, new Uint8Array(8192).fill(at + 1));
    return device.createBuffer({ bytes: 8192, stored: { key: `${at}` } });
  }) as [BufferObject, BufferObject];
  return { ...slow, device, buffers };
}

Deno.test("pages that a store is bringing are accounted for until they are there, or the read has failed", async () => {
  const { device, answer, buffers: [a, b] } = bornInSlowStore();
  const reading = refused(() => readFirst(a), "EIO");
  await allBlocked();
  assertEquals([device.global.usedPages, a.tt?.populated], [2, false]);
  await answer(new Error("bad sector"));
  await reading;
  assertEquals(device.global.usedPages, 0);
  const second = readFirst(b);
  await allBlocked();
  assertEquals([device.global.usedPages, b.tt?.populated], [2, false]);
  await answer();
  assertEquals([await second, device.global.usedPages], [2, 2]);
  await device.swapOut();
  assertEquals(device.global.usedPages, 0);
  checkInvariants(device);
});

Deno.test("a purge waits until the bytes that are being written are under the key", async () => {
  const { device, answer, asked, buffers: [a] } = bornInSlowStore();
  const reading = readFirst(a);
  await allBlocked();
  await answer();
  assertEquals(await reading, 1);
  await fill(a, 9);
  const swapping = device.swapOut();
  assertEquals([asked(), a.tryReserve(), a.tryValidate({ placement: [] }) === null], [["write"], true, false]);
  await answer();
  assertEquals([await swapping, a.tryValidate({ placement: [] }), a.clean], [2, null, true]);
  a.unreserve();
  const again = readFirst(a);
  await allBlocked();
  await answer();
  assertEquals([await again, a.memoryType], [9, null]);
  checkInvariants(device);
});

Deno.test("a tracer that signals every fence ends no transfer before the store has answered", async () => {
  const { store, answer, asked } = slowStore();
  const { device } = testDevice({ store, tracer: { wait: (fence) => fence.signal() } });
  const buffer = put(device, "system");
  await fill(buffer, 5);
  const swapping = device.swapOut();
  assertEquals([asked(), buffer.busy, buffer.swapped], [["write"], true, false]);
  await answer();
  assertEquals([await swapping, buffer.swapped], [1, true]);
  await buffer.reserve();
  let isBack = false;
  const populating = buffer.populate().then(() => isBack = true);
  await allBlocked();
  assertEquals([asked(), isBack, buffer.busy], [["read"], false, true]);
  await answer();
  await populating;
  buffer.unreserve();
  assertEquals([buffer.swapped, buffer.busy, await bytesIn(buffer)], [false, false, [5]]);
});
