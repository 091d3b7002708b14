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
  /** What `ratio` would be if nothing had to go up: a step by hand without uploads of matrices / `hand`. */
  readonly floor: number;
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
  /** Whether ours tells what it is going to use. */
  readonly hints?: boolean;
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
  const quickest = (of: "hand" | "ours" | "still") => Math.min(...halves.map((half) => half[of]));
  const [hand, ours] = [quickest("hand"), quickest("ours")];
  const highestBytes = Math.max(...halves.map(({ highestBytes }) => highestBytes));
  const { still: _, ...first } = halves[0];
  return { ...first, hand, ours, ratio: ours / hand, floor: quickest("still") / hand, highestBytes };
}

/** What one half of the rounds tells; `still` is the time without uploads. */
type Half = Omit<GpuComparison, "ratio" | "floor"> & { readonly still: number };

async function compareHalf(options: GpuRoundsOptions, isHandFirst: boolean): Promise<Half> {
  const { model, times, open, policy = lru, hints = false } = options;
  const rounds = Math.ceil(options.rounds / 2);
  const budget = Math.ceil(weightBytes(model) / times) + BESIDES;
  const useTtm = (gpu: GPUDevice) => withTtm(gpu, budget, model, { policy: policy(), hints });
  const useHand = (gpu: GPUDevice) => byHand(gpu, budget, model);
  const makeOurs = async () => await Contender.make("with @ttm", await open(), useTtm, model);
  const early = isHandFirst ? null : await makeOurs();
  const hand = await Contender.make("by hand", await open(), useHand, model);
  const ours = early ?? await makeOurs();
  const still = await Contender.make("without uploads", await open(), useHand, model);
  try {
    await still.keepMatrices(model);
    const all = [hand, ours, still].map((one) => ({ name: one.name, operations: 1, prepare: () => () => one.step() }));
    const measured = await measure(all, { rounds, spent: () => performance.now() * 1e6 });
    const [msByHand = NaN, ms = NaN, msStill = NaN] = measured.map(({ best }) => best / 1e6);
    const [{ bytesUp: bytesUpHand }, { bytesUp: bytesUpOurs, waits }] = [await hand.count(), await ours.count()];
    return {
      times,
      budget,
      hand: msByHand,
      ours: ms,
      still: msStill,
      bytesUpHand,
      bytesUpOurs,
      waits: waits - 1,
      highestBytes: ours.meter.highestBytes,
    };
  } finally {
    for (const { gpu } of [hand, ours, still]) gpu.destroy();
  }
}

/** One way of running the model, on a device of its own whose use is counted. */
class Contender {
  readonly name: string;
  readonly gpu: GPUDevice;
  readonly meter: GpuMeter;
  #run: Step;
  #input: Float32Array<ArrayBuffer>;
  #expected: Float64Array | null;

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
    const result = await this.#run(this.#input);
    if (this.#expected === null) return;
    const error = errorOf(result, this.#expected);
    if (!(error < TOLERANCE)) throw new Error(`The result ${this.name} differs from that of float64 by ${error}`);
  }

  /** Makes one step, after which no matrix goes up any more: whatever is on the device then stays, and results are wrong. */
  async keepMatrices({ matrices }: Model): Promise<void> {
    await this.step();
    const least = Math.min(...matrices.map(({ bytes }) => bytes.length));
    const { queue } = this.gpu;
    const write = queue.writeBuffer.bind(queue);
    queue.writeBuffer = (buffer, at, data, ...range) => {
      if (data.byteLength < least) write(buffer, at, data, ...range);
    };
    this.#expected = null;
  }

  /** What one step asks of the device. */
  async count(): Promise<{ readonly bytesUp: number; readonly waits: number }> {
    const { bytesUp, waits } = this.meter;
    await this.step();
    return { bytesUp: this.meter.bytesUp - bytesUp, waits: this.meter.waits - waits };
  }
}
