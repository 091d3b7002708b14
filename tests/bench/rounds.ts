import process from "node:process";
import type { Variant } from "./variant.ts";

/** What the rounds told of a variant. */
export interface Measured {
  readonly name: string;
  /** Nanoseconds an operation in the quickest round. */
  readonly best: number;
  /** Nanoseconds an operation, median of the rounds. */
  readonly median: number;
  /** How many times as long as the first variant in the same round, median of the rounds. */
  readonly ratio: number;
}

/** How to measure. */
export interface RoundsOptions {
  /** @default {11} */
  readonly rounds?: number;
  /** Time that has been spent, in nanoseconds. @default {CPU time of this process} */
  readonly spent?: () => number;
}

/** A turn takes this long at least, so that the grain of the clock does not matter. */
const TURN_NS = 20e6;

/** CPU time of this process in nanoseconds: what a busy neighbour takes away does not count, the collector's work does. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/**
 * Runs the variants by turns, A B A B …, after two turns that warm them up. What disturbs a round disturbs all of its
 * variants, so that ratios within rounds can be trusted where times can not.
 */
export async function measure(variants: readonly Variant[], options: RoundsOptions = {}): Promise<Measured[]> {
  const { rounds = 11, spent = cpuTime } = options;
  const turns: (() => Promise<number>)[] = [];
  for (const variant of variants) turns.push(await warmUp(variant, spent));
  const times: number[][] = variants.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, turn] of turns.entries()) times[at]?.push(await turn());
  }
  const [first = []] = times;
  return variants.map(({ name }, at) => {
    const own = times[at] ?? [];
    const ratios = own.map((time, round) => time / (first[round] ?? NaN));
    return { name, best: Math.min(...own), median: median(own), ratio: median(ratios) };
  });
}

/** Gives a function that takes one turn and tells what an operation took. */
async function warmUp({ operations, prepare }: Variant, spent: () => number): Promise<() => Promise<number>> {
  const run = prepare();
  const turn = async (times: number) => {
    const before = spent();
    for (let time = 0; time < times; time++) await run();
    return Math.max(spent() - before, 1) / times;
  };
  await turn(3);
  const times = Math.ceil(TURN_NS / await turn(3));
  return async () => await turn(times) / operations;
}

/** The middle of some numbers; the mean of the two in the middle of an even number of them. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** A loop that nothing of the project takes part in: if it takes longer than usual, so does everything else. */
export const calibration: Variant = {
  name: "calibration",
  operations: 1 << 20,
  prepare() {
    const kept = new Int32Array(1);
    return () => {
      let state = 1;
      for (let i = 0; i < 1 << 20; i++) state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
      // Without a use of the result the loop would be optimised away.
      kept[0] = state;
    };
  },
};
