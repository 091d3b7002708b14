import { parseArgs } from "node:util";
import { useAtRandom } from "../drivers/webgpu/testing_random_use.ts";

const { values } = parseArgs({
  args: Deno.args.filter((arg) => arg !== "--"),
  options: { ops: { type: "string", default: "20000" }, seed: { type: "string", default: "1" } },
});
const adapter = await navigator.gpu?.requestAdapter() ?? null;
if (adapter === null) throw new Error("navigator.gpu has no adapter here");
const device = await adapter.requestDevice();
const driver = await useAtRandom(device, Number(values.ops), Number(values.seed), (gpu, value) => {
  device.queue.writeBuffer(gpu as GPUBuffer, 0, new Uint8Array(gpu.size).fill(value));
});
// deno-lint-ignore no-console -- the result
console.log(`${values.ops} operations on ${adapter.info.description || "this adapter"}: nothing lost`, driver.stats);
device.destroy();
