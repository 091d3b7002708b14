import { assert } from "@std/assert";
import type { Register } from "../../tests/apart/cases.ts";
import { byHand } from "./by_hand.ts";
import { openGpu } from "./gpu.ts";
import { compute, errorOf, makeInput, makeModel, weightBytes } from "./model.ts";
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
}
