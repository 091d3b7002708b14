import { assertEquals } from "@std/assert";
import { type Fence, type FenceUsage, TranslationTable } from "../mod.ts";
import { bytesIn, fence, fill, only, place, put, refused, testDevice, touch } from "../testing_devices.ts";

/** Lets all tasks run until they wait. */
const allBlocked = () => new Promise((resolve) => setTimeout(resolve, 0));

for (const memoryType of ["system", "gtt", "vram"]) {
  Deno.test(`read() and write() reach any bytes of a buffer in ${memoryType}, across pages`, async () => {
    const { device } = testDevice();
    const buffer = device.createBuffer({ bytes: 3 * 4096 - 5 });
    place(buffer, only(memoryType, { fpfn: memoryType === "system" ? 0 : 3 }));
    buffer.tryReserve();
    const expected = new Uint8Array(buffer.bytes);
    const parts = [[4090, 12], [0, 1], [8192, 4], [buffer.bytes - 1, 1], [4096, 4096], [100, 0], [0, 0]] as const;
    for (const [offset, length] of parts) {
      const bytes = Uint8Array.from({ length }, (_, at) => 1 + (offset + at) % 255);
      await buffer.write(bytes, { offset });
      expected.set(bytes, offset);
      assertEquals(await buffer.read({ offset, length }), bytes);
    }
    assertEquals(await buffer.read(), expected);
    assertEquals(await buffer.read({ offset: 4000, length: 200 }), expected.slice(4000, 4200));
    assertEquals(await buffer.read({ offset: buffer.bytes }), new Uint8Array());
  });

  Deno.test(`a buffer in ${memoryType} that was never written reads as zero`, async () => {
    const { device } = testDevice();
    assertEquals(await bytesIn(put(device, memoryType, { pages: 2 })), [0]);
  });
}

Deno.test("read() of a buffer without a place returns zeros, and write() is EINVAL", async () => {
  const { device } = testDevice();
  const buffer = device.createBuffer({ bytes: 10 });
  buffer.tryReserve();
  assertEquals(await buffer.read(), new Uint8Array(10));
  await refused(() => buffer.write(new Uint8Array(1)), "EINVAL", "buffer 0 has no place; validate it first");
});

Deno.test("read() returns a copy that the caller may change", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  await fill(buffer, 1);
  buffer.tryReserve();
  (await buffer.read()).fill(9);
  buffer.unlock();
  assertEquals(await bytesIn(buffer), [1]);
});

Deno.test("access to VRAM beyond the CPU's window is EINVAL, and bytes within it can be read and written", async () => {
  const { device } = testDevice({ visible: 4 });
  const buffer = put(device, only("vram", { fpfn: 2 }), { pages: 4 });
  buffer.tryReserve();
  await buffer.write(new Uint8Array([5]), { offset: 2 * 4096 - 1 });
  assertEquals(await buffer.read({ offset: 2 * 4096 - 2, length: 2 }), new Uint8Array([0, 5]));
  const message = "the CPU cannot see pages 3 to 5 of vram";
  await refused(() => buffer.read({ offset: 4096, length: 4097 }), "EINVAL", message);
  await refused(() => buffer.write(new Uint8Array(4097), { offset: 4096 }), "EINVAL", message);
  assertEquals((await buffer.read({ length: 8192 })).lastIndexOf(5), 8191); // nothing was half written
});

Deno.test("access to device memory is EINVAL with a driver without ioMemReserve", async () => {
  const { device, driver } = testDevice();
  Object.defineProperty(driver, "ioMemReserve", { value: undefined });
  const buffer = put(device, "vram");
  buffer.tryReserve();
  await refused(() => buffer.read(), "EINVAL", "the CPU cannot see pages 0 to 1 of vram");
});

const waits: readonly (readonly [FenceUsage, boolean, boolean])[] = [
  ["kernel", true, true],
  ["write", true, true],
  ["read", false, true],
  ["bookkeep", false, false],
];
for (const [usage, readWaits, writeWaits] of waits) {
  Deno.test(`a ${usage} fence holds back ${readWaits ? "reads and writes" : writeWaits ? "writes only" : "nothing"}`, async () => {
    const { device } = testDevice();
    const buffer = put(device, "vram");
    buffer.tryReserve();
    const work = fence();
    buffer.addFence(work, usage);
    const acts = [
      [readWaits, (noWait: boolean) => buffer.read({ noWait })],
      [writeWaits, (noWait: boolean) => buffer.write(new Uint8Array([1]), { noWait })],
    ] as const;
    for (const [mustWait, act] of acts) {
      if (mustWait) await refused(() => act(true), "EBUSY", "it is busy");
      else await act(true);
    }
    const both = Promise.all(acts.map(([, act]) => act(false)));
    work.signal();
    await both;
    assertEquals((await buffer.read({ length: 1 }))[0], 1);
  });
}

for (const call of ["read", "write", "map", "reading a user's map"] as const) {
  Deno.test(`${call} waits for every fence in its way, also if a tracer signals the first one at once`, async () => {
    const first = fence("first");
    const waitedFor: Fence[] = [];
    const wait = (fence: Fence) => {
      waitedFor.push(fence);
      if (fence === first) fence.signal();
    };
    const { device } = testDevice({ tracer: { wait } });
    const buffer = put(device, "vram");
    const map = buffer.mmap();
    const [second, third] = [fence("second"), fence("third")];
    touch(buffer, () => [first, second, third].forEach((work) => buffer.addFence(work, "kernel")));
    const calls: Record<typeof call, () => Promise<unknown>> = {
      read: () => buffer.read(),
      write: () => buffer.write(new Uint8Array(1)),
      map: () => buffer.map(),
      "reading a user's map": () => map.read(0, 1),
    };
    if (call !== "reading a user's map") buffer.tryReserve();
    let isDone = false;
    const called = calls[call]().then(() => isDone = true);
    await allBlocked();
    assertEquals([isDone, waitedFor], [false, [first, second]]);
    second.signal();
    await allBlocked();
    assertEquals([isDone, waitedFor], [false, [first, second, third]]);
    third.signal();
    await called;
  });
}

Deno.test("accessMemory is called again if a tracer signals its fence at once", async () => {
  const { device, driver } = testDevice({ tracer: { wait: (step) => step.signal() } });
  const step = fence();
  let asked = 0;
  const accessMemory = (_buffer: unknown, _offset: number, bytes: Uint8Array) => {
    if (asked++ > 0) bytes.fill(7);
    return asked === 1 ? { retryAfter: step } : undefined;
  };
  Object.assign(driver, { ioMemReserve: undefined, accessMemory });
  const buffer = put(device, "vram");
  buffer.tryReserve();
  assertEquals([await buffer.read({ length: 1 }), asked], [new Uint8Array([7]), 2]);
});

Deno.test("read() waits for the copy that moves the buffer", async () => {
  const { device, driver } = testDevice({ ordered: true });
  const buffer = put(device, "system");
  await fill(buffer, 6);
  place(buffer, "vram");
  buffer.tryReserve();
  const read = buffer.read({ length: 1 });
  driver.finishCopy();
  assertEquals(await read, new Uint8Array([6]));
});

Deno.test("write() without host memory for the pages is ENOMEM", async () => {
  const { device, driver } = testDevice();
  driver.table = () =>
    new TranslationTable(1, () => {
      throw new Error("no pages");
    });
  const buffer = put(device, "system");
  buffer.tryReserve();
  const error = await refused(() => buffer.write(new Uint8Array(1)), "ENOMEM", "Cannot write buffer 0: no pages");
  assertEquals((error.cause as Error).message, "no pages");
  assertEquals(await buffer.read({ length: 1 }), new Uint8Array(1));
});

Deno.test("access without the reservation is EINVAL, also if the buffer is unreserved while it waits", async () => {
  const { device } = testDevice();
  const buffer = put(device, "vram");
  await refused(() => buffer.read(), "EINVAL", "Cannot read buffer 0: it is not reserved");
  await refused(() => buffer.write(new Uint8Array(1)), "EINVAL", "Cannot write buffer 0: it is not reserved");
  buffer.tryReserve();
  const work = fence();
  buffer.addFence(work, "write");
  const read = refused(() => buffer.read(), "EINVAL", "it is not reserved");
  buffer.unreserve();
  work.signal();
  await read;
});

const badReads: readonly (readonly [unknown, unknown])[] = [
  ...[-1, 1.5, NaN, Infinity, 11, 2 ** 60, "0", null].map((offset) => [offset, undefined] as const),
  ...[-1, 0.5, NaN, 11, "1", null].map((length) => [0, length] as const),
  [10, 1],
  [5, 6],
];
for (const [offset, length] of badReads) {
  Deno.test(`read() of ${String(length)} bytes at ${String(offset)} of 10 is ${offset === null ? "all" : "EINVAL"}`, async () => {
    const { device } = testDevice();
    const buffer = device.createBuffer({ bytes: 10 });
    place(buffer, "vram");
    buffer.tryReserve();
    const act = () => buffer.read({ offset, length } as { offset: number; length: number });
    if (offset === null) assertEquals((await act()).length, 10);
    else await refused(act, "EINVAL", "must be a whole number");
  });
}

function detached(): ArrayBuffer {
  const buffer = new ArrayBuffer(4);
  structuredClone(buffer, { transfer: [buffer] });
  return buffer;
}

function detachedView<View>(View: new (buffer: ArrayBuffer) => View): View {
  const buffer = new ArrayBuffer(4);
  const view = new View(buffer);
  structuredClone(buffer, { transfer: [buffer] });
  return view;
}

const data: Readonly<Record<string, ArrayBufferView | ArrayBufferLike>> = {
  "a Float32Array": new Float32Array([1.5, -2]),
  "a BigUint64Array": new BigUint64Array([0x0102030405060708n]),
  "a part of a Uint16Array": new Uint16Array([9, 1, 2, 3, 4, 9]).subarray(1, 5),
  "a DataView": new DataView(new Uint8Array([9, 1, 2, 3, 4, 5, 6, 7, 8, 9]).buffer, 1, 8),
  "an ArrayBuffer": new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer,
  "a SharedArrayBuffer": new SharedArrayBuffer(8),
  "a view of a SharedArrayBuffer": new Int32Array(new SharedArrayBuffer(8)).fill(7),
};
for (const [name, bytes] of Object.entries(data)) {
  const [buffer, start] = ArrayBuffer.isView(bytes) ? [bytes.buffer, bytes.byteOffset] : [bytes, 0];
  const expected = new Uint8Array(buffer).slice(start, start + 8);
  Deno.test(`write(), maps and accessMemory take the bytes of ${name}`, async () => {
    const { device, driver } = testDevice();
    const carried: Uint8Array[] = [];
    const accessMemory = (_buffer: unknown, _offset: number, bytes: Uint8Array) => void carried.push(bytes);
    for (const memoryType of ["system", "vram"]) {
      const buffer = put(device, memoryType);
      buffer.tryReserve();
      await buffer.write(bytes, { offset: 4 });
      assertEquals(await buffer.read({ length: 14 }), new Uint8Array([0, 0, 0, 0, ...expected, 0, 0]));
      buffer.unreserve();
      using map = buffer.mmap();
      await map.write(4095 - 8, bytes);
      assertEquals(await map.read(4095 - 8, 8), expected);
    }
    Object.assign(driver, { ioMemReserve: undefined, accessMemory });
    const buffer = put(device, "vram");
    buffer.tryReserve();
    await buffer.write(bytes);
    assertEquals(carried, [expected]);
    assertEquals(carried[0]?.buffer instanceof ArrayBuffer, true);
  });
}

const badWrites: readonly (readonly [string, unknown, unknown])[] = [
  ["no bytes", undefined, 0],
  ["an array", [1], 0],
  ["a number", 5, 0],
  ["a detached buffer", detached(), 0],
  ["bytes of a detached buffer", detachedView(Uint8Array), 0],
  ["a view of a detached buffer", detachedView(DataView), 0],
  ["too much", new Uint8Array(11), 0],
  ["an end beyond the buffer", new Uint8Array(2), 9],
  ["a negative offset", new Uint8Array(1), -1],
  ["half an offset", new Uint8Array(1), 0.5],
  ["an offset that is no number", new Uint8Array(1), NaN],
  ["an offset in words", new Uint8Array(1), "0"],
];
for (const [name, bytes, offset] of badWrites) {
  Deno.test(`write() with ${name} is EINVAL and writes nothing`, async () => {
    const { device } = testDevice();
    const buffer = device.createBuffer({ bytes: 10 });
    place(buffer, "vram");
    buffer.tryReserve();
    await refused(() => buffer.write(bytes as Uint8Array, { offset: offset as number }), "EINVAL", "Cannot write");
    assertEquals(await buffer.read(), new Uint8Array(10));
  });
}
