import { LinkedLists } from "@ttm/core/lists";
import { Numbers } from "./numbers.ts";

/**
 * Buffers that were evicted, by number: a list that keeps their sizes, and no more of them than fit into a given number
 * of pages. They take a few words each.
 */
export class Ghosts {
  /** Size of all of them, in pages. */
  pages = 0;
  readonly #links: LinkedLists = new LinkedLists();
  readonly #head: number = this.#links.takeMark();
  readonly #rows: Numbers = new Numbers();
  readonly #free: number[] = [];
  readonly #ids: number[] = [];
  readonly #sizes: number[] = [];
  readonly #firsts: number[] = [];
  readonly #seconds: number[] = [];

  /** Whether it has a buffer. */
  has(id: number): boolean {
    return this.#rows.get(id) >= 0;
  }

  /** Adds a buffer as the newest, with any two values, and forgets the oldest ones that do not fit into `room` pages. */
  add(id: number, pages: number, room: number, first = 0, second = 0): void {
    this.take(id);
    const row = this.#free.pop() ?? this.#ids.length;
    this.#rows.set(id, row);
    this.#ids[row] = id;
    this.#sizes[row] = pages;
    this.#firsts[row] = first;
    this.#seconds[row] = second;
    this.#links.admit(row);
    this.#links.moveBefore(row, this.#head);
    this.pages += pages;
    this.trim(room);
  }

  /** Takes a buffer out; its row, whose values can be read until the next buffer is added, -1 if it was not there. */
  take(id: number): number {
    const row = this.#rows.size === 0 ? -1 : this.#rows.get(id);
    if (row < 0) return -1;
    this.#rows.delete(id);
    this.#links.unlink(row);
    this.#free.push(row);
    this.pages -= this.#sizes[row] as number;
    return row;
  }

  /** The first value that the buffer of a row was added with. */
  first(row: number): number {
    return this.#firsts[row] as number;
  }

  /** The second value. */
  second(row: number): number {
    return this.#seconds[row] as number;
  }

  /** Forgets the oldest until the others fit into `room` pages. */
  trim(room: number): void {
    while (this.pages > room && this.#rows.size > 0) {
      this.take(this.#ids[this.#links.next(this.#head)] as number);
    }
  }
}
