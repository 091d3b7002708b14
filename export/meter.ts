/** What tells one value of a metric from another. */
export type MeterAttributes = Readonly<Record<string, string>>;

/** What OpenTelemetry hands to a callback (`ObservableResult`). */
export interface MeterResult {
  /** Reports a value. */
  observe(value: number, attributes?: Record<string, string>): void;
}

/** A metric that is asked for its values (`Observable`). */
export interface MeterObservable {
  /** From now on the callback is called whenever values are collected. */
  addCallback(callback: (result: MeterResult) => void): void;
  /** From now on it is not called any more. */
  removeCallback(callback: (result: MeterResult) => void): void;
}

/** What is used of the `Meter` of `@opentelemetry/api`, 1.3 or newer. */
export interface MeterLike {
  /** A sum that only grows. */
  createObservableCounter(name: string, options: { unit: string; description: string }): MeterObservable;
  /** A sum that grows and shrinks. */
  createObservableUpDownCounter(name: string, options: { unit: string; description: string }): MeterObservable;
}
