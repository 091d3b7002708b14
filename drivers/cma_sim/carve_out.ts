import { PAGE_SIZE, TtmError } from "@ttm/core";
import { checkInteger } from "@ttm/core/arguments";
import type { CarveOutStats } from "./cma_options.ts";

/**
 * A contiguous area (CMA) that the system uses for its movable pages while the device does not need it. A page of the
 * system keeps its number when its bytes are migrated.
 */
export class CarveOut {
  readonly pages: number;
  #firstMovable: number;
  #system: Map<number, Uint8Array> = new Map();
  #away: Set<number> = new Set();
  #held: Map<number, number> = new Map();
  #stats = { left: 0, returned: 0 };

  /** The system's pages are at the end of the area, each filled with its number. */
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

  /** The bytes of a page of the system, also while it is migrated out of the area. */
  systemPage(page: number): Uint8Array {
    const bytes = this.#system.get(page);
    if (bytes !== undefined) return bytes;
    throw new TtmError("EINVAL", `Cannot look at page ${page}: there is no such page in the carve-out`);
  }

  /** Pins a page of the system in the area, as I/O on it does; returns a function that unpins it. */
  hold(page: number): () => void {
    checkInteger("hold page", "page", page, 0, this.pages - 1);
    if (!this.#system.has(page) || this.#away.has(page)) {
      throw new TtmError("EINVAL", `Cannot hold page ${page}: there is no such page in the carve-out`);
    }
    this.#held.set(page, (this.#held.get(page) ?? 0) + 1);
    return () => {
      const left = (this.#held.get(page) ?? 1) - 1;
      if (left === 0) this.#held.delete(page);
      else this.#held.set(page, left);
    };
  }

  /** Migrates the system's pages out of a range; throws EBUSY, with nothing migrated, if one of them is pinned. */
  claim(start: number, pages: number): void {
    const inWay = this.#residents(start, pages);
    const held = inWay.find((page) => this.#held.has(page));
    if (held !== undefined) throw new TtmError("EBUSY", `page ${held} of the carve-out is in use by the system`);
    for (const page of inWay) {
      // The copy is outside the area.
      this.#system.set(page, this.systemPage(page).slice());
      this.#away.add(page);
    }
    this.#stats.left += inWay.length;
  }

  /** Migrates the system's pages back to a range that the device no longer uses. */
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
