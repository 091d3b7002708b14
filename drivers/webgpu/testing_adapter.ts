import { SystemClock } from "@ttm/core";
import { testDriver } from "@ttm/testing";
import type { Register } from "../../tests/apart/cases.ts";
import { slabs, WebGpu } from "./mod.ts";
import { loseAtRandom } from "./testing_random_losses.ts";
import { type Fill, useAtRandom } from "./testing_random_use.ts";

async function openGpu(): Promise<GPUDevice> {
  const gpu = await (await navigator.gpu?.requestAdapter())?.requestDevice();
  if (gpu === undefined) throw new Error("navigator.gpu has no adapter here");
  return gpu;
}

/** Registers the suite of drivers, on the adapter of `navigator.gpu`. */
export async function suite(test: Register): Promise<void> {
  const device = await openGpu();
  testDriver({
    test,
    name: "webgpu (adapter)",
    factory: () => {
      const driver = new WebGpu({ device, budget: 16 * 4096 });
      return { driver, managers: { vram: slabs(driver) }, clock: new SystemClock() };
    },
    supports: { windows: false },
  });
}

const fill: Fill<GPUDevice> = ({ queue }, { buffer, offset, size }, value) => {
  queue.writeBuffer(buffer, offset, new Uint8Array(size).fill(value));
};

/** Registers random use, on the adapter of `navigator.gpu`. */
export function random(test: Register): void {
  test("2,000 random operations with a quarter of the memory lose nothing and keep to the budget", async () => {
    const { driver } = await useAtRandom({ gpu: await openGpu(), operations: 2000, seed: 2, fill });
    await driver.retired.settled();
  });

  test("a device that is destroyed at 8 random moments loses what it alone has, and nothing reads wrong", async () => {
    const { driver } = await loseAtRandom({ open: openGpu, operations: 800, times: 8, seed: 3, fill });
    await driver.retired.settled();
  });
}
