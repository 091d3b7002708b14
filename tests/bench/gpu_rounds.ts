import { type EvictionPolicy, lru } from "@ttm/core";
import { byHand } from "../../examples/layers/by_hand.ts";
import { compute, errorOf, makeInput, type Model, type Step, weightBytes } from "../../examples/layers/model.ts";
import { withTtm } from "../../examples/layers/with_ttm.ts";
import { GpuMeter } from "./gpu_meter.ts";
import { measure } from "./rounds.ts";

/** A model by hand and with `@ttm` under one budget; figures of a step unless stated otherwise. */
export interface GpuComparison {
  /** How many times the budget the weights are. */
  readonly times: number;
  /** Bytes that each of the two may hold on the device. */
  readonly budget: number;
  /** Milliseconds by hand, in the quickest round. */
  readonly hand: number;
  /** Milliseconds with `@ttm`, in the quickest round. */
  readonly ours: number;
  /** `ours / hand`. */
  readonly ratio: number;
  readonly bytesUpHand: number;
  readonly bytesUpOurs: number;
  /** How often ours waits for the device, besides for the result. */
  readonly waits: number;
  /** The most bytes that ours has held on the device at a time, since its beginning. */
  readonly highestBytes: number;
}

/** How to compare. */
export interface GpuRoundsOptions {
  readonly model: Model;
  readonly times: number;
  readonly rounds: number;
  /** Makes the eviction policy of ours. @default {`lru()`} */
  readonly policy?: () => EvictionPolicy;
  /** Makes a device; each of the two has its own. */
  readonly open: () => Promise<GPUDevice>;
}

/** Room for vectors and for reading one back. */
const BESIDES = 2 ** 20;
const TOLERANCE = 1e-5;

/**
 * Runs the model by turns in both ways. The quickest rounds are compared: an adapter in software that has to share its
 * cores takes many times as long in others. Each of the two comes to the process first once, since an adapter in software
 * computes up to a tenth faster in the memory that is taken first. Rejects if a result is not that of float64.
 */
export async function compare(options: GpuRoundsOptions): Promise<GpuComparison> {
  const halves = [await compareHalf(options, true), await compareHalf(options, false)] as const;
  const [hand, ours] = [Math.min(...halves.map(({ hand }) => hand)), Math.min(...halves.map(({ ours }) => ours))];
  const highestBytes = Math.max(...halves.map(({ highestBytes }) => highestBytes));
  return { ...halves[0], hand, ours, ratio: ours / hand, highestBytes };
}

async function compareHalf(options: GpuRoundsOptions, isHandFirst: boolean): Promise<GpuComparison> {
  const { model, times, open, policy = lru } = options;
  const rounds = Math.ceil(options.rounds / 2);
  const budget = Math.ceil(weightBytes(model) / times) + BESIDES;
  const useTtm = (gpu: GPUDevice) => withTtm(gpu, budget, model, { policy: policy() });
  const makeOurs = async () => await Contender.make("with @ttm", await open(), useTtm, model);
  const early = isHandFirst ? null : await makeOurs();
  const hand = await Contender.make("by hand", await open(), (gpu) => byHand(gpu, budget, model), model);
  const ours = early ?? await makeOurs();
  try {
    const both = [hand, ours].map((one) => ({ name: one.name, operations: 1, prepare: () => () => one.step() }));
    const [byHands, byOurs] = await measure(both, { rounds, spent: () => performance.now() * 1e6 });
    const [msByHand, ms] = [byHands, byOurs].map((measured) => (measured?.best ?? NaN) / 1e6) as [number, number];
    const [{ bytesUp: bytesUpHand }, { bytesUp: bytesUpOurs, waits }] = [await hand.count(), await ours.count()];
    return {
      times,
      budget,
      hand: msByHand,
      ours: ms,
      ratio: ms / msByHand,
      bytesUpHand,
      bytesUpOurs,
      waits: waits - 1,
      highestBytes: ours.meter.highestBytes,
    };
  } finally {
    hand.gpu.destroy();
    ours.gpu.destroy();
  }
}

/** One way of running the model, on a device of its own whose use is counted. */
class Contender {
  readonly name: string;
  readonly gpu: GPUDevice;
  readonly meter: GpuMeter;
  #run: Step;
  #input: Float32Array<ArrayBuffer>;
  #expected: Float64Array;

  private constructor(name: string, gpu: GPUDevice, meter: GpuMeter, run: Step, model: Model) {
    this.name = name;
    this.gpu = gpu;
    this.meter = meter;
    this.#run = run;
    this.#input = makeInput(model);
    this.#expected = compute(model, this.#input);
  }

  static async make(name: string, gpu: GPUDevice, make: (gpu: GPUDevice) => Step | Promise<Step>, model: Model) {
    const meter = new GpuMeter(gpu);
    return new Contender(name, gpu, meter, await make(gpu), model);
  }

  async step(): Promise<void> {
    const error = errorOf(await this.#run(this.#input), this.#expected);
    if (!(error < TOLERANCE)) throw new Error(`The result ${this.name} differs from that of float64 by ${error}`);
  }

  /** What one step asks of the device. */
  async count(): Promise<{ readonly bytesUp: number; readonly waits: number }> {
    const { bytesUp, waits } = this.meter;
    await this.step();
    return { bytesUp: this.meter.bytesUp - bytesUp, waits: this.meter.waits - waits };
  }
}
