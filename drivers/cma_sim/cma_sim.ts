import { type BufferObject, type Driver, PAGE_SIZE, type Placement, type TranslationTable, TtmError } from "@ttm/core";
import { checkBoolean, checkInteger, checkObject } from "@ttm/core/arguments";
import { CarveOut } from "./carve_out.ts";
import type { CarveOutStats, CmaSimOptions } from "./cma_options.ts";

const CREATE = "create cma-sim";
const TO_SYSTEM: Placement = { placement: [{ memoryType: "system" }] };

/** What the device has seen of a cached buffer: memory as it was when the CPU last wrote its caches back. */
interface DeviceMemory {
  readonly bytes: Uint8Array;
  /** Pages that the device has written since the CPU last looked. */
  readonly written: Set<number>;
}

/**
 * A simulated device without memory of its own, as in a phone: host pages, which it sees through a contiguous carve-out
 * that it shares with the rest of the system. Bringing a buffer there binds its pages and copies nothing; pages of the
 * system that are in the way leave, and return when it has gone.
 *
 * Caching matters: what is mapped write-combined is the same for CPU and device at any time; of what is cached, the device
 * sees what the CPU has written when the buffer was bound or {@linkcode flush}ed, and the CPU sees what the device has
 * written after {@linkcode invalidate} or when the buffer leaves.
 *
 * @example The device writes, the CPU looks
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice } from "@ttm/core";
 * import { CmaSim } from "@ttm/cma-sim";
 * import { firstFit } from "@ttm/first-fit";
 *
 * const driver = new CmaSim({ carveOut: 1 << 20, movable: 1 << 19 });
 * await using device = new BoDevice({ driver, managers: { cma: firstFit() } });
 * using buffer = device.createBuffer({ bytes: 4096 });
 * using _reservation = await buffer.reserve();
 * await buffer.validate({ placement: [{ memoryType: "cma", caching: ["cached"] }] });
 * driver.write(buffer, 0, new Uint8Array([7]));
 * assertEquals((await buffer.read({ length: 1 }))[0], 0);
 * driver.invalidate(buffer);
 * assertEquals((await buffer.read({ length: 1 }))[0], 7);
 * ```
 */
export class CmaSim implements Driver {
  /** Always `"cma-sim"`. */
  readonly name = "cma-sim";
  /** SYSTEM and the carve-out, `"cma"`. */
  readonly memoryTypes: Driver["memoryTypes"];
  /** Nothing is ever copied; pages may need 32-bit addresses. */
  readonly supports: { readonly dma32: boolean };
  #area: CarveOut;
  #cached: Map<TranslationTable, DeviceMemory> = new Map();

  /**
   * Makes a device.
   *
   * @throws {TtmError} `EINVAL` if an option is out of range.
   */
  constructor(options: CmaSimOptions) {
    checkObject(CREATE, "the options", options);
    const { movable = 0, dma32 = false } = options;
    checkBoolean(CREATE, "dma32", dma32);
    checkInteger(CREATE, "carveOut", options.carveOut, PAGE_SIZE, Number.MAX_SAFE_INTEGER);
    checkInteger(CREATE, "movable", movable, 0, options.carveOut);
    const pages = Math.floor(options.carveOut / PAGE_SIZE);
    this.supports = { dma32 };
    this.#area = new CarveOut(pages, Math.floor(movable / PAGE_SIZE));
    this.memoryTypes = [
      { name: "system" },
      { name: "cma", pages, cma: true, availableCaching: ["cached", "wc"], defaultCaching: "wc" },
    ];
  }

  /** How the system and the device have shared the carve-out. */
  get carveOutStats(): CarveOutStats {
    return this.#area.stats;
  }

  /**
   * The bytes of a page of the system, for tests and tools: wherever they are, they are the same.
   *
   * @throws {TtmError} `EINVAL` if the system has no page of that number.
   */
  systemPage(page: number): Uint8Array {
    return this.#area.systemPage(page);
  }

  /**
   * Keeps a page of the system in the carve-out, as I/O on it does, until the result is disposed of. Who needs it for a
   * buffer gets `EBUSY`.
   *
   * @throws {TtmError} `EINVAL` if the system has no page there.
   */
  holdSystemPage(page: number): Disposable {
    let release: (() => void) | null = this.#area.hold(page);
    return {
      [Symbol.dispose]: () => {
        release?.();
        release = null;
      },
    };
  }

  /** From the carve-out to SYSTEM. */
  evictPlacement(): Placement {
    return TO_SYSTEM;
  }

  /** Makes the system's pages leave the range, and the buffer's visible there. */
  bind(_buffer: BufferObject, table: TranslationTable, _memoryType: string, start: number): void {
    this.#area.claim(start, table.pages);
    if (table.caching !== "cached") return;
    this.#cached.set(table, { bytes: contentsOf(table).slice(), written: new Set() });
  }

  /** The CPU sees what the device has written, and the system's pages return. */
  unbind(_buffer: BufferObject, table: TranslationTable): void {
    this.#takeOver(table);
    this.#cached.delete(table);
    this.#area.release(table.boundAt, table.pages);
  }

  /**
   * Writes the CPU's caches back, so that the device sees what the CPU has written. Does nothing to write-combined pages.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not in the carve-out.
   */
  flush(buffer: BufferObject): void {
    const table = boundTable("flush", buffer);
    const memory = this.#cached.get(table);
    if (memory === undefined) return;
    for (let page = 0; page < table.pages; page++) {
      if (!memory.written.has(page)) copyPage(contentsOf(table), memory.bytes, page);
    }
  }

  /**
   * Drops the CPU's caches, so that the CPU sees what the device has written. Does nothing to write-combined pages.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not in the carve-out.
   */
  invalidate(buffer: BufferObject): void {
    this.#takeOver(boundTable("invalidate", buffer));
  }

  /**
   * What the device sees of a buffer.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not in the carve-out, or the bytes are not in the buffer.
   */
  read(buffer: BufferObject, offset: number, length: number): Uint8Array {
    const table = boundTable("read", buffer);
    checkInteger("read by the device", "offset", offset, 0, buffer.bytes);
    checkInteger("read by the device", "length", length, 0, buffer.bytes - offset);
    return (this.#cached.get(table)?.bytes ?? contentsOf(table)).slice(offset, offset + length);
  }

  /**
   * Writes as the device does.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not in the carve-out, or the bytes do not fit.
   */
  write(buffer: BufferObject, offset: number, bytes: Uint8Array): void {
    const table = boundTable("write", buffer);
    checkInteger("write by the device", "offset", offset, 0, buffer.bytes - bytes.length);
    const memory = this.#cached.get(table);
    (memory?.bytes ?? contentsOf(table)).set(bytes, offset);
    if (bytes.length === 0) return;
    for (let page = Math.floor(offset / PAGE_SIZE); page * PAGE_SIZE < offset + bytes.length; page++) {
      memory?.written.add(page);
    }
  }

  #takeOver(table: TranslationTable): void {
    const memory = this.#cached.get(table);
    if (memory === undefined) return;
    for (const page of memory.written) copyPage(memory.bytes, contentsOf(table), page);
    memory.written.clear();
  }
}

function contentsOf(table: TranslationTable): Uint8Array {
  return table.contents as Uint8Array;
}

function copyPage(from: Uint8Array, to: Uint8Array, page: number): void {
  to.set(from.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE), page * PAGE_SIZE);
}

function boundTable(what: string, buffer: BufferObject): TranslationTable {
  if (buffer.tt?.boundTo === "cma") return buffer.tt;
  throw new TtmError(
    "EINVAL",
    `Cannot ${what} by the device: ${buffer} is in ${buffer.memoryType}, not in the carve-out`,
  );
}
