import type { TranslationTable } from "@ttm/core";
import { Contents, type MemoryKind } from "@ttm/sim-parts";

/** What the device has seen of a cached table: memory as it was when the CPU last wrote its caches back. */
interface DeviceMemory {
  readonly memory: unknown;
  /** Pages that the device has written since the CPU last looked. */
  readonly written: Set<number>;
}

/**
 * What the device sees of bound tables. Write-combined pages are the same for it as for the CPU; cached ones differ until
 * somebody flushes or invalidates.
 */
export class DeviceView {
  #kind: MemoryKind<unknown>;
  #cached: Map<TranslationTable, DeviceMemory> = new Map();

  constructor(kind: MemoryKind<unknown>) {
    this.#kind = kind;
  }

  /** The device sees the pages as they are now. */
  open(table: TranslationTable): void {
    if (table.caching !== "cached") return;
    this.#kind.check(table.contents);
    const memory = this.#kind.create(table.pages);
    this.#kind.copy(table.contents, 0, memory, 0, table.pages);
    this.#cached.set(table, { memory, written: new Set() });
  }

  /** The CPU sees what the device has written. */
  close(table: TranslationTable): void {
    this.invalidate(table);
    this.#cached.delete(table);
  }

  /** What the device sees. */
  contents(table: TranslationTable): Contents {
    return new Contents(this.#kind, this.#cached.get(table)?.memory ?? table.contents, 0, table.pages);
  }

  /** Takes note of what the device has written. */
  wrote(table: TranslationTable, page: number, end: number): void {
    const written = this.#cached.get(table)?.written;
    if (written === undefined) return;
    for (; page < end; page++) written.add(page);
  }

  /** The device sees what the CPU has written, except where it has written itself. */
  flush(table: TranslationTable): void {
    const cached = this.#cached.get(table);
    if (cached === undefined) return;
    for (let page = 0; page < table.pages; page++) {
      if (!cached.written.has(page)) this.#kind.copy(table.contents, page, cached.memory, page, 1);
    }
  }

  /** The CPU sees what the device has written. */
  invalidate(table: TranslationTable): void {
    const cached = this.#cached.get(table);
    if (cached === undefined) return;
    for (const page of cached.written) this.#kind.copy(cached.memory, page, table.contents, page, 1);
    cached.written.clear();
  }
}
