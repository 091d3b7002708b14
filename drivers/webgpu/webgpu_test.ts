import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type BufferObject, checkInvariants, FenceContext, PAGE_SIZE, TtmError } from "@ttm/core";
import { WebGpu, type WebGpuOptions } from "./mod.ts";
import { bench, bound, only, turn } from "./testing_bench.ts";
import { type Bound, FakeGpu } from "./testing_fake_gpu.ts";

Deno.test("what the device only reads is evicted without a copy, and nothing waits for its room", async () => {
  await using t = bench();
  const buffers = [];
  for (let fill = 1; fill <= 6; fill++) {
    const buffer = await t.make(4, fill);
    await t.submit([{ buffer, usage: "read" }], () => {});
    buffers.push(buffer);
  }
  const { waits } = t.driver.stats;
  for (let round = 0; round < 3; round++) {
    for (const buffer of buffers) await t.submit([{ buffer, usage: "read" }], () => {});
  }
  const { stats } = t.driver;
  assertEquals([stats.waits - waits, t.gpu.readbacks, stats.readBackBytes], [0, 0, 0]);
  assert(stats.cleanEvictions >= 18, `${stats.cleanEvictions}`);
  assertEquals([...t.gpu.buffers].filter(({ size }) => size === 4 * PAGE_SIZE).length, 2, "GPUBuffers are handed on");
  for (const [at, buffer] of buffers.entries()) {
    assertEquals(await t.bytes(buffer), new Uint8Array(4 * PAGE_SIZE).fill(at + 1));
  }
});

Deno.test("buffers that are dropped while the device works on them leave their memory to the next, and nobody waits", async () => {
  await using t = bench();
  const kept = await t.make(2);
  const drop = async (value: number) => {
    const buffer = t.device.createBuffer({ bytes: 6 * PAGE_SIZE });
    await t.submit([{ buffer }, { buffer: kept }], () => {
      const [from, to] = [buffer, kept].map((each) => bound(t.driver.bind(each), "write")) as [Bound, Bound];
      t.gpu.dispatch([from], (bytes) => bytes.fill(value));
      t.gpu.dispatch([from, to], (bytes, sums) => sums[0] = (sums[0] as number) + (bytes[PAGE_SIZE] as number));
    });
    buffer.unref();
  };
  await drop(1);
  const { waits } = t.driver.stats;
  for (let value = 2; value <= 9; value++) await drop(value);
  await turn();
  assertEquals([t.driver.stats.waits - waits, t.device.dyingBuffers], [0, 0]);
  assertEquals(t.gpu.buffers.filter(({ size }) => size === 6 * PAGE_SIZE).length, 1, "one GPUBuffer for all of them");
  assertEquals((await t.bytes(kept))[0], 45);
});

Deno.test("what the device has written is read back when it is evicted", async () => {
  await using t = bench();
  const buffer = await t.make(3, 5);
  await t.fill(9, buffer);
  await t.device.evictAll("vram");
  assertEquals([t.gpu.readbacks, t.driver.stats.readBackBytes, t.driver.stats.cleanEvictions], [1, 3 * PAGE_SIZE, 0]);
  assertEquals(await t.bytes(buffer), new Uint8Array(3 * PAGE_SIZE).fill(9));
});

Deno.test("the next tenant has the room of a written buffer at once, before its bytes have arrived", async () => {
  await using t = bench({ budget: 6 * PAGE_SIZE, stagingBytes: 4 * PAGE_SIZE });
  const [first, second] = [await t.make(2, 1), await t.make(2, 2)] as const;
  // The first turnover creates the staging buffer, and gives it back when its bytes have arrived.
  await t.fill(3, second);
  await t.fill(4, first);
  await t.driver.retired.settled();
  const before = t.driver.stats;
  await second.reserve();
  const awaited = second.tryValidate(only("vram"));
  const { waits, readBackBytes } = t.driver.stats;
  assertEquals([awaited, second.memoryType, first.memoryType], [null, "vram", "system"]);
  assertEquals([waits - before.waits, readBackBytes - before.readBackBytes, t.gpu.readbacks], [0, 0, 2]);
  second.unreserve();
  await t.fill(5, second);
  assertEquals([(await t.bytes(first))[0], (await t.bytes(second))[0]], [4, 5]);
});

Deno.test("several written buffers that are evicted together share one wait", async () => {
  await using t = bench({ budget: 20 * PAGE_SIZE, stagingBytes: 12 * PAGE_SIZE });
  const buffers = [];
  for (let fill = 1; fill <= 4; fill++) buffers.push(await t.make(2, fill));
  await t.fill(9, ...buffers);
  // Staging buffers are created in advance, so that the second round only takes them.
  await t.device.evictAll("vram");
  for (const buffer of buffers) await t.bring(buffer, "vram");
  await t.fill(8, ...buffers);
  await turn();
  const { waits } = t.driver.stats;
  t.gpu.mostMaps = 0;
  await t.device.evictAll("vram");
  assertEquals([t.driver.stats.waits - waits, t.gpu.mostMaps], [1, 4]);
  for (const buffer of buffers) assertEquals((await t.bytes(buffer))[0], 8);
});

Deno.test("a written buffer that is larger than staging is read back in pieces", async () => {
  await using t = bench();
  const buffer = await t.make(8, 5);
  await t.fill(6, buffer);
  await t.write(buffer, new Uint8Array([1, 2, 3, 4]), 4084);
  await t.bring(buffer, "system");
  const expected = new Uint8Array(8 * PAGE_SIZE).fill(6);
  expected.set([1, 2, 3, 4], 4084);
  assertEquals(await t.bytes(buffer), expected);
  assertEquals(t.driver.stats.cleanEvictions, 0);
  assert(t.gpu.readbacks > 8 && t.gpu.peakBytes <= 9 * PAGE_SIZE, `${t.gpu.readbacks} ${t.gpu.peakBytes}`);
});

Deno.test("a buffer whose bytes are on their way to the host can go back, and has them", async () => {
  await using t = bench({ budget: 16 * PAGE_SIZE, stagingBytes: 4 * PAGE_SIZE });
  const buffer = await t.make(2, 1);
  await t.fill(2, buffer);
  for (let round = 0; round < 4; round++) {
    await buffer.reserve();
    const evicted = buffer.tryValidate(only("system"));
    if (evicted !== null) await buffer.validate(only("system"));
    await buffer.validate(only("vram"));
    buffer.unreserve();
    assertEquals((await t.bytes(buffer, { length: 1 }))[0], 2 + round);
    await t.fill(3 + round, buffer);
  }
});

Deno.test("small written buffers stay while others can leave, and leave if they must", async () => {
  await using t = bench({ budget: 1024 * PAGE_SIZE, stagingBytes: 16 * PAGE_SIZE });
  const small = await t.make(4, 1);
  await t.fill(2, small);
  const large = await t.make(900, 3);
  await t.make(800, 4);
  assertEquals([small.memoryType, large.memoryType], ["vram", "system"]);
  await t.make(1005, 5);
  assertEquals([small.memoryType, (await t.bytes(small))[0]], ["system", 2]);
});

Deno.test("bytes that come back after the device has written again are not taken", async () => {
  await using t = bench();
  const buffer = await t.make(8, 5);
  await t.fill(6, buffer);
  // From now on there is a staging buffer, so that the first piece is copied at once.
  for (const memoryType of ["system", "vram"]) await t.bring(buffer, memoryType);
  await t.fill(6, buffer);
  await buffer.reserve();
  const reading = buffer.tryValidate(only("system"));
  assert(reading !== null && "signalled" in reading, "it is read in pieces");
  buffer.unreserve();
  await t.fill(7, buffer);
  await reading.settled();
  await t.bring(buffer, "system");
  assertEquals(await t.bytes(buffer), new Uint8Array(8 * PAGE_SIZE).fill(7));
});

Deno.test("an eviction after a readback is clean once the CPU has written all bytes anew", async () => {
  await using t = bench();
  const buffer = await t.make(1, 1);
  await t.fill(2, buffer);
  await t.bytes(buffer);
  await t.write(buffer, new Uint8Array(PAGE_SIZE).fill(3));
  await t.bring(buffer, "system");
  const { cleanEvictions, readBackBytes } = t.driver.stats;
  assertEquals([cleanEvictions, readBackBytes, (await t.bytes(buffer))[0]], [1, PAGE_SIZE, 3]);
});

Deno.test("buffers that want room at the same time share the GPUBuffer that is being created", async () => {
  await using t = bench({ slabBytes: 4 * PAGE_SIZE });
  await t.make(1, 1);
  const { length } = t.gpu.buffers;
  await Promise.all([1, 2].map((fill) => t.make(1, fill, { access: "read" })));
  assertEquals(t.gpu.buffers.length, length + 1);
});

Deno.test("a request takes over the smallest idle GPUBuffer that is large enough", async () => {
  await using t = bench({ budget: 32 * PAGE_SIZE });
  for (const buffer of [await t.make(8, 1), await t.make(10, 2), await t.make(9, 3)]) buffer.unref();
  const { length } = t.gpu.buffers;
  for (const pages of [8, 9, 10]) await t.make(pages, 4);
  assertEquals(t.gpu.buffers.length, length);
});

Deno.test("a new GPUBuffer is zero and needs no clear; one that was used does", async () => {
  await using t = bench();
  (await t.make(2)).unref();
  assertEquals(t.gpu.submits, 0);
  await t.make(2);
  assertEquals(t.gpu.submits, 1);
});

Deno.test("uploads are handed to the device every 16 MiB", async () => {
  await using t = bench({ budget: 64 * 2 ** 20 });
  for (let fill = 1; fill <= 5; fill++) await t.make(2048, fill);
  assertEquals(t.gpu.submits, 2);
});

Deno.test("without host copies every eviction of known bytes reads back, and none of zeros", async () => {
  await using t = bench({ keepHostCopies: false });
  const buffers = [await t.make(2, 5), await t.make(2)];
  await t.driver.retired.settled();
  assertEquals(t.driver.stats.hostCopyBytes, 0);
  await t.device.evictAll("vram");
  assertEquals(t.driver.stats.readBackBytes, 2 * PAGE_SIZE);
  assertEquals([(await t.bytes(buffers[0] as BufferObject))[0], (await t.bytes(buffers[1] as BufferObject))[0]], [
    5,
    0,
  ]);
});

Deno.test("a range or a GPUBuffer that others have used reads as zero for a new buffer", async () => {
  for (const access of ["write", undefined] as const) {
    await using t = bench({ slabBytes: 4 * PAGE_SIZE });
    const options = access === undefined ? {} : { access };
    const first = await t.make(2, 0, options);
    await t.fill(7, first);
    first.unref();
    await turn();
    await t.driver.retired.settled();
    const second = await t.make(2, 0, options);
    await t.submit([{ buffer: second }], () => {});
    assertEquals(await t.bytes(second), new Uint8Array(2 * PAGE_SIZE));
  }
});

Deno.test("work of others comes before a move and before the CPU", async () => {
  await using t = bench();
  const buffer = await t.make(1, 5);
  const work = new FenceContext("another engine").next();
  await buffer.reserve();
  buffer.addFence(work, "write");
  const read = buffer.read({ length: 1 });
  assertEquals(buffer.tryValidate(only("system")), work);
  work.signal();
  assertEquals((await read)[0], 5);
  buffer.unreserve();
});

Deno.test("a readback that fails is tried again, then it is an error with its cause", async () => {
  await using t = bench();
  const buffer = await t.make(1, 1);
  await t.fill(2, buffer);
  t.gpu.failingMaps = 1;
  assertEquals((await t.bytes(buffer, { length: 4 }))[0], 2);
  t.gpu.failingMaps = 2;
  const error = await assertRejects(
    () => t.bytes(buffer, { offset: 8, length: 4 }),
    TtmError,
    "Cannot read back 4 bytes",
  );
  assertEquals([error.code, (await t.bytes(buffer))[0], buffer.memoryType], ["EIO", 2, "vram"]);
  await t.fill(3, buffer);
});

Deno.test("uploads in flight are limited", async () => {
  await using t = bench({ uploadBytes: 4 * PAGE_SIZE });
  const { waits } = t.driver.stats;
  const buffers = [];
  for (let fill = 1; fill <= 8; fill++) buffers.push(await t.make(2, fill));
  assert(t.driver.stats.waits - waits >= 3, `${t.driver.stats.waits - waits}`);
  for (const [at, buffer] of buffers.entries()) assertEquals((await t.bytes(buffer))[0], at + 1);
});

Deno.test("imported pages stay as they are while their buffer is on the device", async () => {
  await using t = bench();
  const imported = new Uint8Array(PAGE_SIZE).fill(3);
  const buffer = t.device.createBuffer({ bytes: PAGE_SIZE, kind: "sg", imported });
  for (const type of ["system", "vram"]) await t.bring(buffer, type);
  await t.write(buffer, new Uint8Array([8]));
  assertEquals([imported[0], (await t.bytes(buffer))[0]], [3, 8]);
  await t.bring(buffer, "system");
  assertEquals([imported[0], (await t.bytes(buffer))[0]], [8, 8]);
  buffer.unref();
});

for (const keepHostCopies of [false, true]) {
  Deno.test(`imported pages get what the device has written when the last reference goes (host copies: ${keepHostCopies})`, async () => {
    await using t = bench({ keepHostCopies });
    const imported = new Uint8Array(PAGE_SIZE).fill(3);
    const buffer = t.device.createBuffer({ bytes: PAGE_SIZE - 7, kind: "sg", imported });
    await t.bring(buffer, "vram");
    await t.fill(9, buffer);
    buffer.unref();
    await t.device.close();
    assertEquals([imported[0], imported.at(-8), imported.at(-1)], [9, 9, 3]);
  });
}

Deno.test("when readbacks go on failing imported pages stay as they are, and the buffer goes", async () => {
  await using t = bench();
  const imported = new Uint8Array(PAGE_SIZE).fill(3);
  const buffer = t.device.createBuffer({ bytes: PAGE_SIZE, kind: "sg", imported });
  await t.bring(buffer, "vram");
  await t.fill(9, buffer);
  t.gpu.failingMaps = 100;
  buffer.unref();
  await t.device.close();
  assertEquals(imported[0], 3);
});

Deno.test("a map of a user brings the buffer to where the CPU sees it", async () => {
  await using t = bench();
  const buffer = await t.make(2, 6);
  await t.fill(7, buffer);
  using map = buffer.mmap();
  assertEquals([...await map.read(PAGE_SIZE, 2)], [7, 7]);
  assertEquals(buffer.memoryType, "system");
  checkInvariants(t.device);
});

Deno.test("bad options and buffers that the device cannot have are EINVAL", async () => {
  const device = new FakeGpu();
  const bad: [Partial<Record<keyof WebGpuOptions, unknown>>, string][] = [
    [{ device: {} }, "must be a GPUDevice"],
    [{ budget: 100 }, "budget"],
    [{ budget: NaN }, "budget"],
    [{ usage: 1 }, "flags of maps"],
    [{ usage: -1 }, "usage"],
    [{ keepHostCopies: 1 }, "keepHostCopies"],
    [{ stagingBytes: 0 }, "stagingBytes"],
    [{ stagingBytes: 5000 }, "whole pages"],
    [{ slabBytes: 1 }, "slabBytes"],
    [{ uploadBytes: 0 }, "uploadBytes"],
    [{ recover: 5 }, "recover must be a function"],
    [{ onLost: {} }, "onLost must be a function"],
  ];
  for (const [options, message] of bad) {
    const make = () => new WebGpu({ device, budget: 1 << 20, ...options } as WebGpuOptions);
    assertEquals(assertThrows(make, TtmError, message).code, "EINVAL");
  }
  await using t = bench({ budget: 2 ** 29 });
  for (
    const [driverOptions, message] of [[{ access: "both" }, "access"], [{ usage: 1 }, "maps"], [{ size: 1 }, "size"]]
  ) {
    const make = () => t.device.createBuffer({ bytes: 1, driverOptions: driverOptions as object });
    assertEquals(assertThrows(make, TtmError, message as string).code, "EINVAL");
  }
  const large = t.device.createBuffer({ bytes: 2 ** 28 + 1, driverOptions: { usage: 0x40 } });
  const bound = t.device.createBuffer({ bytes: 2 ** 27 + 1 });
  const tooLarge = await assertRejects(() => t.bring(large, "vram"), TtmError);
  assertEquals([tooLarge.code, `${tooLarge.cause}`.includes("maxBufferSize of 268435456")], ["EINVAL", true]);
  const unbindable = await assertRejects(() => t.bring(bound, "vram"), TtmError);
  assertEquals([unbindable.code, `${unbindable.cause}`.includes("maxStorageBufferBindingSize")], ["EINVAL", true]);
  large.unref();
  bound.unref();
});
