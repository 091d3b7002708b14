import { SimulatedClock } from "@ttm/core";

/** The time of a replay, which tells when somebody waits and nothing is left that could happen. */
export class ReplayClock extends SimulatedClock {
  #stuck: () => void = () => {};

  /** Resolves when time stands still the next time. */
  standstill(): Promise<void> {
    return new Promise((resolve) => this.#stuck = resolve);
  }

  override runNext(): boolean {
    const happened = super.runNext();
    if (!happened) this.#stuck();
    return happened;
  }
}
