/** What is taken for right before anything is known. */
const FIRST = 4;
/** What is older than about so many uses counts less. */
const REMEMBERED = 128;
/** All of a hint is followed if right uses are so many times as many as wrong ones. */
const CERTAIN = 8;

/** How many of the expected uses have come in their turn lately, and how far hints are followed therefore. */
export class Reliability {
  #right = FIRST;
  #all = FIRST;

  /** Takes note of an expected use that has come in its turn, or has not. */
  note(isRight: boolean): void {
    if (isRight) this.#right++;
    if (++this.#all < REMEMBERED) return;
    this.#right /= 2;
    this.#all /= 2;
  }

  /**
   * The share of a hint that is worth following, its nearest turns: the less reliable it is the sooner another use, or
   * none, comes instead.
   */
  get followed(): number {
    const wrong = this.#all - this.#right;
    return wrong * CERTAIN <= this.#right ? 1 : this.#right / wrong / CERTAIN;
  }
}
