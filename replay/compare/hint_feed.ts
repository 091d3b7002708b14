import type { EvictionPolicy } from "@ttm/core";
import { Hints } from "@ttm/core/hints";
import { randomNumbers } from "../workloads/random.ts";
import type { Trace } from "./trace.ts";
import { mistakes } from "./wrong_hints.ts";

/** What a policy is told in advance. */
export interface HintOptions {
  /** How much of a hint is right, 0 to 1. */
  readonly right: number;
  /** In which way the rest is wrong: a name of {@linkcode mistakes}. */
  readonly wrong: string;
  /** A hint names uses of so many pages in all; the next one comes when half of them are over. */
  readonly ahead: number;
  /** Seed of the choice of mistakes. */
  readonly seed: number;
}

/** Tells a policy the uses to come as a device does, by the same rules, when a program hints them. */
export class HintFeed {
  readonly #options: HintOptions;
  readonly #random: () => number;
  readonly #uses: readonly number[];
  readonly #pages: readonly number[];
  /** The pages of the memory type. */
  readonly #room: number;
  readonly #inside: Set<number> = new Set();
  readonly #policy: EvictionPolicy;
  readonly #hints: Hints<number> = new Hints((buffer) => this.#tell(buffer), (buffer) => this.#pagesOf(buffer));
  #hintAt = 0;

  /** `policy` must take hints. */
  constructor({ steps, pages }: Trace, room: number, policy: EvictionPolicy, options: HintOptions) {
    this.#room = room;
    this.#policy = policy;
    this.#options = options;
    this.#random = randomNumbers(options.seed);
    this.#uses = steps.flatMap((step) => "uses" in step ? step.uses : []);
    this.#pages = pages;
  }

  /** Whether to evict by hints. */
  get areFollowed(): boolean {
    return this.#hints.areFollowed;
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

  /** A buffer is evicted; `first` finds the first one that could be, by hints or without. */
  evicts(victim: number, first: (byHints: boolean) => number): void {
    const hints = this.#hints;
    const { areFollowed } = hints;
    if (hints.isEmpty || (!areFollowed && hints.next(victim) === Infinity)) return;
    const other = first(!areFollowed);
    if (other < 0 || other === victim) return;
    hints.compare(areFollowed ? victim : other, areFollowed ? other : victim, this.#room);
  }

  /** A buffer is freed. */
  freed(buffer: number): void {
    this.#hints.drop(buffer);
  }

  #hint(from: number): void {
    const { ahead, right, wrong } = this.#options;
    let [to, named] = [from, 0];
    for (this.#hintAt = from; to < this.#uses.length && named < ahead; to++) {
      named += this.#pagesOf(this.#uses[to] as number);
      if (2 * named <= ahead) this.#hintAt = to;
    }
    this.#hintAt++;
    const coming = { uses: this.#uses, from, to, pages: this.#pages };
    this.#hints.replace(mistakes[wrong]?.(coming, right, this.#random) ?? []);
  }

  #pagesOf(buffer: number): number {
    return this.#pages[buffer] as number;
  }

  #tell(buffer: number): void {
    if (this.#inside.has(buffer)) this.#policy.hint?.(buffer, this.#hints.next(buffer));
  }
}
