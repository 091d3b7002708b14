/** What is taken for right before anything is known. */
const FIRST = 4;
/** What is older than about so many uses counts less. */
const REMEMBERED = 128;
/** Of hints of which not so many times as many are right as are wrong nothing is followed. */
const DOUBTFUL = 2;
/** If so many times as many are right as are wrong, all are followed. */
const CERTAIN = 4;

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
   * How many turns ahead hints are worth following if so many buffers are resident. The less reliable hints are, the
   * sooner another use, or none, comes instead.
   */
  reach(residents: number): number {
    const wrong = this.#all - this.#right;
    if (wrong * CERTAIN <= this.#right) return Infinity;
    return residents * Math.max(0, this.#right / wrong - DOUBTFUL);
  }
}
