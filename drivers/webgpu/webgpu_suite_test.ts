import { assert, assertEquals } from "@std/assert";
import { SystemClock } from "@ttm/core";
import { testDriver, testManager } from "@ttm/testing";
import { byteBudget, WebGpu } from "./mod.ts";
import { FakeGpu } from "./testing_fake_gpu.ts";
import { useAtRandom } from "./testing_random_use.ts";

const SIZE = 16 * 4096;
const adapter = await navigator.gpu?.requestAdapter() ?? null;

const RANDOM = "random operations with a quarter of the memory lose nothing and keep to the budget";

testManager({
  test: Deno.test,
  factory: () => byteBudget(),
  supports: { ranges: false, topDown: false, contiguous: false },
});

if (adapter === null) {
  Deno.test.ignore("webgpu (adapter): the suite -- ignored: navigator.gpu has no adapter here", () => {});
} else {
  const device = await adapter.requestDevice();
  testDriver({
    test: Deno.test,
    name: "webgpu (adapter)",
    factory: () => {
      const driver = new WebGpu({ device, budget: SIZE });
      const end = () => driver.retired.settled();
      return { driver, managers: { vram: byteBudget(driver) }, clock: new SystemClock(), end };
    },
    supports: { windows: false },
  });
  const { queue } = device;
  Deno.test(`webgpu (adapter): 300 ${RANDOM}`, async () => {
    const driver = await useAtRandom(device, 300, 2, (gpu, value) => {
      queue.writeBuffer(gpu as GPUBuffer, 0, new Uint8Array(gpu.size).fill(value));
    });
    await driver.retired.settled();
  });
}

Deno.test(`webgpu (fake): 20,000 ${RANDOM}`, async () => {
  const gpu = new FakeGpu();
  const { stats } = await useAtRandom(gpu, 20_000, 1, (buffer, value) => gpu.dispatch(buffer, (b) => b.fill(value)));
  assertEquals([gpu.uncaptured, gpu.peakBytes <= 32 * 4096], [[], true]);
  assert(gpu.readbacks > 1000 && stats.cleanEvictions > 1000, `${gpu.readbacks} ${stats.cleanEvictions}`);
});
