import process from "node:process";

/** One way of doing something. */
export interface Variant {
  readonly name: string;
  /** Operations that one `run` does. */
  readonly operations: number;
  /** Takes some ten milliseconds, so that the clock's grain does not matter. */
  readonly run: () => void | Promise<void>;
}

/** Something measured. */
export interface Row {
  readonly name: string;
  /** Prepares the ways of doing it; the others are compared with the first. */
  readonly make: () => readonly Variant[];
}

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

/** CPU time of this process in nanoseconds: what a busy neighbour takes away does not count, the collector's work does. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/**
 * Runs the variants by turns, A B A B …, after one turn that warms them up. What disturbs a round disturbs all of its
 * variants, so that ratios within rounds can be trusted where times can not.
 */
export async function measure(variants: readonly Variant[], options: RoundsOptions = {}): Promise<Measured[]> {
  const { rounds = 11, spent = cpuTime } = options;
  const times: number[][] = variants.map(() => []);
  for (const { run } of variants) await run();
  for (let round = 0; round < rounds; round++) {
    for (const [at, { operations, run }] of variants.entries()) {
      const before = spent();
      await run();
      times[at]?.push((spent() - before) / operations);
    }
  }
  const [first = []] = times;
  return variants.map(({ name }, at) => {
    const own = times[at] ?? [];
    const ratios = own.map((time, round) => time / (first[round] ?? NaN));
    return { name, best: Math.min(...own), median: median(own), ratio: median(ratios) };
  });
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
  operations: 1 << 22,
  run() {
    let state = 1;
    for (let i = 0; i < 1 << 22; i++) state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    kept = state;
  },
};
/** Somebody must want the result, or the loop would be optimised away. */
let kept = 0;
/** The result of the calibration loop. */
export function calibrated(): number {
  return kept;
}
