import { randomNumbers } from "../../../replay/workloads/random.ts";

/** Random choices that are the same for the same text. */
export class Dice {
  #next: () => number;

  constructor(text: string) {
    // FNV-1a
    let seed = 0x811c9dc5;
    for (let at = 0; at < text.length; at++) seed = Math.imul(seed ^ text.charCodeAt(at), 0x01000193);
    this.#next = randomNumbers(seed);
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  /** The same as a number. */
  bit(probability: number): 0 | 1 {
    return this.chance(probability) ? 1 : 0;
  }

  /** A whole number from 0 up to but not including `end`. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** Two of {@linkcode between}, in order. */
  range(low: number, high: number): [number, number] {
    const [a, b] = [this.between(low, high), this.between(low, high)];
    return a < b ? [a, b] : [b, a];
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  /** One of the names, chosen with its weight. */
  weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
    const entries = (Object.entries(weights) as [Name, number][]).filter(([, weight]) => weight > 0);
    let at = this.#next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) if ((at -= weight) < 0) return name;
    return (entries.at(-1) as [Name, number])[0];
  }

  shuffled<T>(items: readonly T[]): T[] {
    const rest = [...items];
    return items.flatMap(() => rest.splice(this.below(rest.length), 1));
  }
}
