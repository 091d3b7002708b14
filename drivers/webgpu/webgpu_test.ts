import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { BoDevice, type BufferObject, checkInvariants, PAGE_SIZE, type Placement, TtmError } from "@ttm/core";
import { byteBudget, WebGpu, type WebGpuOptions } from "./mod.ts";
import { FakeGpu } from "./testing_fake_gpu.ts";

const only = (memoryType: string): Placement => ({ placement: [{ memoryType }] });

function bench(options: Partial<WebGpuOptions> & { readonly memory?: number } = {}) {
  const { memory, ...rest } = options;
  const gpu = new FakeGpu(memory === undefined ? {} : { memory });
  const driver = new WebGpu({ device: gpu, budget: 8 * PAGE_SIZE, ...rest });
  const device = new BoDevice({ driver, managers: { vram: byteBudget(driver) } });
  const buffers: BufferObject[] = [];
  const make = async (pages: number, fill = 0) => {
    const buffer = device.createBuffer({ bytes: pages * PAGE_SIZE });
    buffers.push(buffer);
    await buffer.reserve();
    if (fill > 0) {
      await buffer.validate(only("system"));
      await buffer.write(new Uint8Array(buffer.bytes).fill(fill));
    }
    await buffer.validate(only("vram"));
    buffer.unreserve();
    return buffer;
  };
  const bytes = async (buffer: BufferObject) => {
    await buffer.reserve();
    const read = await buffer.read();
    buffer.unreserve();
    return read;
  };
  const end = async () => {
    for (const buffer of buffers) if (!buffer.disposed) buffer.unref();
    await device.close();
    await gpu.queue.onSubmittedWorkDone();
    assertEquals([gpu.uncaptured, gpu.bytes, gpu.buffers.filter((buffer) => !buffer.destroyed).length], [[], 0, 0]);
  };
  return { gpu, driver, device, make, bytes, end, [Symbol.asyncDispose]: end };
}

/** Makes the device fill a buffer with a value. */
async function compute({ gpu, driver }: ReturnType<typeof bench>, buffer: BufferObject, value: number) {
  await buffer.reserve();
  gpu.dispatch(driver.gpuBuffer(buffer, "write"), (bytes) => bytes.fill(value));
  buffer.unreserve();
}

Deno.test("what the device only reads is evicted without a readback", async () => {
  await using t = bench();
  const buffer = await t.make(3, 5);
  await buffer.reserve();
  assertEquals(t.driver.gpuBuffer(buffer, "read").size, 3 * PAGE_SIZE);
  buffer.unreserve();
  await t.device.evictAll("vram");
  assertEquals([buffer.memoryType, t.gpu.readbacks, t.driver.stats.cleanEvictions], ["system", 0, 1]);
  assertEquals(await t.bytes(buffer), new Uint8Array(3 * PAGE_SIZE).fill(5));
});

Deno.test("what the device has written is read back when it is evicted", async () => {
  await using t = bench();
  const buffer = await t.make(3, 5);
  await compute(t, buffer, 9);
  await t.device.evictAll("vram");
  assertEquals([t.gpu.readbacks, t.driver.stats.readBackBytes, t.driver.stats.cleanEvictions], [1, 3 * PAGE_SIZE, 0]);
  assertEquals(await t.bytes(buffer), new Uint8Array(3 * PAGE_SIZE).fill(9));
});

Deno.test("bytes that come back after the device has written again are not taken", async () => {
  await using t = bench();
  const buffer = await t.make(1, 5);
  await compute(t, buffer, 6);
  await buffer.reserve();
  const blocker = buffer.tryValidate(only("system"));
  assert(blocker !== null && "signalled" in blocker);
  t.gpu.dispatch(t.driver.gpuBuffer(buffer, "write"), (bytes) => bytes.fill(7));
  await buffer.validate(only("system"));
  buffer.unreserve();
  assertEquals([t.gpu.readbacks, (await t.bytes(buffer))[0]], [2, 7]);
});

Deno.test("without host copies every eviction of known bytes reads back, and none of zeros", async () => {
  await using t = bench({ keepHostCopies: false });
  const buffers = [await t.make(2, 5), await t.make(2)];
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(t.driver.stats.hostCopyBytes, 0);
  await t.device.evictAll("vram");
  assertEquals(t.gpu.readbacks, 1);
  assertEquals([(await t.bytes(buffers[0] as BufferObject))[0], (await t.bytes(buffers[1] as BufferObject))[0]], [
    5,
    0,
  ]);
});

Deno.test("the CPU reads and writes any bytes of a buffer on the device", async () => {
  for (const keepHostCopies of [true, false]) {
    await using t = bench({ keepHostCopies });
    const buffer = await t.make(1, 1);
    await compute(t, buffer, 2);
    await buffer.reserve();
    const expected = new Uint8Array(PAGE_SIZE).fill(2);
    for (const [offset, length] of [[0, 4], [5, 1], [4092, 4], [7, 14], [4095, 1], [9, 0], [0, PAGE_SIZE]] as const) {
      const bytes = new Uint8Array(length).map((_, at) => offset + at + 3);
      expected.set(bytes, offset);
      await buffer.write(bytes, { offset });
      assertEquals(await buffer.read({ offset, length }), bytes);
    }
    assertEquals([await buffer.read(), buffer.memoryType], [expected, "vram"]);
    await buffer.validate(only("system"));
    assertEquals(await buffer.read(), expected);
    buffer.unreserve();
  }
});

Deno.test("the budget holds, also while destroyed buffers are not free yet", async () => {
  await using t = bench({ budget: 4 * PAGE_SIZE });
  const buffers = [];
  for (let fill = 1; fill <= 20; fill++) buffers.push(await t.make(1 + fill % 3, fill));
  assert(t.gpu.peakBytes <= 4 * PAGE_SIZE, `${t.gpu.peakBytes}`);
  for (const [at, buffer] of buffers.entries()) assertEquals((await t.bytes(buffer))[0], at + 1);
});

Deno.test("many writers at a time keep to the staging limit, and lose nothing", async () => {
  await using t = bench({ stagingBytes: 2 * PAGE_SIZE });
  const buffers = await Promise.all(Array.from({ length: 16 }, (_, at) => t.make(1 + at % 3, at + 1)));
  for (const [at, buffer] of buffers.entries()) {
    if (buffer.memoryType === "vram") await compute(t, buffer, at + 101);
  }
  const staged: number[] = [];
  const create = t.gpu.createBuffer.bind(t.gpu);
  t.gpu.createBuffer = (descriptor) => {
    const made = create(descriptor);
    staged.push(
      t.gpu.buffers.filter(({ isStaging, destroyed }) => isStaging && !destroyed).reduce((n, b) => n + b.size, 0),
    );
    return made;
  };
  const changed = buffers.map(({ memoryType }) => memoryType === "vram");
  await Promise.all(buffers.map(async (buffer) => {
    await buffer.reserve();
    await buffer.validate(only("system"));
    buffer.unreserve();
  }));
  assert(staged.length > 0 && Math.max(...staged) <= 3 * PAGE_SIZE, `${staged}`);
  for (const [at, buffer] of buffers.entries()) assertEquals((await t.bytes(buffer))[0], at + (changed[at] ? 101 : 1));
});

Deno.test("a device without memory says so by the buffer, whose bytes are safe", async () => {
  await using t = bench({ memory: 2 * PAGE_SIZE, keepHostCopies: false });
  const buffer = await t.make(3, 4);
  await new Promise((resolve) => setTimeout(resolve));
  await buffer.reserve();
  const error = assertThrows(() => t.driver.gpuBuffer(buffer, "read"), TtmError, "no memory for");
  assertEquals(error.code, "ENOMEM");
  await buffer.validate(only("system"));
  assertEquals((await buffer.read())[0], 4);
  buffer.unreserve();
  assertEquals(t.gpu.uncaptured.splice(0).length, 1, "the write to the buffer that is none");
});

Deno.test("a readback that fails is an error with its cause, and may be tried again", async () => {
  await using t = bench();
  const buffer = await t.make(1, 1);
  await compute(t, buffer, 2);
  t.gpu.failNextMap = true;
  await buffer.reserve();
  const error = await assertRejects(() => buffer.read(), TtmError, "Cannot read back 4096 bytes");
  assertEquals([error.code, (await buffer.read())[0], buffer.memoryType], ["EIO", 2, "vram"]);
  buffer.unreserve();
});

Deno.test("when the device is lost, known bytes are saved and the rest is an error at once", async () => {
  const t = bench();
  const [known, unknown] = [await t.make(1, 1), await t.make(1, 1)];
  await compute(t, unknown, 2);
  await unknown.reserve();
  const reading = unknown.read();
  t.gpu.lose();
  const error = await assertRejects(() => reading, TtmError, "the WebGPU device was lost (unknown)");
  assertEquals(error.code, "EIO");
  await assertRejects(() => unknown.validate(only("system")), TtmError, "lost");
  assertThrows(() => t.driver.gpuBuffer(unknown, "read"), TtmError, "lost");
  unknown.unreserve();
  await known.reserve();
  await known.validate(only("system"));
  assertEquals((await known.read())[0], 1);
  await assertRejects(() => known.validate(only("vram")), TtmError, "lost");
  known.unreserve();
  for (const buffer of [known, unknown]) buffer.unref();
  await t.device.close();
});

Deno.test("imported pages stay as they are while their buffer is on the device", async () => {
  await using t = bench();
  const imported = new Uint8Array(PAGE_SIZE).fill(3);
  const buffer = t.device.createBuffer({ bytes: PAGE_SIZE, kind: "sg", imported });
  await buffer.reserve();
  for (const type of ["system", "vram"]) await buffer.validate(only(type));
  await buffer.write(new Uint8Array([8]));
  assertEquals([imported[0], (await buffer.read())[0]], [3, 8]);
  await buffer.validate(only("system"));
  assertEquals([imported[0], (await buffer.read())[0]], [8, 8]);
  buffer.unreserve();
  buffer.unref();
});

for (const keepHostCopies of [false, true]) {
  Deno.test(`imported pages get what the device has written when the last reference goes (host copies: ${keepHostCopies})`, async () => {
    await using t = bench({ keepHostCopies });
    const imported = new Uint8Array(PAGE_SIZE).fill(3);
    const buffer = t.device.createBuffer({ bytes: PAGE_SIZE - 7, kind: "sg", imported });
    await buffer.reserve();
    await buffer.validate(only("vram"));
    buffer.unreserve();
    await compute(t, buffer, 9);
    buffer.unref();
    await t.device.close();
    assertEquals([imported[0], imported.at(-1), t.gpu.readbacks], [9, 9, 1]);
  });
}

Deno.test("when readbacks go on failing imported pages stay as they are, and the buffer goes", async () => {
  const t = bench();
  const imported = new Uint8Array(PAGE_SIZE).fill(3);
  const buffer = t.device.createBuffer({ bytes: PAGE_SIZE, kind: "sg", imported });
  await buffer.reserve();
  await buffer.validate(only("vram"));
  buffer.unreserve();
  await compute(t, buffer, 9);
  let left = 100;
  Object.defineProperty(t.gpu, "failNextMap", { get: () => left-- > 0, set: () => {} });
  buffer.unref();
  await t.end();
  assertEquals([imported[0], t.gpu.readbacks], [3, 2]);
});

Deno.test("a map of a user brings the buffer to where the CPU sees it", async () => {
  await using t = bench();
  const buffer = await t.make(2, 6);
  await compute(t, buffer, 7);
  using map = buffer.mmap();
  assertEquals([...await map.read(PAGE_SIZE, 2)], [7, 7]);
  assertEquals(buffer.memoryType, "system");
  checkInvariants(t.device);
});

Deno.test("bad options and foreign buffers are EINVAL", async () => {
  const device = new FakeGpu();
  const bad: [Partial<Record<keyof WebGpuOptions, unknown>>, string][] = [
    [{ device: {} }, "must be a GPUDevice"],
    [{ budget: 100 }, "budget"],
    [{ budget: NaN }, "budget"],
    [{ usage: 1 }, "flags of maps"],
    [{ usage: -1 }, "usage"],
    [{ keepHostCopies: 1 }, "keepHostCopies"],
    [{ stagingBytes: 0 }, "stagingBytes"],
  ];
  for (const [options, message] of bad) {
    const make = () => new WebGpu({ device, budget: 1 << 20, ...options } as WebGpuOptions);
    assertEquals(assertThrows(make, TtmError, message).code, "EINVAL");
  }
  await using t = bench();
  const buffer = await t.make(1);
  assertThrows(() => t.driver.gpuBuffer(buffer, "read"), TtmError, "is not reserved");
  await buffer.reserve();
  assertThrows(() => t.driver.gpuBuffer(buffer, "both" as "read"), TtmError, "use");
  await buffer.validate(only("system"));
  assertThrows(() => t.driver.gpuBuffer(buffer, "read"), TtmError, "is in system, not in vram");
  buffer.unreserve();
  const large = t.device.createBuffer({ bytes: 2 ** 29 });
  await large.reserve();
  await assertRejects(() => large.validate(only("vram")), TtmError, "Cannot validate");
  large.unreserve();
  large.unref();
});
