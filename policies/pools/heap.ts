import type { Entries } from "./entries.ts";

const INITIAL = 64;

/** Entries by their values, the smallest first; equal values by entry. Each step takes O(log n) time. */
export class Heap {
  readonly #heap: number[] = [];
  /** The place of each entry, counted from 1; 0 if it is not there. */
  #places: Int32Array = new Int32Array(INITIAL);
  readonly #entries: Entries;

  /** The value of an entry which is there must not change. */
  constructor(entries: Entries) {
    this.#entries = entries;
  }

  /** The entry with the smallest value, -1 if there is none. */
  get first(): number {
    return this.#heap[0] ?? -1;
  }

  /** All entries, in no particular order. */
  get entries(): readonly number[] {
    return this.#heap;
  }

  /** Whether an entry is there. */
  has(entry: number): boolean {
    return entry < this.#places.length && this.#places[entry] !== 0;
  }

  /** Adds an entry that is not there. */
  add(entry: number): void {
    if (entry >= this.#places.length) this.#grow(2 * entry);
    this.#heap.push(entry);
    this.#rise(entry, this.#heap.length - 1);
  }

  /** Removes an entry that is there. */
  remove(entry: number): void {
    const place = this.#places[entry] as number - 1;
    const last = this.#heap.pop() as number;
    this.#places[entry] = 0;
    if (last === entry) return;
    this.#rise(last, place);
    this.#sink(last, this.#places[last] as number - 1);
  }

  #grow(length: number): void {
    const places = this.#places;
    this.#places = new Int32Array(length);
    this.#places.set(places);
  }

  #comesBefore(a: number, b: number): boolean {
    const { values } = this.#entries;
    const [valueA, valueB] = [values[a] as number, values[b] as number];
    return valueA < valueB || (valueA === valueB && a < b);
  }

  #put(entry: number, place: number): void {
    this.#heap[place] = entry;
    this.#places[entry] = place + 1;
  }

  #rise(entry: number, from: number): void {
    let place = from;
    for (let parent = (place - 1) >> 1; place > 0; place = parent, parent = (place - 1) >> 1) {
      const above = this.#heap[parent] as number;
      if (this.#comesBefore(above, entry)) break;
      this.#put(above, place);
    }
    this.#put(entry, place);
  }

  #sink(entry: number, from: number): void {
    let place = from;
    for (let child = 2 * place + 1; child < this.#heap.length; place = child, child = 2 * place + 1) {
      const [left, right] = [this.#heap[child] as number, this.#heap[child + 1]];
      if (right !== undefined && this.#comesBefore(right, left)) child++;
      const below = this.#heap[child] as number;
      if (this.#comesBefore(entry, below)) break;
      this.#put(below, place);
    }
    this.#put(entry, place);
  }
}
