import { PAGE_SIZE, TtmError } from "@ttm/core";
import type { MemoryKind } from "./memory.ts";

/**
 * A range of memory: the location of a buffer at one time. It stays the same when the buffer moves, as a GPU address in
 * a submitted command does.
 *
 * Contents are identified by stamps, numbers from 1 to 2^31 - 1 of the caller's choice: each page of each stamp is
 * different. Stamp 0 is zeroed memory.
 */
export class Contents {
  #kind: MemoryKind<unknown>;
  #memory: unknown;
  #page: number;
  #pages: number;

  /**
   * The `pages` pages of a memory from `page` on.
   *
   * @throws {TtmError} `ENODEV` if the memory is of another kind.
   */
  constructor(kind: MemoryKind<unknown>, memory: unknown, page: number, pages: number) {
    kind.check(memory);
    this.#kind = kind;
    this.#memory = memory;
    this.#page = page;
    this.#pages = pages;
  }

  /**
   * The bytes of the range.
   *
   * @throws {TtmError} `ENODEV` if the device keeps stamps instead of bytes.
   */
  get bytes(): Uint8Array {
    if (this.#memory instanceof Uint8Array) {
      return this.#memory.subarray(this.#page * PAGE_SIZE, (this.#page + this.#pages) * PAGE_SIZE);
    }
    throw new TtmError("ENODEV", 'Cannot read bytes: this device was made with contents "stamps"');
  }

  /** Fills all pages with the contents of a stamp. */
  fill(stamp: number): void {
    this.#kind.fill(this.#memory, this.#page, this.#pages, stamp);
  }

  /** The first page that does not hold the contents of the stamp; -1 if all do. */
  firstMismatch(stamp: number): number {
    return this.#kind.firstMismatch(this.#memory, this.#page, this.#pages, stamp);
  }

  /** Copies all of `source`, which has as many pages and is of the same kind. */
  copyFrom(source: Contents): void {
    this.#kind.copy(source.#memory, source.#page, this.#memory, this.#page, this.#pages);
  }
}
