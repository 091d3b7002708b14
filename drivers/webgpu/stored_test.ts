import { assertEquals, assertThrows } from "@std/assert";
import { BoDevice, type BufferObject, FenceContext, PAGE_SIZE, type ReadOnlyStore, TtmError } from "@ttm/core";
import { byteBudget, WebGpu } from "./mod.ts";
import { FakeGpu } from "./testing_fake_gpu.ts";

const BYTES = 2 * PAGE_SIZE;

Deno.test("work that writes a clean buffer must be announced, and its bytes are read back then", async () => {
  const gpu = new FakeGpu({});
  const driver = new WebGpu({ device: gpu, budget: 4 * PAGE_SIZE });
  const device = new BoDevice({ driver, managers: { vram: byteBudget(driver) } });
  const store: ReadOnlyStore = { name: "sevens", readOnly: true, read: () => new Uint8Array(BYTES).fill(7) };
  const buffer = device.createBuffer({ bytes: BYTES, stored: { key: "a", store } });
  const evicted = async (buffer: BufferObject) => {
    await device.evictAll("vram");
    assertEquals(gpu.buffers.filter(({ destroyed }) => !destroyed).length, 0);
    return [buffer.swapped, gpu.readbacks];
  };
  await buffer.reserve();
  await buffer.validate({ placement: [{ memoryType: "vram" }] });
  assertThrows(() => driver.gpuBuffer(buffer, "write"), TtmError, 'announce the work by addFence(fence, "write")');
  gpu.dispatch(driver.gpuBuffer(buffer, "read"), () => {});
  buffer.unreserve();
  assertEquals(await evicted(buffer), [true, 0]);

  await buffer.reserve();
  await buffer.validate({ placement: [{ memoryType: "vram" }] });
  const work = new FenceContext("compute").next();
  buffer.addFence(work, "write");
  gpu.dispatch(driver.gpuBuffer(buffer, "write"), (bytes) => bytes.fill(8));
  work.signal();
  buffer.unreserve();
  assertEquals((await evicted(buffer))[0], false);
  await buffer.reserve();
  assertEquals(await buffer.read(), new Uint8Array(BYTES).fill(8));
  buffer.unreserve();
  buffer.unref();
  await device.close();
  await driver.retired.settled();
});
