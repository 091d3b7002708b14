import { BoDevice, type BufferObject, lru } from "@ttm/core";
import { slabs, WebGpu } from "@ttm/webgpu";
import { Kernel } from "./kernel.ts";
import type { Model, Step } from "./model.ts";
import type { TtmOptions } from "./options.ts";

/** Runs a model on buffer objects: each submission brings what it needs to the device, and others make room. */
export async function withTtm(gpu: GPUDevice, budget: number, model: Model, options: TtmOptions = {}): Promise<Step> {
  const kernel = new Kernel(gpu);
  const driver = new WebGpu({ device: gpu, budget, stagingBytes: 2 ** 16 });
  const device = new BoDevice({ driver, managers: { vram: slabs(driver) }, policy: options.policy ?? lru() });
  const x = device.createBuffer({ bytes: 4 * model.width });
  const h = device.createBuffer({ bytes: 4 * model.hidden });
  const weights = model.matrices.map((matrix) => {
    const origin = options.store && { stored: { key: matrix.name, store: options.store } };
    return { matrix, buffer: device.createBuffer({ bytes: matrix.bytes.length, label: matrix.name, ...origin }) };
  });
  if (!options.store) { for (const { matrix, buffer } of weights) await write(buffer, matrix.bytes); }

  return async (input) => {
    await write(x, input);
    if (options.hints) device.hint([...weights, ...weights].map(({ buffer }) => buffer));
    for (const [i, { matrix, buffer }] of weights.entries()) {
      const buffers = [buffer, ...(i % 2 === 0 ? [x, h] : [h, x])];
      const entries = buffers.map((buffer, binding) => ({ binding, buffer }));
      const uses = buffers.map((buffer, at) => ({ buffer, usage: at < 2 ? "read" : "write" }) as const);
      await device.submit(uses, () => kernel.run(matrix, driver.bindGroup({ layout: kernel.layout, entries })));
      await options.watch?.(device, driver);
    }
    using _reservation = await x.reserve();
    return new Float32Array((await x.read()).buffer as ArrayBuffer);
  };
}

async function write(buffer: BufferObject, bytes: ArrayBufferView): Promise<void> {
  using _reservation = await buffer.reserve();
  await buffer.validate({ placement: [{ memoryType: "vram" }] });
  await buffer.write(bytes);
}
