import { assert, assertEquals } from "@std/assert";
import { noAdapter } from "../../tests/apart/adapter.ts";
import { testApart } from "../../tests/apart/apart.ts";
import { turn } from "./testing_bench.ts";
import { FakeGpu } from "./testing_fake_gpu.ts";
import { BUDGET, type Fill, useAtRandom } from "./testing_random_use.ts";

const RANDOM = "random operations with a quarter of the memory lose nothing and keep to the budget";

const fill: Fill<FakeGpu> = (gpu, { buffer, offset, size }, value) =>
  gpu.dispatch([{ buffer, offset, size, access: "write" }], (bytes) => bytes.fill(value));

Deno.test(`webgpu (fake): 20,000 ${RANDOM}`, async () => {
  const gpu = new FakeGpu();
  const { driver: { stats } } = await useAtRandom({ gpu, operations: 20_000, seed: 1, fill });
  await turn();
  assertEquals([gpu.uncaptured, gpu.bytes], [[], 0]);
  assert(gpu.peakBytes <= BUDGET && stats.highestBytes <= BUDGET, `${gpu.peakBytes} ${stats.highestBytes}`);
  assert(gpu.readbacks > 1000 && stats.cleanEvictions > 1000, `${gpu.readbacks} ${stats.cleanEvictions}`);
});

Deno.test("webgpu (fake): so do they when the memory is a quarter smaller than the budget, and is refused at times", async () => {
  const gpu = new FakeGpu({ memory: BUDGET * 3 / 4 });
  const before = (left: number) => void (gpu.refusals = left % 500 === 0 ? 1 : gpu.refusals);
  await useAtRandom({ gpu, operations: 5000, seed: 2, fill, before });
  await turn();
  assertEquals([gpu.uncaptured, gpu.bytes], [[], 0]);
});

for (const resolvesWhenLost of [false, true]) {
  const how = resolvesWhenLost ? "whose promises resolve then" : "whose promises never settle then";
  Deno.test(`webgpu (fake): a device that is lost at 50 random moments, ${how}, loses what it alone has, and nothing reads wrong`, async () => {
    const devices = [new FakeGpu({ resolvesWhenLost })];
    const lost: string[] = [];
    const { driver, failed } = await useAtRandom({
      gpu: devices[0] as FakeGpu,
      operations: 6000,
      seed: 3,
      fill,
      mayLose: true,
      before: (left) => left % 117 === 0 && devices.at(-1)?.lose(left % 2 === 0 ? "unknown" : "destroyed"),
      options: {
        recover: () => {
          devices.push(new FakeGpu({ resolvesWhenLost }));
          return Promise.resolve(devices.at(-1) ?? null);
        },
        onLost: ({ buffers }) => lost.push(...buffers.map(String)),
      },
    });
    await turn();
    assert(devices.length > 50, `${devices.length} devices`);
    assert(failed.length > 20 && lost.length > 20, `${failed.length} ${lost.length}`);
    assertEquals(failed.filter((name) => !lost.includes(name)), [], "every loss is reported");
    assertEquals([driver.device === devices.at(-1), devices.flatMap(({ uncaptured }) => uncaptured)], [true, []]);
  });
}

testApart(await noAdapter(), "webgpu (adapter): random use", import.meta.resolve("./testing_adapter.ts"), "random");
