import { assertEquals, assertRejects } from "@std/assert";
import { type BufferObject, PAGE_SIZE, type ReadOnlyStore } from "@ttm/core";
import { bench, bound, only, turn } from "./testing_bench.ts";
import { FakeGpu } from "./testing_fake_gpu.ts";

const BYTES = 2 * PAGE_SIZE;
const store: ReadOnlyStore = { name: "sevens", readOnly: true, read: () => new Uint8Array(BYTES).fill(7) };

Deno.test("a buffer from a store has no host copy while only submissions that read it use it", async () => {
  await using t = bench();
  using buffer = t.device.createBuffer({ bytes: BYTES, stored: { key: "a", store } });
  const seen: number[] = [];
  await t.submit([{ buffer, usage: "read" }], () => {
    t.gpu.dispatch([bound(t.driver.bind(buffer), "read")], (bytes) => seen.push(bytes[0] as number));
  });
  assertEquals([buffer.clean, t.driver.stats.hostCopyBytes], [true, 0]);
  await t.device.evictAll("vram");
  assertEquals([seen, buffer.swapped, t.driver.stats.readBackBytes], [[7], true, 0]);
});

Deno.test("a submission that writes a buffer from a store makes it dirty, and its bytes survive the eviction", async () => {
  await using t = bench();
  using buffer = t.device.createBuffer({ bytes: BYTES, stored: { key: "a", store } });
  await t.fill(8, buffer);
  await t.device.evictAll("vram");
  assertEquals([buffer.clean, buffer.swapped, await all(buffer)], [false, false, new Uint8Array(BYTES).fill(8)]);
});

Deno.test("a write of the CPU to a buffer from a store in VRAM survives the eviction", async () => {
  await using t = bench();
  using buffer = t.device.createBuffer({ bytes: BYTES, stored: { key: "a", store } });
  await t.bring(buffer, "vram");
  await t.write(buffer, new Uint8Array([1, 2, 3]), 5);
  await t.device.evictAll("vram");
  assertEquals((await all(buffer)).slice(4, 9), new Uint8Array([7, 1, 2, 3, 7]));
});

Deno.test("after the loss of the device a buffer from a store is read from it again once it is evicted", async () => {
  const lost: number[] = [];
  await using t = bench({
    recover: () => Promise.resolve(new FakeGpu()),
    onLost: ({ buffers }) => void lost.push(buffers.length),
  });
  using buffer = t.device.createBuffer({ bytes: BYTES, stored: { key: "a", store } });
  await t.bring(buffer, "vram");
  t.gpu.lose();
  await turn();
  await assertRejects(() => t.submit([{ buffer, usage: "read" }], () => {}), Error, "evict it, and its store is read");
  await t.device.evictAll("vram");
  await t.bring(buffer, "vram");
  assertEquals([lost, await all(buffer)], [[0], new Uint8Array(BYTES).fill(7)]);
});

async function all(buffer: BufferObject): Promise<Uint8Array> {
  using _reservation = await buffer.reserve();
  await buffer.validate(only("system"));
  return await buffer.read();
}
