import { Kernel } from "./kernel.ts";
import type { Model, Step } from "./model.ts";

/** Runs a model by hand: a ring of buffers that the matrices take turns in. */
export function byHand(gpu: GPUDevice, budget: number, { width, hidden, matrices }: Model): Step {
  const kernel = new Kernel(gpu);
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
  const x = gpu.createBuffer({ size: 4 * width, usage: STORAGE | COPY_SRC | COPY_DST });
  const h = gpu.createBuffer({ size: 4 * hidden, usage: STORAGE });
  const staging = gpu.createBuffer({ size: 4 * width, usage: MAP_READ | COPY_DST });
  const size = Math.max(...matrices.map(({ bytes }) => bytes.length));
  const room = budget - x.size - h.size - staging.size;
  const slots = Math.min(matrices.length, Math.floor(room / size));
  const ring = Array.from({ length: slots }, () => {
    const buffer = gpu.createBuffer({ size, usage: STORAGE | COPY_DST });
    const groups = [[x, h], [h, x]].map((vectors) => {
      const entries = [buffer, ...vectors].map((buffer, binding) => ({ binding, resource: { buffer } }));
      return gpu.createBindGroup({ layout: kernel.layout, entries });
    });
    return { buffer, groups, holds: -1 };
  });

  return async (input) => {
    gpu.queue.writeBuffer(x, 0, input);
    for (const [i, matrix] of matrices.entries()) {
      const slot = ring[i % slots] as typeof ring[number];
      if (slot.holds !== i) gpu.queue.writeBuffer(slot.buffer, 0, matrix.bytes);
      slot.holds = i;
      kernel.run(matrix, slot.groups[i % 2] as GPUBindGroup);
    }
    const encoder = gpu.createCommandEncoder();
    encoder.copyBufferToBuffer(x, 0, staging, 0, staging.size);
    gpu.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const result = new Float32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    return result;
  };
}
