import { type MemTypeManager, SystemClock } from "@ttm/core";
import { testDriver, testManager } from "@ttm/testing";
import { noAdapter } from "../../tests/apart/adapter.ts";
import { testApart } from "../../tests/apart/apart.ts";
import { slabs, WebGpu } from "./mod.ts";
import { GpuMemory, STAMPS_BYTES } from "./memory.ts";
import { Slabs } from "./slabs.ts";
import { Timeline } from "./timeline.ts";
import { FakeGpu } from "./testing_fake_gpu.ts";

const SIZE = 16 * 4096;

function makeSlabs() {
  const gpu = new FakeGpu();
  const maker = (size: number, usage: number) => ({ buffer: gpu.createBuffer({ size, usage }), answer: null });
  const timeline = new Timeline(() => Promise.resolve());
  const sizes = { budget: 128 * 4096 + STAMPS_BYTES, reserve: STAMPS_BYTES, slab: 128 * 4096, maxBufferSize: 2 ** 30 };
  const memory = new GpuMemory(maker, timeline, sizes);
  return { memory, made: new Slabs(memory, () => ({ usage: 0, slab: "read" }), () => null) };
}

const supports = { ranges: false, topDown: false };

testManager({ test: Deno.test, name: "webgpu-slabs", factory: () => makeSlabs().made, supports });

testManager({
  test: Deno.test,
  name: "webgpu-slabs by their pages",
  factory() {
    const { memory, made } = makeSlabs();
    const startOf = (handle: number) => memory.rangeOf(handle)?.start ?? NaN;
    return Object.assign(made, { startOf, intersects: undefined, compatible: undefined }) as unknown as MemTypeManager;
  },
  supports,
});

testDriver({
  test: Deno.test,
  name: "webgpu (fake)",
  factory: () => {
    const driver = new WebGpu({ device: new FakeGpu(), budget: SIZE });
    return { driver, managers: { vram: slabs(driver) }, clock: new SystemClock() };
  },
  supports: { windows: false },
});

testApart(await noAdapter(), "webgpu (adapter): the suite", import.meta.resolve("./testing_adapter.ts"), "suite");
