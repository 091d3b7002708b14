import { assert, assertEquals, assertRejects } from "@std/assert";
import { openGpu } from "../../examples/layers/gpu.ts";
import { lru, mru } from "@ttm/core";
import { lookahead, loops } from "@ttm/policies";
import { makeModel, weightBytes } from "../../examples/layers/model.ts";
import type { Register } from "../apart/cases.ts";
import { GpuMeter } from "./gpu_meter.ts";
import { compare } from "./gpu_rounds.ts";

const model = makeModel({ blocks: 4, width: 256, hidden: 1024 });
const open = async () => (await openGpu("built-in")).gpu;

/** Registers comparisons on the adapter of `navigator.gpu`. */
export function cases(test: Register): void {
  for (const [times, uploads] of [[1, 0], [4, weightBytes(model)]] as const) {
    test(
      `by hand and with @ttm the same bytes go up, with weights of ${times} times the budget`,
      async () => {
        const figures = await compare({ model, times, rounds: 1, open });
        const { budget, hand, ours, ratio, floor, bytesUpHand, bytesUpOurs, waits, highestBytes } = figures;
        assertEquals([figures.times, budget], [times, weightBytes(model) / times + 2 ** 20]);
        assertEquals(
          [bytesUpHand, bytesUpOurs - bytesUpHand <= 256],
          [uploads + 4 * model.width, true],
          `${bytesUpOurs}`,
        );
        assert(waits <= 1 && highestBytes <= budget, `${waits} waits, ${highestBytes} bytes`);
        assert(hand > 0 && ours > 0 && ratio > 0 && floor > 0);
      },
    );
  }

  for (const [name, policy] of [["mru()", mru], ["loops()", () => loops(lru())]] as const) {
    test(`fewer bytes go up with ${name}, which suits the model`, async () => {
      const { bytesUpHand, bytesUpOurs } = await compare({ model, times: 2, rounds: 1, open, policy });
      assert(bytesUpOurs < 0.7 * bytesUpHand, `${bytesUpOurs} bytes, ${bytesUpHand} by hand`);
    });
  }

  test("hints of the matrices to come leave out as many bytes as an order that suits the model", async () => {
    const policy = () => lookahead(lru());
    const { bytesUpHand, bytesUpOurs } = await compare({ model, times: 2, rounds: 1, open, policy, hints: true });
    assert(bytesUpOurs < 0.7 * bytesUpHand, `${bytesUpOurs} bytes, ${bytesUpHand} by hand`);
  });

  test("a wrong result ends the comparison", async () => {
    const wrong = async () => {
      const gpu = await open();
      gpu.createShaderModule = ((create) => ({ code, ...rest }: GPUShaderModuleDescriptor) => {
        return create({ ...rest, code: code.replace("max(product(id.x), 0)", "product(id.x)") });
      })(gpu.createShaderModule.bind(gpu));
      return gpu;
    };
    await assertRejects(
      () => compare({ model, times: 4, rounds: 1, open: wrong }),
      Error,
      "differs from that of float64",
    );
  });

  test(
    "a meter counts bytes that go up, waits, and bytes held until what used them has ended",
    async () => {
      const gpu = await open();
      const meter = new GpuMeter(gpu);
      const make = (size: number) =>
        gpu.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
      const first = make(1024);
      gpu.queue.writeBuffer(first, 0, new Float32Array(8));
      gpu.queue.writeBuffer(first, 0, new Float32Array(8), 2, 4);
      gpu.queue.writeBuffer(first, 0, new ArrayBuffer(64), 16);
      assertEquals(meter.bytesUp, 32 + 16 + 48);
      await first.mapAsync(GPUMapMode.READ);
      first.unmap();
      await gpu.queue.onSubmittedWorkDone();
      assertEquals(meter.waits, 2);
      first.destroy();
      first.destroy();
      make(512);
      assertEquals(meter.highestBytes, 1536);
      await gpu.queue.onSubmittedWorkDone();
      make(256);
      assertEquals(meter.highestBytes, 1536);
      gpu.destroy();
    },
  );
}
