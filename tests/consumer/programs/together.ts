// deno-lint-ignore-file no-console -- this is a program
/**
 * What somebody writes who has all of it in one import: devices of several parts, each under twice the buffers that fit.
 *
 * @module
 */
import { BoDevice, buddy, type DeviceOptions, firstFit, PAGE_SIZE, RadeonSim, slabs, WebGpu } from "@ttm/ttm";

const PAGES = 16;

async function use(name: string, options: DeviceOptions): Promise<void> {
  const device = new BoDevice(options);
  const placement = device.preparePlacement({ placement: [{ memoryType: "vram" }] });
  const buffers = Array.from({ length: PAGES / 2 }, () => device.createBuffer({ bytes: 4 * PAGE_SIZE }));
  for (const [i, buffer] of buffers.entries()) {
    await buffer.reserve();
    await buffer.validate(placement);
    await buffer.write(new Uint8Array(buffer.bytes).fill(i));
    buffer.unreserve();
  }
  const inVram = buffers.filter((buffer) => buffer.memoryType === "vram").length;
  const read: number[] = [];
  for (const buffer of buffers) {
    await buffer.reserve();
    read.push(...await buffer.read({ offset: buffer.bytes - 1, length: 1 }));
    buffer.unreserve();
    buffer.unref();
  }
  await device.close();
  console.log(`${name}: ${inVram} of ${buffers.length} in VRAM, they read ${read}`);
}

const simulated = () => new RadeonSim({ vram: PAGES * PAGE_SIZE, gtt: 4 * PAGES * PAGE_SIZE });
await use("first-fit", { driver: simulated(), managers: { vram: firstFit(), gtt: firstFit() } });
await use("buddy", { driver: simulated(), managers: { vram: buddy(), gtt: buddy() } });

const gpu = await (await globalThis.navigator?.gpu?.requestAdapter())?.requestDevice();
if (gpu !== undefined) {
  const driver = new WebGpu({ device: gpu, budget: (PAGES + 1) * PAGE_SIZE, stagingBytes: PAGE_SIZE });
  await use("webgpu", { driver, managers: { vram: slabs(driver) } });
  gpu.destroy();
}
