import type { EvictionPolicy } from "@ttm/core";
import { randomNumbers } from "../workloads/random.ts";
import type { Trace } from "./trace.ts";

/** Submissions by which an expected use may be late. */
const LATE = 3;

/** What a policy is told in advance. */
export interface HintOptions {
  /** How many of the expected uses are right, 0 to 1; in place of each other one a buffer at random is named. */
  readonly right: number;
  /** How many uses are named at a time; the next hint comes when half of them are over. */
  readonly ahead: number;
  /** Seed of the choice of wrong ones. */
  readonly seed: number;
}

/** Tells a policy the uses to come, as a device does when a program hints them. */
export class HintFeed {
  readonly #policy: EvictionPolicy;
  readonly #options: HintOptions;
  readonly #random: () => number;
  readonly #uses: readonly number[];
  readonly #buffers: number;
  /** The turns of each buffer, the next one last. */
  readonly #turns: Map<number, number[]> = new Map();
  readonly #inside: Set<number> = new Set();
  /** The buffers that are expected, by turn, from `#first` on. */
  #expected: number[] = [];
  #first = 0;
  #checked = 0;
  #hintAt = 0;

  /** `policy` must take hints. */
  constructor({ steps, pages }: Trace, policy: EvictionPolicy, options: HintOptions) {
    this.#policy = policy;
    this.#options = options;
    this.#random = randomNumbers(options.seed);
    this.#uses = steps.flatMap((step) => "uses" in step ? step.uses : []);
    this.#buffers = pages.length;
  }

  /** A submission begins with the use of this number. */
  before(turn: number): void {
    if (turn >= this.#hintAt) this.#hint(turn);
    // What did not come is given up.
    for (; this.#checked < turn - LATE; this.#checked++) {
      const buffer = this.#expected[this.#checked - this.#first];
      if (buffer !== undefined && this.#turns.get(buffer)?.at(-1) === this.#checked) this.#drop(buffer);
    }
  }

  /** A buffer has come. */
  inserted(buffer: number): void {
    this.#inside.add(buffer);
    if (this.#next(buffer) < Infinity) this.#tell(buffer);
  }

  /** A buffer has gone. */
  removed(buffer: number): void {
    this.#inside.delete(buffer);
  }

  /** A buffer is used. */
  used(buffer: number): void {
    if (this.#turns.has(buffer)) this.#drop(buffer);
  }

  #hint(turn: number): void {
    const { ahead, right } = this.#options;
    const before = [...this.#turns.keys()];
    this.#turns.clear();
    this.#first = this.#checked = turn;
    this.#hintAt = turn + Math.max(1, ahead >> 1);
    this.#expected = this.#uses.slice(turn, turn + ahead).map((buffer) =>
      this.#random() < right ? buffer : Math.floor(this.#random() * this.#buffers)
    );
    for (let at = this.#expected.length - 1; at >= 0; at--) {
      const buffer = this.#expected[at] as number;
      const turns = this.#turns.get(buffer);
      if (turns === undefined) this.#turns.set(buffer, [turn + at]);
      else turns.push(turn + at);
    }
    for (const buffer of before) if (!this.#turns.has(buffer)) this.#tell(buffer);
    for (const buffer of this.#turns.keys()) this.#tell(buffer);
  }

  #drop(buffer: number): void {
    const turns = this.#turns.get(buffer) as number[];
    turns.pop();
    if (turns.length === 0) this.#turns.delete(buffer);
    this.#tell(buffer);
  }

  #next(buffer: number): number {
    return this.#turns.get(buffer)?.at(-1) ?? Infinity;
  }

  #tell(buffer: number): void {
    if (this.#inside.has(buffer)) this.#policy.hint?.(buffer, this.#next(buffer));
  }
}
