import { assert, assertEquals } from "@std/assert";
import { PAGE_SIZE } from "@ttm/core";
import type { Register } from "../../tests/apart/cases.ts";
import { byHand } from "./by_hand.ts";
import { openGpu } from "./gpu.ts";
import { compute, errorOf, makeInput, makeModel, storeOf, weightBytes } from "./model.ts";
import { withTtm } from "./with_ttm.ts";

const MiB = 2 ** 20;

/** Registers a run of both programs on the adapter of `navigator.gpu`. */
export function cases(test: Register): void {
  for (const [name, make] of [["by hand", byHand], ["with @ttm", withTtm]] as const) {
    test(
      `layers ${name}: the result is that of float64, every time, with a quarter of the memory`,
      async () => {
        const { gpu } = await openGpu("built-in");
        const model = makeModel({ blocks: 4, width: 128, hidden: 512 });
        const step = await make(gpu, weightBytes(model) / 4 + MiB / 8, model);
        for (const scale of [1, -2]) {
          const input = makeInput(model).map((value) => scale * value);
          const error = errorOf(await step(input), compute(model, input));
          assert(error < 1e-5, `${error}`);
        }
        gpu.destroy();
      },
    );
  }

  test("layers from a store: the result is that of float64, and host memory holds one matrix at most", async () => {
    const { gpu } = await openGpu("built-in");
    const model = makeModel({ blocks: 4, width: 128, hidden: 512 });
    const largest = Math.max(...model.matrices.map(({ bytes }) => bytes.length));
    let most = 0;
    const step = await withTtm(gpu, weightBytes(model) / 4 + MiB / 8, model, {
      store: storeOf(model),
      watch: ({ global }, { stats }) => {
        most = Math.max(most, stats.hostCopyBytes + global.usedPages * PAGE_SIZE);
        return Promise.resolve();
      },
    });
    const input = makeInput(model);
    for (let count = 0; count < 2; count++) assert(errorOf(await step(input), compute(model, input)) < 1e-5);
    assertEquals(most <= largest, true, `${most} bytes`);
    gpu.destroy();
  });
}
