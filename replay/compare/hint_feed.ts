import type { EvictionPolicy } from "@ttm/core";
import { Hints } from "@ttm/core/hints";
import { randomNumbers } from "../workloads/random.ts";
import type { Trace } from "./trace.ts";

/** What a policy is told in advance. */
export interface HintOptions {
  /** How many of the expected uses are right, 0 to 1; in place of each other one a buffer at random is named. */
  readonly right: number;
  /** How many uses are named at a time; the next hint comes when half of them are over. */
  readonly ahead: number;
  /** Seed of the choice of wrong ones. */
  readonly seed: number;
}

/** Tells a policy the uses to come as a device does, by the same rules, when a program hints them. */
export class HintFeed {
  readonly #options: HintOptions;
  readonly #random: () => number;
  readonly #uses: readonly number[];
  readonly #buffers: number;
  readonly #inside: Set<number> = new Set();
  readonly #policy: EvictionPolicy;
  readonly #hints: Hints<number> = new Hints((buffer) => this.#tell(buffer), () => this.#inside.size);
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
  }

  /** A buffer has come. */
  inserted(buffer: number): void {
    this.#inside.add(buffer);
    if (this.#hints.next(buffer) < Infinity) this.#tell(buffer);
  }

  /** A buffer has gone. */
  removed(buffer: number): void {
    this.#inside.delete(buffer);
  }

  /** A submission has used buffers. */
  used(buffers: readonly number[]): void {
    this.#hints.use(buffers);
  }

  #hint(turn: number): void {
    const { ahead, right } = this.#options;
    this.#hintAt = turn + Math.max(1, ahead >> 1);
    this.#hints.replace(
      this.#uses.slice(turn, turn + ahead).map((buffer) =>
        this.#random() < right ? buffer : Math.floor(this.#random() * this.#buffers)
      ),
    );
  }

  #tell(buffer: number): void {
    if (this.#inside.has(buffer)) this.#policy.hint?.(buffer, this.#hints.next(buffer));
  }
}
