import { SimulatedClock } from "@ttm/core";

/** The clock of a replay, which reports when a task waits and no event is left that could end the wait. */
export class ReplayClock extends SimulatedClock {
  #stuck: () => void = () => {};

  /** Resolves when a task next waits without a scheduled event. */
  standstill(): Promise<void> {
    return new Promise((resolve) => this.#stuck = resolve);
  }

  override runNext(): boolean {
    const happened = super.runNext();
    if (!happened) this.#stuck();
    return happened;
  }
}
