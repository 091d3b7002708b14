import type { MeterAttributes, MeterLike, MeterResult } from "./meter.ts";

/** A counter by the values of its attributes, which it reports when it is asked. */
export class Tally {
  readonly #names: readonly string[];
  readonly #common: MeterAttributes;
  readonly #counts = new Map<string, { readonly attributes: Record<string, string>; value: number }>();

  /** `names` are those of the attributes; `common` ones come with each value. */
  constructor(names: readonly string[], common: MeterAttributes) {
    this.#names = names;
    this.#common = common;
  }

  /** Adds to what is counted for these values of the attributes. */
  add(value: number, ...values: readonly string[]): void {
    const key = values.join("\0");
    const counted = this.#counts.get(key);
    if (counted !== undefined) {
      counted.value += value;
      return;
    }
    const own = Object.fromEntries(this.#names.map((name, index) => [name, values[index] ?? ""]));
    this.#counts.set(key, { attributes: { ...this.#common, ...own }, value });
  }

  /** Reports as a metric from now on; returns what ends that. */
  report(meter: MeterLike, name: string, unit: string, description: string): () => void {
    const metric = meter.createObservableCounter(name, { unit, description });
    const callback = (result: MeterResult) => {
      for (const { attributes, value } of this.#counts.values()) result.observe(value, attributes);
    };
    metric.addCallback(callback);
    return () => metric.removeCallback(callback);
  }
}
