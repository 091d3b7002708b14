/**
 * Random use of the GPU of this machine: `deno task soak:gpu -- --ops 20000`. Ends with exit code 1 when something is
 * lost.
 *
 * @module
 */
// deno-lint-ignore-file no-console -- a command
import { useAtRandom } from "../drivers/webgpu/testing_random_use.ts";
import { runCommand, UsageError, wholeNumber } from "./command.ts";

await runCommand({
  help: `Uses the GPU of this machine at random through @ttm/webgpu, and compares contents on the way.

Usage: deno task soak:gpu [options]

  --ops NUMBER   how many operations   [20000]
  --seed NUMBER  of the random choices [1]
  --help

Exit status: 0 nothing was lost, 1 something was, 2 wrong arguments, or no adapter here.`,
  options: { ops: { type: "string", default: "20000" }, seed: { type: "string", default: "1" } },
  async run(values) {
    const [ops, seed] = [wholeNumber("ops", values.ops, 1), wholeNumber("seed", values.seed, 0)];
    const adapter = await navigator.gpu?.requestAdapter() ?? null;
    if (adapter === null) throw new UsageError("Cannot use the GPU: navigator.gpu has no adapter here");
    const device = await adapter.requestDevice();
    const use = async (operations: number) => {
      const { driver } = await useAtRandom({
        gpu: device,
        operations,
        seed,
        fill: ({ queue }, { buffer, offset, size }, value) => {
          queue.writeBuffer(buffer, offset, new Uint8Array(size).fill(value));
        },
      });
      await driver.retired.settled();
      return { driver, resident: Math.round(Deno.memoryUsage().rss / 2 ** 20) };
    };
    // The first operations compile the code and fill the implementation's own pools.
    const before = await use(Math.ceil(ops / 10));
    const { driver, resident } = await use(ops);
    console.log(`resident memory: ${before.resident} MiB after a tenth of it, ${resident} MiB after all`);
    console.log(`${ops} operations on ${adapter.info.description || "this adapter"}: nothing lost`, driver.stats);
    device.destroy();
    return 0;
  },
});
