/**
 * Random use of the GPU of this machine: `deno task soak:gpu -- --ops 20000`. Ends with exit code 1 when something is
 * lost, or memory is.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { loseAtRandom } from "../drivers/webgpu/testing_random_losses.ts";
import { type Fill, useAtRandom } from "../drivers/webgpu/testing_random_use.ts";
import { runCommand, UsageError, wholeNumber } from "./command.ts";
import { residentMemory } from "./resident_memory.ts";

const fill: Fill<GPUDevice> = ({ queue }, { buffer, offset, size }, value) => {
  queue.writeBuffer(buffer, offset, new Uint8Array(size).fill(value));
};
/** How much more memory than at the start may be resident at the end: a tenth. */
const MOST = 1.1;

await runCommand({
  help: `Uses the GPU of this machine at random through @ttm/webgpu, and compares contents on the way. The memory of the
process is looked at when everything is disposed of: after a tenth of the operations, and after all of them.

Usage: deno task soak:gpu [options]

  --ops NUMBER     how many operations                                           [20000]
  --losses NUMBER  then the device is destroyed so many times, in 100 operations each [50]
  --seed NUMBER    of the random choices                                         [1]
  --help

Exit status: 0 all is well, 1 bytes are wrong or lost, or memory has grown by more than a tenth, 2 wrong arguments, or
no adapter here.`,
  options: {
    ops: { type: "string", default: "20000" },
    losses: { type: "string", default: "50" },
    seed: { type: "string", default: "1" },
  },
  async run(values) {
    const [ops, seed] = [wholeNumber("ops", values.ops, 1), wholeNumber("seed", values.seed, 0)];
    const losses = wholeNumber("losses", values.losses, 0);
    const gpu = await open();
    const use = async (operations: number) => {
      const { driver } = await useAtRandom({ gpu, operations, seed, fill });
      await driver.retired.settled();
      return { stats: driver.stats, memory: residentMemory() };
    };
    // The first operations compile the code and fill the implementation's own pools.
    const before = await use(Math.ceil(ops / 10));
    const { stats, memory } = await use(ops);
    gpu.destroy();
    console.log(`${ops} operations: nothing lost`, stats);
    console.log(`resident memory: ${mebibytes(before.memory)} after a tenth of them, ${mebibytes(memory)} after all`);
    if (losses > 0) {
      const { lost, device } = await loseAtRandom({ open, operations: 100 * losses, times: losses, seed, fill });
      console.log(`${losses} devices destroyed: ${lost.length} buffers reported lost, all others right`);
      device.destroy();
    }
    return memory > MOST * before.memory ? 1 : 0;
  },
});

async function open(): Promise<GPUDevice> {
  const adapter = await navigator.gpu?.requestAdapter() ?? null;
  if (adapter === null) throw new UsageError("Cannot use the GPU: navigator.gpu has no adapter here");
  return await adapter.requestDevice();
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
