import {
  type BufferObject,
  type Driver,
  type DriverContext,
  type Fence,
  type Location,
  type MoveRequest,
  PAGE_SIZE,
  type Place,
  type Placement,
  type TranslationTable,
  TtmError,
} from "@ttm/core";
import { checkInteger, checkObject, checkWord, show } from "@ttm/core/arguments";
import {
  Contents,
  Engine,
  type EngineStats,
  type GpuJob,
  type MemoryKind,
  memoryKinds,
  submitJob,
  tableOf,
} from "@ttm/sim-parts";

/** What the simulated GPU is like. Sizes are bytes and are rounded down to whole pages of 4096 bytes. */
export interface RadeonSimOptions {
  /** Size of VRAM. */
  readonly vram: number;
  /** Size of the part of VRAM, from its start, that the CPU sees. @default {256 MiB, or all if there is less} */
  readonly visibleVram?: number;
  /** Size of GTT, the system memory that the GPU can see at one time. */
  readonly gtt: number;
  /** Real bytes, or stamps for workloads larger than this machine's memory. @default {"bytes"} */
  readonly contents?: "bytes" | "stamps";
  /** Bandwidth of the copy engine over the bus, in bytes a millisecond. @default {12 GB/s} */
  readonly copyBytesPerMs?: number;
  /** Time that a copy takes to get going, in milliseconds. @default {0.01} */
  readonly copyLatencyMs?: number;
}

const CREATE = "create radeon-sim";
const DEFAULT_VISIBLE = 256 * 2 ** 20;
const TO_GTT: Placement = {
  placement: [{ memoryType: "gtt" }],
  busyPlacement: [{ memoryType: "gtt" }, { memoryType: "system" }],
};
const TO_SYSTEM: Placement = { placement: [{ memoryType: "system" }] };
const THROUGH_GTT: Place = { memoryType: "gtt", temporary: true };

/**
 * A simulated discrete GPU after radeon: SYSTEM, GTT and VRAM of which the CPU sees the first part. One copy engine
 * moves bytes between VRAM and GTT, one graphics engine runs jobs; both run on the device's clock. VRAM is evicted to
 * GTT, GTT to SYSTEM, and the way between VRAM and SYSTEM leads through GTT, since the engine sees no other host
 * memory.
 *
 * @example A job fills a buffer in VRAM, the CPU reads it back
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { BoDevice, SimulatedClock } from "@ttm/core";
 * import { firstFit } from "@ttm/first-fit";
 * import { RadeonSim } from "@ttm/radeon-sim";
 *
 * const driver = new RadeonSim({ vram: 1 << 20, gtt: 1 << 20 });
 * const managers = { vram: firstFit(), gtt: firstFit() };
 * await using device = new BoDevice({ driver, managers, clock: new SimulatedClock() });
 * using buffer = device.createBuffer({ bytes: 4096 });
 * using _reservation = await buffer.reserve();
 * await buffer.validate({ placement: [{ memoryType: "vram" }] });
 * driver.submit({
 *   buffers: [{ buffer, write: true }],
 *   durationMs: 2,
 *   program: ([contents]) => contents?.bytes.fill(7),
 * });
 * assertEquals((await buffer.read({ length: 2 })), new Uint8Array([7, 7]));
 * assertEquals(device.clock.now() >= 2, true);
 * ```
 */
export class RadeonSim implements Driver {
  /** Always `"radeon-sim"`. */
  readonly name = "radeon-sim";
  /** SYSTEM, GTT and VRAM. */
  readonly memoryTypes: Driver["memoryTypes"];
  /** Moves are ordered: one copy engine. */
  readonly supports = { moves: "ordered" } as const;
  #kind: MemoryKind<unknown>;
  #vram: unknown;
  #visiblePages: number;
  #toVisible: Placement;
  #bytesPerMs: number;
  #latencyMs: number;
  #copies: Engine | null = null;
  #graphics: Engine | null = null;

  /**
   * Makes a GPU for one device.
   *
   * @throws {TtmError} `EINVAL` if an option is out of range; `ENOMEM` if this machine cannot hold VRAM as bytes.
   */
  constructor(options: RadeonSimOptions) {
    checkObject(CREATE, "the options", options);
    const vramPages = pagesOf("vram", options.vram);
    const gttPages = pagesOf("gtt", options.gtt);
    const { visibleVram = Math.min(DEFAULT_VISIBLE, options.vram), contents = "bytes" } = options;
    this.#visiblePages = Math.min(vramPages, pagesOf("visibleVram", visibleVram));
    const visible: Place = { memoryType: "vram", lpfn: this.#visiblePages };
    this.#toVisible = { placement: [visible], busyPlacement: [visible, { memoryType: "gtt" }] };
    this.#bytesPerMs = positive("copyBytesPerMs", options.copyBytesPerMs ?? 12e6);
    this.#latencyMs = options.copyLatencyMs === 0 ? 0 : positive("copyLatencyMs", options.copyLatencyMs ?? 0.01);
    checkWord(CREATE, "contents", contents, ["bytes", "stamps"]);
    this.#kind = memoryKinds[contents];
    this.#vram = createVram(this.#kind, vramPages);
    this.memoryTypes = [
      { name: "system" },
      { name: "gtt", pages: gttPages },
      { name: "vram", pages: vramPages, fixed: true, availableCaching: ["wc", "uncached"], defaultCaching: "wc" },
    ];
  }

  /** Size of the part of VRAM that the CPU sees, in pages from its start. */
  get visiblePages(): number {
    return this.#visiblePages;
  }

  /** How the copy engine has spent its time. */
  get copyStats(): EngineStats {
    return this.#engine(this.#copies).stats;
  }

  /** How the graphics engine has spent its time; its stalls are jobs that waited for copies. */
  get graphicsStats(): EngineStats {
    return this.#engine(this.#graphics).stats;
  }

  /** Starts the engines on the device's clock. */
  attach({ clock }: DriverContext): void {
    if (this.#copies !== null) throw new TtmError("EBUSY", "Cannot attach radeon-sim: it belongs to a device already");
    this.#copies = new Engine(clock, "copy");
    this.#graphics = new Engine(clock, "graphics");
  }

  /** From VRAM to GTT, and only if that cannot be to SYSTEM; from GTT to SYSTEM. */
  evictPlacement(buffer: BufferObject): Placement {
    return buffer.memoryType === "vram" ? TO_GTT : TO_SYSTEM;
  }

  /** Between VRAM and SYSTEM everything stops in GTT. */
  hop(_buffer: BufferObject, from: string, to: string): Place | null {
    return from !== "gtt" && to !== "gtt" ? THROUGH_GTT : null;
  }

  /** Host pages, of bytes or of stamps. */
  createTranslationTable(buffer: BufferObject): TranslationTable {
    return tableOf(this.#kind, buffer.pages);
  }

  /** Queues a copy, or a clear if there is nothing to copy yet. */
  move(request: MoveRequest): Fence {
    const target = this.#contentsAt(request.destination, request.pages);
    const source = request.source === null ? null : this.#contentsAt(request.source, request.pages);
    const durationMs = this.#latencyMs + (request.pages * PAGE_SIZE) / this.#bytesPerMs;
    return this.#engine(this.#copies).submit(request.after, durationMs, () => {
      if (source === null) target.fill(0);
      else target.copyFrom(source);
    });
  }

  /** The CPU-visible part of VRAM; null beyond it, and if contents are stamps. */
  ioMemReserve(memoryType: string, start: number, pages: number): Uint8Array | null {
    if (memoryType !== "vram" || start + pages > this.#visiblePages || !(this.#vram instanceof Uint8Array)) return null;
    return this.#vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE);
  }

  /** What the CPU cannot see of VRAM comes to the part that it sees, or if that stays full to GTT. */
  faultReserveNotify({ memoryType, start, pages }: BufferObject): Placement | null {
    return memoryType === "vram" && (start ?? 0) + pages > this.#visiblePages ? this.#toVisible : null;
  }

  /**
   * Queues a job behind the earlier ones and behind the moves and conflicting work of its buffers, and announces it to
   * them. The job sees each buffer where it is now. If its program throws, its fence fails.
   *
   * @returns The fence that signals when the job has ended.
   * @throws {TtmError} `EINVAL` if a buffer is not reserved or not in VRAM or GTT, or the duration is no time.
   */
  submit(job: GpuJob): Fence {
    return submitJob(this.#engine(this.#graphics), job, (buffer) => isVisible(buffer) ? this.contentsOf(buffer) : null);
  }

  /**
   * Where the contents of a buffer are at this moment, whatever is still on its way there. For tests and tools: a
   * real GPU has no such door.
   *
   * @returns null if it has no memory yet, which reads as zero.
   */
  contentsOf(buffer: BufferObject): Contents | null {
    const { memoryType, start, tt, pages } = buffer;
    if (memoryType === "vram") return this.#contentsAt({ memoryType, start: start ?? 0, table: null }, pages);
    return tt?.populated === true ? new Contents(this.#kind, tt.contents, 0, pages) : null;
  }

  #contentsAt({ start, table }: Location, pages: number): Contents {
    if (table === null) return new Contents(this.#kind, this.#vram, start, pages);
    return new Contents(this.#kind, table.populate(), 0, pages);
  }

  #engine(engine: Engine | null): Engine {
    if (engine === null) throw new TtmError("EINVAL", "Cannot use radeon-sim: it does not belong to a device yet");
    return engine;
  }
}

function isVisible({ memoryType }: BufferObject): boolean {
  return memoryType === "vram" || memoryType === "gtt";
}

function createVram(kind: MemoryKind<unknown>, pages: number): unknown {
  try {
    return kind.create(pages);
  } catch (cause) {
    const message = `Cannot create radeon-sim: no memory for ${pages} pages of VRAM; contents "stamps" needs little`;
    throw new TtmError("ENOMEM", message, { cause });
  }
}

function pagesOf(name: string, bytes: number): number {
  return Math.floor(checkInteger(CREATE, name, bytes, PAGE_SIZE, Number.MAX_SAFE_INTEGER) / PAGE_SIZE);
}

function positive(name: string, value: number): number {
  if (typeof value === "number" && value > 0 && value < Infinity) return value;
  throw new TtmError("EINVAL", `Cannot ${CREATE}: ${name} must be a positive number, not ${show(value)}`);
}
