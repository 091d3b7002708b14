import { PAGE_SIZE, TtmError } from "@ttm/core";
import { checkInteger } from "@ttm/core/arguments";
import type { CarveOutStats } from "./cma_options.ts";

/**
 * A contiguous area that the system may use for its movable pages as long as the device does not need it. A page of the
 * system keeps its number wherever its bytes are.
 */
export class CarveOut {
  readonly pages: number;
  #firstMovable: number;
  #system: Map<number, Uint8Array> = new Map();
  #away: Set<number> = new Set();
  #held: Map<number, number> = new Map();
  #stats = { left: 0, returned: 0 };

  /** The system has its pages at the end of the area, each filled with its number. */
  constructor(pages: number, movable: number) {
    this.pages = pages;
    this.#firstMovable = pages - movable;
    for (let page = this.#firstMovable; page < pages; page++) {
      this.#system.set(page, new Uint8Array(PAGE_SIZE).fill(page));
    }
  }

  get stats(): CarveOutStats {
    return { systemPages: this.#system.size, away: this.#away.size, ...this.#stats };
  }

  /** The bytes of a page of the system, wherever they are at present. */
  systemPage(page: number): Uint8Array {
    const bytes = this.#system.get(page);
    if (bytes !== undefined) return bytes;
    throw new TtmError("EINVAL", `Cannot look at page ${page}: the system has none of that number`);
  }

  /** Keeps a page of the system where it is, as I/O on it does. */
  hold(page: number): () => void {
    checkInteger("hold page", "page", page, 0, this.pages - 1);
    if (!this.#system.has(page) || this.#away.has(page)) {
      throw new TtmError("EINVAL", `Cannot hold page ${page}: the system has none there`);
    }
    this.#held.set(page, (this.#held.get(page) ?? 0) + 1);
    return () => {
      const left = (this.#held.get(page) ?? 1) - 1;
      if (left === 0) this.#held.delete(page);
      else this.#held.set(page, left);
    };
  }

  /** Makes the pages of the system leave a range; throws EBUSY, with all where they were, if one cannot. */
  claim(start: number, pages: number): void {
    const inWay = this.#residents(start, pages);
    const held = inWay.find((page) => this.#held.has(page));
    if (held !== undefined) throw new TtmError("EBUSY", `page ${held} of the carve-out is in use by the system`);
    for (const page of inWay) {
      // Elsewhere in the system's memory.
      this.#system.set(page, this.systemPage(page).slice());
      this.#away.add(page);
    }
    this.#stats.left += inWay.length;
  }

  /** Lets the pages of the system return to a range that the device has left. */
  release(start: number, pages: number): void {
    for (let page = Math.max(start, this.#firstMovable); page < start + pages; page++) {
      if (!this.#away.delete(page)) continue;
      this.#system.set(page, this.systemPage(page).slice());
      this.#stats.returned++;
    }
  }

  #residents(start: number, pages: number): number[] {
    const residents = [];
    for (let page = Math.max(start, this.#firstMovable); page < start + pages; page++) {
      if (!this.#away.has(page)) residents.push(page);
    }
    return residents;
  }
}
