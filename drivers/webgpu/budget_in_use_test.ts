import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type BufferObject, PAGE_SIZE, TtmError } from "@ttm/core";
import { type Bench, bench, seenByDevice } from "./testing_bench.ts";

Deno.test("a smaller budget takes effect when the next buffer needs room, and is never exceeded from then on", async () => {
  await using t = bench({ budget: 13 * PAGE_SIZE });
  const buffers = [];
  for (let fill = 1; fill <= 6; fill++) buffers.push(await t.make(2, fill));
  t.driver.budget = 7 * PAGE_SIZE;
  assertEquals([t.driver.budget, resident(buffers)], [7 * PAGE_SIZE, 6], "nobody leaves before room is needed");
  buffers.push(await t.make(2, 7));
  for (let round = 0; round < 3; round++) {
    for (const buffer of buffers) {
      await t.submit([{ buffer, usage: "read" }], () => {});
      assert(t.gpu.bytes <= 7 * PAGE_SIZE && t.driver.stats.deviceBytes <= 7 * PAGE_SIZE, `${t.gpu.bytes}`);
    }
  }
  await allRight(t, buffers);
});

Deno.test("a larger budget takes effect at once, up to it and not above", async () => {
  await using t = bench({ budget: 5 * PAGE_SIZE });
  const buffers = [];
  for (let fill = 1; fill <= 3; fill++) buffers.push(await t.make(2, fill));
  assertEquals(resident(buffers), 2);
  t.driver.budget = 11 * PAGE_SIZE;
  for (let fill = 4; fill <= 7; fill++) buffers.push(await t.make(2, fill));
  assertEquals(resident(buffers), 5);
  assert(t.gpu.peakBytes <= 11 * PAGE_SIZE, `${t.gpu.peakBytes}`);
  await allRight(t, buffers);
});

Deno.test("a budget that goes up and down holds for every size and way of use, and nothing is lost", async () => {
  await using t = bench({ budget: 20 * PAGE_SIZE, stagingBytes: 2 * PAGE_SIZE, slabBytes: 4 * PAGE_SIZE });
  const buffers: BufferObject[] = [];
  for (let fill = 1; fill <= 9; fill++) {
    buffers.push(await t.make(1 + fill % 3, fill, fill % 2 === 0 ? { access: "write" } : {}));
  }
  for (const pages of [8, 30, 7, 14, 6, 20]) {
    t.driver.budget = pages * PAGE_SIZE;
    await t.make(1, 1).then((buffer) => buffer.unref());
    for (const [at, buffer] of buffers.entries()) {
      await t.fill(at + 1, buffer);
      assert(t.gpu.bytes <= pages * PAGE_SIZE, `${t.gpu.bytes} of ${pages} pages`);
    }
    await allRight(t, buffers);
  }
});

Deno.test("a buffer larger than a budget that was set is ENOMEM, and fits again when it is raised", async () => {
  await using t = bench();
  const buffer = await t.make(6, 5);
  await t.bring(buffer, "system");
  t.driver.budget = 5 * PAGE_SIZE;
  assertEquals((await assertRejects(() => t.bring(buffer, "vram"), TtmError)).code, "ENOMEM");
  t.driver.budget = 9 * PAGE_SIZE;
  await t.bring(buffer, "vram");
  await allRight(t, [buffer], 5);
});

Deno.test("a budget without room besides staging is EINVAL and changes nothing", async () => {
  await using t = bench({ stagingBytes: 4 * PAGE_SIZE });
  for (const bytes of [4 * PAGE_SIZE, 0, -1, NaN, 20480.5]) {
    assertEquals(assertThrows(() => t.driver.budget = bytes, TtmError).code, "EINVAL");
  }
  assertEquals(t.driver.budget, 9 * PAGE_SIZE);
  t.driver.budget = 5 * PAGE_SIZE;
  assertEquals(t.driver.budget, 5 * PAGE_SIZE);
});

Deno.test("a device that has less memory than the budget: others leave, the budget shrinks, and the program goes on", async () => {
  await using t = bench({ budget: 17 * PAGE_SIZE, memory: 10 * PAGE_SIZE });
  const buffers = [];
  for (let fill = 1; fill <= 8; fill++) buffers.push(await t.make(2, fill));
  assert(t.driver.budget <= 10 * PAGE_SIZE, `${t.driver.budget}`);
  await t.fill(1, buffers[0] as BufferObject);
  for (let round = 0; round < 3; round++) {
    for (const [at, buffer] of buffers.entries()) assertEquals(await seenByDevice(t, buffer), at + 1);
  }
  await allRight(t, buffers);
  assert(resident(buffers) >= 3, `${resident(buffers)} fit`);
});

Deno.test("a device that refuses now and then has its whole budget again after a while", async () => {
  await using t = bench({ budget: 17 * PAGE_SIZE });
  const buffers = [];
  for (let fill = 1; fill <= 8; fill++) {
    if (fill === 5) t.gpu.refusals = 1;
    buffers.push(await t.make(2, fill));
  }
  assert(t.driver.budget < 17 * PAGE_SIZE, `${t.driver.budget}`);
  for (let round = 0; round < 20; round++) {
    for (const buffer of buffers) await t.submit([{ buffer, usage: "read" }], () => {});
  }
  assertEquals(t.driver.budget, 17 * PAGE_SIZE);
  await allRight(t, buffers);
});

Deno.test("a device that refuses everything ends a validate with ENOMEM, and what is there stays", async () => {
  await using t = bench();
  const buffer = await t.make(2, 5);
  t.gpu.refusals = Infinity;
  const other = t.device.createBuffer({ bytes: 3 * PAGE_SIZE });
  assertEquals((await assertRejects(() => t.bring(other, "vram"), TtmError)).code, "ENOMEM");
  t.gpu.refusals = 0;
  await t.bring(other, "vram");
  await allRight(t, [buffer], 5);
  other.unref();
});

Deno.test("what no device of these limits can have is EINVAL, however much memory there is or is not", async () => {
  await using t = bench({
    budget: 64 * PAGE_SIZE,
    maxBufferSize: 32 * PAGE_SIZE,
    maxStorageBufferBindingSize: 8 * PAGE_SIZE,
    slabBytes: 4 * PAGE_SIZE,
  });
  const cases: [number, object, string][] = [
    [33, { usage: 0x40 }, "maxBufferSize"],
    [9, {}, "maxStorageBufferBindingSize"],
    [9, { access: "read" }, "maxStorageBufferBindingSize"],
  ];
  for (const refusals of [0, Infinity]) {
    t.gpu.refusals = refusals;
    for (const [pages, driverOptions, limit] of cases) {
      const buffer = t.device.createBuffer({ bytes: pages * PAGE_SIZE, driverOptions });
      const error = await assertRejects(() => t.bring(buffer, "vram"), TtmError);
      assertEquals([error.code, messages(error).includes(limit)], ["EINVAL", true], messages(error));
      buffer.unref();
    }
  }
  assertEquals(t.driver.budget, 64 * PAGE_SIZE, "no lack of memory");
  t.gpu.refusals = 0;
  const largest = await t.make(32, 5, { usage: 0x40 });
  await allRight(t, [largest], 5);
});

Deno.test("a device that refuses its first buffer, whichever that is, can be read back from all the same", async () => {
  for (let refusals = 1; refusals <= 3; refusals++) {
    await using t = bench();
    t.gpu.refusals = refusals;
    const buffer = await t.make(2, 5);
    await t.fill(6, buffer);
    assertEquals(await t.bytes(buffer), new Uint8Array(2 * PAGE_SIZE).fill(6), `${refusals} refusals`);
  }
});

Deno.test("a device whose memory is full can be read back from", async () => {
  await using t = bench({ budget: 9 * PAGE_SIZE, memory: 9 * PAGE_SIZE });
  const buffer = await t.make(8, 5);
  await t.fill(6, buffer);
  t.gpu.memory = t.gpu.bytes + PAGE_SIZE;
  await allRight(t, [buffer], 6);
});

Deno.test("staging that took room beyond its part gives it back to buffers, while it is in use and afterwards", async () => {
  for (const isAwaited of [false, true]) {
    await using t = bench({ budget: 9 * PAGE_SIZE });
    const written = await t.make(3, 1);
    await t.fill(2, written);
    if (isAwaited) await t.bring(written, "system");
    const large = await t.make(8, 3);
    assert(t.gpu.buffers.some(({ isStaging, size }) => isStaging && size > 3 * PAGE_SIZE), "more than its page");
    await allRight(t, [written, large], 2);
  }
});

function resident(buffers: readonly BufferObject[]): number {
  return buffers.filter(({ memoryType }) => memoryType === "vram").length;
}

/** Each buffer is filled with its number, counted from `first`. */
async function allRight(t: Bench, buffers: readonly BufferObject[], first = 1): Promise<void> {
  for (const [at, buffer] of buffers.entries()) {
    assertEquals(await t.bytes(buffer), new Uint8Array(buffer.bytes).fill(first + at), `${buffer}`);
  }
}

function messages(error: unknown): string {
  return error instanceof Error ? `${error.message}; ${messages(error.cause)}` : "";
}
