/** The part of an address space that a map shows, in pages. */
export class AddressRange {
  readonly #pages: number;
  #low = 0;
  #high: number;

  constructor(pages: number) {
    this.#pages = pages;
    this.#high = pages;
  }

  /** First page. */
  get low(): number {
    return this.#low;
  }

  /** The first page that is not shown. */
  get high(): number {
    return this.#high;
  }

  /** Where in the range an address is that stands at a share of its length; 0 is the lowest. */
  at(share: number): number {
    return this.#low + (this.#high - this.#low) * share;
  }

  /** Shows a range that is `factor` as long, but at least one page, around a page that keeps its place. */
  zoom(factor: number, around: number): void {
    const length = Math.min(this.#pages, Math.max(1, (this.#high - this.#low) * factor));
    const share = (around - this.#low) / (this.#high - this.#low);
    this.#show(around - share * length, length);
  }

  /** Shows higher addresses, lower ones if negative; 1 is the length of the range that is shown. */
  pan(share: number): void {
    const length = this.#high - this.#low;
    this.#show(this.#low + share * length, length);
  }

  /** Shows all addresses. */
  showAll(): void {
    this.#show(0, this.#pages);
  }

  #show(low: number, length: number): void {
    this.#low = Math.min(this.#pages - length, Math.max(0, low));
    this.#high = this.#low + length;
  }
}
