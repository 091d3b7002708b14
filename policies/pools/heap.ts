/** Entries by value, the smallest first; equal values by entry. Each step takes O(log n) time. */
export class Heap {
  readonly #entries: number[] = [];
  /** The place of each entry, -1 if it is not there. */
  readonly #places: number[] = [];
  readonly #values: readonly number[];

  /** `values` are those of the entries; that of an entry which is there must not change. */
  constructor(values: readonly number[]) {
    this.#values = values;
  }

  /** The entry with the smallest value, -1 if there is none. */
  get first(): number {
    return this.#entries[0] ?? -1;
  }

  /** All entries, in no particular order. */
  get entries(): readonly number[] {
    return this.#entries;
  }

  /** Whether an entry is there. */
  has(entry: number): boolean {
    return (this.#places[entry] ?? -1) >= 0;
  }

  /** Adds an entry that is not there. */
  add(entry: number): void {
    this.#entries.push(entry);
    this.#rise(entry, this.#entries.length - 1);
  }

  /** Removes an entry that is there. */
  remove(entry: number): void {
    const place = this.#places[entry] as number;
    const last = this.#entries.pop() as number;
    this.#places[entry] = -1;
    if (last === entry) return;
    this.#rise(last, place);
    this.#sink(last, this.#places[last] as number);
  }

  #comesBefore(a: number, b: number): boolean {
    const [valueA, valueB] = [this.#values[a] as number, this.#values[b] as number];
    return valueA < valueB || (valueA === valueB && a < b);
  }

  #put(entry: number, place: number): void {
    this.#entries[place] = entry;
    this.#places[entry] = place;
  }

  #rise(entry: number, from: number): void {
    let place = from;
    for (let parent = (place - 1) >> 1; place > 0; place = parent, parent = (place - 1) >> 1) {
      const above = this.#entries[parent] as number;
      if (this.#comesBefore(above, entry)) break;
      this.#put(above, place);
    }
    this.#put(entry, place);
  }

  #sink(entry: number, from: number): void {
    let place = from;
    for (let child = 2 * place + 1; child < this.#entries.length; place = child, child = 2 * place + 1) {
      const [left, right] = [this.#entries[child] as number, this.#entries[child + 1]];
      if (right !== undefined && this.#comesBefore(right, left)) child++;
      const below = this.#entries[child] as number;
      if (this.#comesBefore(entry, below)) break;
      this.#put(below, place);
    }
    this.#put(entry, place);
  }
}
