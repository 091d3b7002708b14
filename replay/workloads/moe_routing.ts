import { randomNumbers, shuffled } from "./random.ts";

/** Dimensions of the routing. */
export interface RoutingShape {
  /** Layers, each with a router and experts of its own. */
  readonly layers: number;
  /** Experts of a layer. */
  readonly experts: number;
  /** Number of distinct experts for each token; at most `experts`. */
  readonly chosen: number;
}

/** Probability that an expert of the last token is kept for the next. */
const STICKINESS = 0.4;

/**
 * Synthetic routing; no real router was recorded. It imitates what makes expert caches work: some experts are popular,
 * and neighbouring tokens share experts. Each layer ranks its experts in a random order, the expert of rank r having
 * weight 1/r (Zipf's law). A token keeps each expert of the token before with a probability of 0.4 and draws the others
 * by weight.
 */
export class SyntheticRouting {
  readonly #chosen: number;
  readonly #random: () => number;
  /** For each layer, its experts from the most to the least popular. */
  readonly #ranked: number[][];
  /** For each layer, the experts of the last token. */
  readonly #last: number[][];

  /**
   * The same seed gives the same choices.
   *
   * @throws {RangeError} For more choices than experts.
   */
  constructor({ layers, experts, chosen }: RoutingShape, seed: number) {
    if (chosen > experts) throw new RangeError(`Cannot choose ${chosen} of ${experts} experts`);
    this.#chosen = chosen;
    this.#random = randomNumbers(seed);
    const all = Array.from({ length: experts }, (_, expert) => expert);
    this.#ranked = Array.from({ length: layers }, () => shuffled(all, this.#random));
    this.#last = this.#ranked.map(() => []);
  }

  /** The experts of a layer for the next token, in ascending order. */
  next(layer: number): readonly number[] {
    const ranked = this.#ranked[layer] ?? [];
    const experts = new Set(this.#last[layer]?.filter(() => this.#random() < STICKINESS));
    while (experts.size < this.#chosen) experts.add(this.#draw(ranked));
    return this.#last[layer] = [...experts].sort((a, b) => a - b);
  }

  #draw(ranked: readonly number[]): number {
    const total = ranked.reduce((sum, _, index) => sum + 1 / (index + 1), 0);
    let left = this.#random() * total;
    const index = ranked.findIndex((_, index) => (left -= 1 / (index + 1)) < 0);
    return ranked.at(index) ?? 0;
  }
}
