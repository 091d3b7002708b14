import type { TranslationTable } from "@ttm/core";
import { Contents, type MemoryKind } from "@ttm/sim-parts";

/** The device's view of a cached table: memory as of the CPU's last cache write-back. */
interface DeviceMemory {
  readonly memory: unknown;
  /** Pages that the device has written since the last invalidate. */
  readonly written: Set<number>;
}

/**
 * The device's view of bound tables. Write-combined pages are coherent with the CPU's view; cached pages differ until a
 * flush or an invalidate.
 */
export class DeviceView {
  #kind: MemoryKind<unknown>;
  #cached: Map<TranslationTable, DeviceMemory> = new Map();

  constructor(kind: MemoryKind<unknown>) {
    this.#kind = kind;
  }

  /** Begins the view of a bound table: the device sees the pages as they are now. */
  open(table: TranslationTable): void {
    if (table.caching !== "cached") return;
    this.#kind.check(table.contents);
    const memory = this.#kind.create(table.pages);
    this.#kind.copy(table.contents, 0, memory, 0, table.pages);
    this.#cached.set(table, { memory, written: new Set() });
  }

  /** Ends the view of a table; the CPU sees the device's writes. */
  close(table: TranslationTable): void {
    this.invalidate(table);
    this.#cached.delete(table);
  }

  /** The contents that the device sees. */
  contents(table: TranslationTable): Contents {
    return new Contents(this.#kind, this.#cached.get(table)?.memory ?? table.contents, 0, table.pages);
  }

  /** Records pages that the device has written. */
  wrote(table: TranslationTable, page: number, end: number): void {
    const written = this.#cached.get(table)?.written;
    if (written === undefined) return;
    for (; page < end; page++) written.add(page);
  }

  /** Makes the CPU's writes visible to the device, except in pages that the device has written. */
  flush(table: TranslationTable): void {
    const cached = this.#cached.get(table);
    if (cached === undefined) return;
    for (let page = 0; page < table.pages; page++) {
      if (!cached.written.has(page)) this.#kind.copy(table.contents, page, cached.memory, page, 1);
    }
  }

  /** Makes the device's writes visible to the CPU. */
  invalidate(table: TranslationTable): void {
    const cached = this.#cached.get(table);
    if (cached === undefined) return;
    for (const page of cached.written) this.#kind.copy(cached.memory, page, table.contents, page, 1);
    cached.written.clear();
  }
}
