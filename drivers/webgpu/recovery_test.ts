import { assert, assertEquals, assertRejects } from "@std/assert";
import { type BufferObject, PAGE_SIZE, TtmError } from "@ttm/core";
import type { LostDevice } from "./mod.ts";
import { bench, seenByDevice, turn } from "./testing_bench.ts";
import { FakeGpu } from "./testing_fake_gpu.ts";

Deno.test("without recover a validate and a submission on a lost device are EIO with the reason", async () => {
  const t = bench();
  const buffer = await t.make(2, 5);
  t.gpu.lose();
  await turn();
  const other = t.device.createBuffer({ bytes: 4 });
  for (const use of [() => t.bring(other, "vram"), () => t.submit([{ buffer, usage: "read" }], () => {})]) {
    assertEquals(await codeAndReason(use), ["EIO", "the WebGPU device was lost (unknown): a test took it away"]);
  }
  await t.device.evictAll("vram");
  assertEquals([buffer.memoryType, (await t.bytes(buffer))[0]], ["system", 5], "the host's copy is there");
  for (const each of [buffer, other]) each.unref();
  await t.device.close();
});

Deno.test("a recovery that brings no device or fails leaves the driver lost, with the reason and the cause", async () => {
  const none = () => Promise.resolve(null);
  const failing = () => Promise.reject(new Error("no adapter"));
  const lost = "the WebGPU device was lost (unknown): a test took it away";
  for (const [recover, message] of [[none, lost], [failing, `${lost}, and not recovered`]] as const) {
    const t = bench({ recover });
    const buffer = await t.make(1, 3);
    t.gpu.lose();
    await turn();
    const error = await assertRejects(() => t.submit([{ buffer }], () => {}), TtmError);
    assertEquals([error.code, roots(error).includes(message)], ["EIO", true], roots(error).join("; "));
    assertEquals(roots(error).includes("no adapter"), recover === failing);
    buffer.unref();
    await t.device.close();
  }
});

Deno.test("who waits for a recovery goes on when it has ended, with or without a device", async () => {
  for (const next of [new FakeGpu(), null]) {
    let bring: (device: FakeGpu | null) => void = () => {};
    const t = bench({ recover: () => new Promise((resolve) => bring = resolve) });
    const buffer = await t.make(1, 3);
    t.gpu.lose();
    await turn();
    const submitted = t.submit([{ buffer, usage: "read" }], () => {}).then(() => "submitted", ({ code }) => code);
    await turn();
    bring(next);
    assertEquals(await submitted, next === null ? "EIO" : "submitted");
    buffer.unref();
    await t.device.close();
  }
});

Deno.test("a device that is lost while it is built up is followed by another, and each loss has its own reason", async () => {
  const losses: string[] = [];
  await using t = bench({
    recover: ({ reason }: LostDevice) => {
      losses.push(reason);
      const gpu = new FakeGpu();
      if (losses.length < 3) queueMicrotask(() => gpu.lose(`again ${losses.length}`));
      return Promise.resolve(gpu);
    },
  });
  const buffers = [await t.make(2, 5), await t.make(3, 6)];
  t.gpu.lose();
  await turn();
  for (const buffer of buffers) await t.submit([{ buffer, usage: "read" }], () => {});
  assertEquals(losses, ["unknown", "again 1", "again 2"]);
  for (const [at, buffer] of buffers.entries()) assertEquals((await t.bytes(buffer))[0], 5 + at);
});

Deno.test("a device that throws when it is lost while it is built up is followed by another, too", async () => {
  let devices = 0;
  await using t = bench({
    recover: () => {
      const gpu = new FakeGpu();
      const writeBuffer = () => {
        gpu.lose();
        throw new Error("the device is lost");
      };
      if (devices++ === 0) Object.assign(gpu.queue, { writeBuffer });
      return Promise.resolve(gpu);
    },
  });
  const buffer = await t.make(2, 5);
  t.gpu.lose();
  await turn();
  assertEquals([await seenByDevice(t, buffer), devices], [5, 2]);
});

Deno.test("a device that is lost at any moment after it has come is noticed and replaced", async () => {
  for (let wait = 0; wait < 40; wait++) {
    let devices = 0;
    await using t = bench({
      recover: () => {
        const gpu = new FakeGpu();
        if (++devices === 1) void loseAfter(gpu, wait);
        return Promise.resolve(gpu);
      },
    });
    const buffer = await t.make(2, 5);
    t.gpu.lose();
    await turn();
    await t.submit([{ buffer, usage: "read" }], () => {});
    assertEquals([devices, t.driver.device.isLost, (await t.bytes(buffer))[0]], [2, false, 5], `after ${wait} turns`);
  }
});

Deno.test("a recovery ends after four devices that are lost at once", async () => {
  let devices = 0;
  const t = bench({
    recover: () => {
      devices++;
      const gpu = new FakeGpu();
      gpu.lose();
      return Promise.resolve(gpu);
    },
  });
  const buffer = await t.make(2, 5);
  t.gpu.lose();
  await turn();
  const error = await assertRejects(() => t.submit([{ buffer }], () => {}), TtmError);
  assertEquals([devices, error.code], [4, "EIO"]);
  assert(roots(error).includes("4 new devices were lost as well"), roots(error).join("; "));
  await t.device.evictAll("vram");
  assertEquals((await t.bytes(buffer))[0], 5);
  buffer.unref();
  await t.device.close();
});

Deno.test("buffers that a new device has no memory for take turns with the others, and nothing of the host is lost", async () => {
  const lost: BufferObject[] = [];
  const rebound: unknown[] = [];
  await using t = bench({
    recover: () => Promise.resolve(new FakeGpu({ memory: 5 * PAGE_SIZE })),
    onLost: ({ buffers }) => void lost.push(...buffers as BufferObject[]),
    onRebound: (buffer) => void rebound.push(buffer),
  });
  const buffers = [await t.make(2, 5), await t.make(2, 6), await t.make(2, 7), await t.make(2, 8)];
  t.gpu.lose("destroyed");
  await turn();
  for (let round = 0; round < 2; round++) {
    for (const [at, buffer] of buffers.entries()) assertEquals(await seenByDevice(t, buffer), 5 + at);
  }
  for (const [at, buffer] of buffers.entries()) {
    assertEquals(await t.bytes(buffer), new Uint8Array(2 * PAGE_SIZE).fill(5 + at));
  }
  assertEquals([lost, t.driver.device.peakBytes <= 5 * PAGE_SIZE], [[], true]);
  assertEquals(buffers.filter((buffer) => !rebound.includes(buffer)), []);
});

Deno.test("a device that does not report that memory is used up is lost; then less is held, and nothing of the host is lost", async () => {
  const memory = 8 * PAGE_SIZE;
  const devices: FakeGpu[] = [];
  let settled = 0;
  const lost: string[] = [];
  await using t = bench({
    budget: 13 * PAGE_SIZE,
    memory,
    isSilent: true,
    recover: () => {
      devices.push(new FakeGpu({ memory, isSilent: true }));
      return Promise.resolve(devices.at(-1) as FakeGpu);
    },
    onLost: ({ buffers }) => void lost.push(...buffers.map(String)),
  });
  const buffers = [];
  for (let fill = 1; fill <= 6; fill++) buffers.push(await t.make(2, fill));
  for (let round = 0; round < 30; round++) {
    for (const [at, buffer] of buffers.entries()) assertEquals(await seenByDevice(t, buffer), at + 1);
    if (round === 2) settled = devices.length;
  }
  for (const [at, buffer] of buffers.entries()) {
    assertEquals(await t.bytes(buffer), new Uint8Array(2 * PAGE_SIZE).fill(at + 1));
  }
  assert(settled > 0 && settled <= 3, `${settled} devices`);
  assertEquals(devices.length, settled, "more than the device could hold is not tried again");
  assert(t.driver.budget <= memory, `${t.driver.budget}`);
  assertEquals(lost, []);
});

Deno.test("what only a silent device has is reported when it is lost, and never reads as other bytes", async () => {
  const lost: string[] = [];
  await using t = bench({
    memory: 4 * PAGE_SIZE,
    isSilent: true,
    recover: () => Promise.resolve(new FakeGpu({ memory: 8 * PAGE_SIZE })),
    onLost: ({ buffers }) => void lost.push(...buffers.map(String)),
  });
  const written = await t.make(2, 1);
  await t.fill(9, written);
  const read = await t.make(3, 2);
  await turn();
  assertEquals([lost, (await t.bytes(read))[0]], [[`${written}`], 2]);
  assertEquals((await assertRejects(() => t.bytes(written), TtmError)).code, "EIO");
  await t.write(written, new Uint8Array(written.bytes).fill(4));
  await t.bring(written, "system");
  assertEquals((await t.bytes(written))[0], 4);
});

for (const how of ["whose maps fail", "whose maps have old bytes"]) {
  Deno.test(`a device ${how} before it tells that it is lost: what was on its way to the host is reported`, async () => {
    const lost: string[] = [];
    await using t = bench({
      resolvesWhenLost: true,
      recover: () => Promise.resolve(new FakeGpu()),
      onLost: ({ buffers }) => void lost.push(...buffers.map(String)),
    });
    const buffer = await t.make(2, 1);
    await t.fill(9, buffer);
    await turn();
    if (how === "whose maps fail") t.gpu.failingMaps = 2;
    else t.gpu.isLost = true;
    setTimeout(() => t.gpu.lose());
    await t.device.evictAll("vram");
    assertEquals((await assertRejects(() => t.bytes(buffer), TtmError)).code, "EIO");
    assertEquals(lost, [`${buffer}`]);
  });
}

async function loseAfter(gpu: FakeGpu, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await null;
  gpu.lose();
}

async function codeAndReason(use: () => Promise<unknown>): Promise<[string, string | undefined]> {
  const error = await assertRejects(use, TtmError);
  return [error.code, roots(error).at(-1)];
}

/** Messages of an error and of its causes. */
function roots(error: unknown): string[] {
  return error instanceof Error ? [error.message, ...roots(error.cause)] : [];
}

Deno.test("a device that was destroyed costs no budget, and its buffers are at another place on the next one", async () => {
  const rebound: unknown[] = [];
  await using t = bench({
    recover: () => Promise.resolve(new FakeGpu()),
    onRebound: (buffer) => void rebound.push(buffer),
  });
  const buffers = [await t.make(2, 5), await t.make(6, 6)];
  const { budget } = t.driver;
  t.gpu.lose("destroyed");
  await turn();
  for (const [at, buffer] of buffers.entries()) assertEquals(await seenByDevice(t, buffer), 5 + at);
  assertEquals([t.driver.budget, rebound], [budget, buffers]);
});
