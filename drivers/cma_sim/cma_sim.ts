import {
  type BufferView,
  type Driver,
  type DriverContext,
  type Fence,
  PAGE_SIZE,
  type Placement,
  type TranslationTable,
  TtmError,
} from "@ttm/core";
import { checkBoolean, checkInteger, checkOptions, checkWord, optionNames } from "@ttm/core/arguments";
import {
  type Contents,
  Engine,
  type EngineStats,
  type GpuJob,
  type MemoryKind,
  memoryKinds,
  submitJob,
  tableOf,
} from "@ttm/sim-parts";
import { CarveOut } from "./carve_out.ts";
import type { CarveOutStats, CmaSimOptions } from "./cma_options.ts";
import { DeviceView } from "./device_view.ts";

const CREATE = "create cma-sim";
const OPTIONS = optionNames<CmaSimOptions>({ carveOut: true, movable: true, iommu: true, contents: true, dma32: true });
const TO_SYSTEM: Placement = { placement: [{ memoryType: "system" }] };
const TO_IOMMU: Placement = {
  placement: [{ memoryType: "iommu" }],
  busyPlacement: [{ memoryType: "iommu" }, { memoryType: "system" }],
};

/**
 * A simulated device without memory of its own, as in a phone: it accesses host pages through a contiguous carve-out
 * that it shares with the rest of the system, and optionally scattered pages through an IOMMU. A move to one of these
 * memory types binds the buffer's pages and copies nothing; the system's pages in that range of the carve-out are
 * migrated out of it, and migrated back when the buffer has left.
 *
 * Caching matters. Write-combined pages are always coherent between CPU and device. Of cached pages, the device sees
 * what the CPU had written when the buffer was bound or {@linkcode flush}ed, and the CPU sees what the device has
 * written after {@linkcode invalidate} or when the buffer is unbound.
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
  /** SYSTEM, the carve-out `"cma"`, and `"iommu"` if it has a size. */
  readonly memoryTypes: Driver["memoryTypes"];
  /** Moves never copy; pages may need 32-bit addresses. */
  readonly supports: { readonly dma32: boolean };
  #kind: MemoryKind<unknown>;
  #area: CarveOut;
  #view: DeviceView;
  #fromCarveOut: Placement;
  #graphics: Engine | null = null;

  /**
   * Makes a device.
   *
   * @throws {TtmError} `EINVAL` if an option is out of range.
   */
  constructor(options: CmaSimOptions) {
    checkOptions(CREATE, options, OPTIONS);
    const { movable = 0, dma32 = false, iommu, contents = "bytes" } = options;
    checkBoolean(CREATE, "dma32", dma32);
    checkWord(CREATE, "contents", contents, ["bytes", "stamps"]);
    const pages = pagesOf("carveOut", options.carveOut);
    checkInteger(CREATE, "movable", movable, 0, options.carveOut);
    this.supports = { dma32 };
    this.#kind = memoryKinds[contents];
    this.#area = new CarveOut(pages, Math.floor(movable / PAGE_SIZE));
    this.#view = new DeviceView(this.#kind);
    const caching = { availableCaching: ["cached", "wc"], defaultCaching: "wc" } as const;
    this.memoryTypes = [
      { name: "system" },
      { name: "cma", pages, cma: true, ...caching },
      ...(iommu === undefined ? [] : [{ name: "iommu", pages: pagesOf("iommu", iommu), cma: true, ...caching }]),
    ];
    this.#fromCarveOut = iommu === undefined ? TO_SYSTEM : TO_IOMMU;
  }

  /** The use of the carve-out by the system. */
  get carveOutStats(): CarveOutStats {
    return this.#area.stats;
  }

  /** The simulated time that the engine has spent. */
  get graphicsStats(): EngineStats {
    return this.#engine().stats;
  }

  /** Starts the engine on the device's clock. */
  attach({ clock }: DriverContext): void {
    if (this.#graphics !== null) {
      throw new TtmError("EBUSY", "Cannot attach cma-sim: it serves one device only, and has had one");
    }
    this.#graphics = new Engine(clock, "graphics");
  }

  /**
   * The bytes of a page of the system, for tests and tools; migration does not change them.
   *
   * @throws {TtmError} `EINVAL` if the system has no page of that number.
   */
  systemPage(page: number): Uint8Array {
    return this.#area.systemPage(page);
  }

  /**
   * Pins a page of the system in the carve-out, as I/O on it does, until the result is disposed of. A buffer that needs
   * its range fails with `EBUSY`.
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

  /**
   * From the carve-out to IOMMU memory, or to SYSTEM if there is none or it has no space; from IOMMU memory to SYSTEM.
   */
  evictPlacement(buffer: BufferView): Placement {
    return buffer.memoryType === "cma" ? this.#fromCarveOut : TO_SYSTEM;
  }

  /** Host pages, of bytes or of stamps. */
  createTranslationTable(buffer: BufferView): TranslationTable {
    return tableOf(this.#kind, buffer.pages);
  }

  /**
   * Makes the buffer's pages visible to the device; in the carve-out the system's pages are migrated out of the range.
   */
  bind(_buffer: BufferView, table: TranslationTable, memoryType: string, start: number): void {
    if (memoryType === "cma") this.#area.claim(start, table.pages);
    this.#view.open(table);
  }

  /** Makes the device's writes visible to the CPU; in the carve-out the system's pages are migrated back. */
  unbind(_buffer: BufferView, table: TranslationTable): void {
    this.#view.close(table);
    if (table.boundTo === "cma") this.#area.release(table.boundAt, table.pages);
  }

  /**
   * Queues a job after earlier jobs and after conflicting work on its buffers, and adds its fence to their reservation
   * objects. A job that writes a buffer counts as having written all of its pages. If its program throws, its fence
   * fails.
   *
   * @returns The fence that signals when the job has ended.
   * @throws {TtmError} `EINVAL` if a buffer is not reserved or not in device-visible memory, or the duration is out of
   * range.
   */
  submit(job: GpuJob): Fence {
    const program = (contents: readonly Contents[]) => {
      for (const { buffer, write } of job.buffers) {
        if (write && buffer.tt !== null) this.#view.wrote(buffer.tt, 0, buffer.pages);
      }
      job.program?.(contents);
    };
    const reach = ({ tt }: BufferView) => tt !== null && tt.boundTo !== null ? this.#view.contents(tt) : null;
    return submitJob(this.#engine(), { ...job, program }, reach);
  }

  /**
   * The current contents of a buffer: as the device sees them while it is bound, else as the CPU sees them. For tests
   * and tools.
   *
   * @returns null if it has no memory yet; such a buffer reads as zero.
   */
  contentsOf({ tt }: BufferView): Contents | null {
    return tt?.populated === true ? this.#view.contents(tt) : null;
  }

  /**
   * Writes the CPU's caches back, so that the device sees the CPU's writes. No effect on write-combined pages.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not in device-visible memory.
   */
  flush(buffer: BufferView): void {
    this.#view.flush(boundTable("flush", buffer));
  }

  /**
   * Invalidates the CPU's caches, so that the CPU sees the device's writes. No effect on write-combined pages.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not in device-visible memory.
   */
  invalidate(buffer: BufferView): void {
    this.#view.invalidate(boundTable("invalidate", buffer));
  }

  /**
   * Reads as the device does.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not in device-visible memory, or the range is not inside the buffer;
   * `ENODEV` if the device keeps stamps instead of bytes.
   */
  read(buffer: BufferView, offset: number, length: number): Uint8Array {
    const table = boundTable("read", buffer);
    checkInteger("read by the device", "offset", offset, 0, buffer.bytes);
    checkInteger("read by the device", "length", length, 0, buffer.bytes - offset);
    return this.#view.contents(table).bytes.slice(offset, offset + length);
  }

  /**
   * Writes as the device does.
   *
   * @throws {TtmError} `EINVAL` if the buffer is not in device-visible memory, or the range is not inside the buffer;
   * `ENODEV` if the device keeps stamps instead of bytes.
   */
  write(buffer: BufferView, offset: number, bytes: Uint8Array): void {
    const table = boundTable("write", buffer);
    checkInteger("write by the device", "offset", offset, 0, buffer.bytes - bytes.length);
    this.#view.contents(table).bytes.set(bytes, offset);
    if (bytes.length === 0) return;
    this.#view.wrote(table, Math.floor(offset / PAGE_SIZE), Math.ceil((offset + bytes.length) / PAGE_SIZE));
  }

  #engine(): Engine {
    if (this.#graphics !== null) return this.#graphics;
    throw new TtmError("EINVAL", "Cannot use cma-sim: it is not attached to a device yet");
  }
}

function pagesOf(name: string, bytes: number): number {
  return Math.floor(checkInteger(CREATE, name, bytes, PAGE_SIZE, Number.MAX_SAFE_INTEGER) / PAGE_SIZE);
}

function boundTable(what: string, buffer: BufferView): TranslationTable {
  if (buffer.tt !== null && buffer.tt.boundTo !== null) return buffer.tt;
  const where = buffer.memoryType === null ? "has no place" : `is in ${buffer.memoryType}`;
  throw new TtmError("EINVAL", `Cannot ${what} by the device: ${buffer} ${where}, which the device cannot access`);
}
