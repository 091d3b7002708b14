/** Numbers texts, each once; the empty one is 0. */
export class Texts {
  readonly all: string[] = [""];
  readonly #numbers = new Map<string, number>([["", 0]]);

  /** The number of a text. */
  number(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.all.length);
    return this.all.push(text) - 1;
  }
}
