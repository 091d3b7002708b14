import {
  type BufferView,
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
  type WaitOptions,
} from "@ttm/core";
import { checkInteger, checkWord } from "@ttm/core/arguments";
import {
  Contents,
  type EngineStats,
  type GpuJob,
  type MemoryKind,
  memoryKinds,
  submitJob,
  tableOf,
} from "@ttm/sim-parts";
import { type EngineKind, Engines } from "./engines.ts";
import { moveBudget, type SubmissionBuffer, validateList } from "./move_budget.ts";
import { type CheckedOptions, checkOptions, type RadeonSimOptions } from "./radeon_options.ts";

const GTT: Place = { memoryType: "gtt" };
const TO_GTT: Placement = { placement: [GTT], busyPlacement: [GTT, { memoryType: "system" }] };
const TO_SYSTEM: Placement = { placement: [{ memoryType: "system" }] };
const THROUGH_GTT: Place = { memoryType: "gtt", temporary: true };

/**
 * A simulated discrete GPU after radeon: SYSTEM, GTT, and VRAM whose first part is CPU-visible. One or two copy engines
 * copy between VRAM and GTT, one graphics engine runs jobs; all run on the device's clock. Buffers in the CPU-visible
 * part of VRAM are evicted to the rest of it if they fit there, others from VRAM to GTT, and from GTT to SYSTEM. A move
 * between VRAM and SYSTEM goes through GTT, since the engines can access no other host memory.
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
 * await device.submit([{ buffer, placement: { placement: [{ memoryType: "vram" }] } }], () => {
 *   return driver.submit({
 *     buffers: [{ buffer, write: true }],
 *     durationMs: 2,
 *     program: ([contents]) => contents?.bytes.fill(7),
 *   });
 * });
 * using _reservation = await buffer.reserve();
 * assertEquals((await buffer.read({ length: 2 })), new Uint8Array([7, 7]));
 * assertEquals(device.clock.now() >= 2, true);
 * ```
 */
export class RadeonSim implements Driver {
  /** Always `"radeon-sim"`. */
  readonly name = "radeon-sim";
  /** SYSTEM, GTT and VRAM. */
  readonly memoryTypes: Driver["memoryTypes"];
  /** Moves are ordered, on a timeline for each copy engine. */
  readonly supports = { moves: "ordered" } as const;
  #kind: MemoryKind<unknown>;
  #vram: unknown;
  #options: CheckedOptions;
  #toVisible: Placement;
  #toInvisible: Placement;
  #attached: Engines | null = null;
  #usedVramPages = 0;
  #bytesMoved = 0;

  /**
   * Makes a GPU for one device.
   *
   * @throws {TtmError} `EINVAL` if an option is out of range; `ENOMEM` if this machine cannot hold VRAM as bytes.
   */
  constructor(options: RadeonSimOptions) {
    this.#options = checkOptions(options);
    const { vramPages, visiblePages, gttPages, contents } = this.#options;
    const visible: Place = { memoryType: "vram", lpfn: visiblePages };
    this.#toVisible = { placement: [visible], busyPlacement: [visible, GTT] };
    this.#toInvisible = { placement: [{ memoryType: "vram", fpfn: visiblePages }, GTT], busyPlacement: [GTT] };
    this.#kind = memoryKinds[contents];
    this.#vram = createVram(this.#kind, vramPages);
    this.memoryTypes = [
      { name: "system" },
      { name: "gtt", pages: gttPages },
      { name: "vram", pages: vramPages, fixed: true, availableCaching: ["wc", "uncached"], defaultCaching: "wc" },
    ];
  }

  /** Size of the CPU-visible part of VRAM, in pages from its start. */
  get visiblePages(): number {
    return this.#options.visiblePages;
  }

  /** The simulated time that the copy engines have spent, together. */
  get copyStats(): EngineStats {
    return this.#engines.copyStats;
  }

  /** The same for each copy engine; of two, the engine for copies out of VRAM comes first. */
  get copyEngineStats(): readonly EngineStats[] {
    return this.#engines.copies.map(({ stats }) => stats);
  }

  /** The simulated time that the graphics engine has spent; its stalls are jobs that waited for copies. */
  get graphicsStats(): EngineStats {
    return this.#engines.graphics.stats;
  }

  /** The simulated time of binding and unbinding: one task for each, and none while both take no time. */
  get gartStats(): EngineStats {
    return this.#engines.gart.stats;
  }

  /** Bytes of all copies queued so far, also for evictions. Clears and binds count as none. */
  get bytesMoved(): number {
    return this.#bytesMoved;
  }

  /**
   * The bytes that a submission may move at the present use of VRAM, as {@linkcode validateList}: half of the free part
   * of the first half of VRAM, and at least 1 MiB.
   */
  get moveBudget(): number {
    return moveBudget(this.#options.vramPages * PAGE_SIZE, this.#usedVramPages * PAGE_SIZE);
  }

  /** Starts the engines on the device's clock. */
  attach({ clock }: DriverContext): void {
    if (this.#attached !== null) {
      throw new TtmError("EBUSY", "Cannot attach radeon-sim: it serves one device only, and has had one");
    }
    this.#attached = new Engines(clock, this.#options);
  }

  /**
   * From GTT to SYSTEM; from VRAM to GTT, or to SYSTEM if GTT has no space. A buffer that begins in the CPU-visible
   * part of VRAM goes to the rest of VRAM if it fits there without an eviction, else to GTT.
   */
  evictPlacement({ memoryType, start }: BufferView): Placement {
    const { visiblePages, vramPages } = this.#options;
    if (memoryType !== "vram") return TO_SYSTEM;
    return visiblePages < vramPages && (start ?? 0) < visiblePages ? this.#toInvisible : TO_GTT;
  }

  /** Moves between VRAM and SYSTEM go through GTT. */
  hop(_buffer: BufferView, from: string, to: string): Place | null {
    return from !== "gtt" && to !== "gtt" ? THROUGH_GTT : null;
  }

  /** Host pages, of bytes or of stamps. */
  createTranslationTable(buffer: BufferView): TranslationTable {
    return tableOf(this.#kind, buffer.pages);
  }

  /** Queues a copy, or a clear if the buffer has no contents yet. */
  move({ source, destination, pages, after }: MoveRequest): Fence {
    const engines = this.#engines;
    const target = this.#contentsAt(destination, pages);
    if (source === null) return engines.copy({ after, pages, leavesVram: false, run: () => target.fill(0) });
    const from = this.#contentsAt(source, pages);
    this.#bytesMoved += pages * PAGE_SIZE;
    return engines.copy({ after, pages, leavesVram: source.table === null, run: () => target.copyFrom(from) });
  }

  /** Queues the update of the GART's table. */
  bind(_buffer: BufferView, { pages }: TranslationTable): void {
    this.#engines.updateGart(pages);
  }

  /** Queues the update of the GART's table. */
  unbind(_buffer: BufferView, { pages }: TranslationTable): void {
    this.#engines.updateGart(pages);
  }

  /** Counts the pages of VRAM in use. */
  moveNotify({ pages }: BufferView, from: string | null, to: string | null): void {
    if (from === "vram") this.#usedVramPages -= pages;
    if (to === "vram") this.#usedVramPages += pages;
  }

  /** The range in CPU-visible VRAM; null beyond it, and if contents are stamps. */
  ioMemReserve(memoryType: string, start: number, pages: number): Uint8Array | null {
    if (memoryType !== "vram" || start + pages > this.visiblePages || !(this.#vram instanceof Uint8Array)) return null;
    return this.#vram.subarray(start * PAGE_SIZE, (start + pages) * PAGE_SIZE);
  }

  /** A buffer in CPU-invisible VRAM moves to the CPU-visible part, or to GTT if that has no space. */
  faultReserveNotify({ memoryType, start, pages }: BufferView): Placement | null {
    return memoryType === "vram" && (start ?? 0) + pages > this.visiblePages ? this.#toVisible : null;
  }

  /**
   * Queues a job after earlier jobs and after the moves and conflicting work of its buffers, and adds its fence to
   * their reservation objects; to be called in `device.submit`. The job uses the present location of each buffer. If its program throws, its fence
   * fails.
   *
   * @returns The fence that signals when the job has ended.
   * @throws {TtmError} `EINVAL` if a buffer is not reserved or not in VRAM or GTT, or the duration is out of range.
   */
  submit(job: GpuJob): Fence {
    const engines = this.#engines;
    const reach = (buffer: BufferView) => isVisible(buffer) ? this.contentsOf(buffer) : null;
    return submitJob({ submit: (after, durationMs, run) => engines.job(after, durationMs, run) }, job, reach);
  }

  /**
   * Validates the reserved buffers of a submission to their preferred memory types, one after the other, within
   * {@linkcode moveBudget} (`radeon_bo_list_validate`): once the earlier buffers have moved more bytes than that, a
   * buffer in an allowed memory type stays there. If its preferred memory type has no space, an allowed one is used.
   * Pinned buffers are skipped. Moves of other callers during the call count, too.
   *
   * @returns The bytes that have been moved.
   * @throws {TtmError} `EINVAL` if an entry is invalid or its buffer is not reserved, and then nothing has changed;
   * otherwise as `BufferObject.validate`, for the first buffer that fits nowhere: the buffers before it have moved, and
   * all are still reserved. If the signal is aborted, the promise rejects with its reason.
   *
   * @example Reserve, validate, submit, give up
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { BoDevice, reserveList, SimulatedClock } from "@ttm/core";
   * import { firstFit } from "@ttm/first-fit";
   * import { RadeonSim, type SubmissionBuffer } from "@ttm/radeon-sim";
   *
   * const driver = new RadeonSim({ vram: 1 << 20, gtt: 1 << 20 });
   * const managers = { vram: firstFit(), gtt: firstFit() };
   * await using device = new BoDevice({ driver, managers, clock: new SimulatedClock() });
   * using texture = device.createBuffer({ bytes: 8192 });
   * using target = device.createBuffer({ bytes: 4096 });
   * const buffers: SubmissionBuffer[] = [
   *   { buffer: texture, write: false, preferred: "gtt" },
   *   { buffer: target, write: true, preferred: "vram", allowed: ["vram"] },
   * ];
   * using _list = await reserveList(buffers.map(({ buffer, write }) => ({ buffer, usage: write ? "write" : "read" })));
   * await driver.validateList(buffers);
   * driver.submit({ buffers, durationMs: 1 });
   * assertEquals([texture.memoryType, target.memoryType], ["gtt", "vram"]);
   * ```
   */
  async validateList(
    list: readonly SubmissionBuffer[],
    options: WaitOptions = {},
  ): Promise<number> {
    return await validateList(this, list, options);
  }

  /**
   * Makes one task hang: it starts in its turn and never ends, and all tasks after it wait until a {@linkcode reset}.
   * Waits for them fail with `EBUSY` after 15 s. A second call replaces the task chosen by the first.
   *
   * @param nth Number of the task, from 1, among the copies and clears, or the jobs, queued from now on.
   * @throws {TtmError} `EINVAL` if the kind is unknown or `nth` is no whole number from 1.
   */
  hangNext(kind: EngineKind, nth = 1): void {
    checkWord("let radeon-sim hang", "kind", kind, ["copy", "graphics"]);
    checkInteger("let radeon-sim hang", "nth", nth, 1, Number.MAX_SAFE_INTEGER);
    this.#engines.hang(kind, nth);
  }

  /**
   * Resets the GPU. The task that each engine is running, hung or not, is lost: it has no effect, and its fence fails
   * with `EIO`. After a lost copy or clear, reads of the buffer fail with `EIO` until it is purged; buffers that a lost
   * job was to write are unchanged. Queued tasks still run, as radeon saves its rings over a reset, on the contents as
   * they are. All other bytes are kept, those in VRAM too.
   *
   * @returns How many copies and jobs were lost.
   */
  reset(): number {
    return this.#engines.reset();
  }

  /**
   * The contents of a buffer at its present location, without the effect of moves still queued. For tests and tools: a
   * real GPU has no such access.
   *
   * @returns null if it has no memory yet; such a buffer reads as zero.
   */
  contentsOf(buffer: BufferView): Contents | null {
    const { memoryType, start, tt, pages } = buffer;
    if (memoryType === "vram") return this.#contentsAt({ memoryType, start: start ?? 0, table: null }, pages);
    return tt?.populated === true ? new Contents(this.#kind, tt.contents, 0, pages) : null;
  }

  #contentsAt({ start, table }: Location, pages: number): Contents {
    if (table === null) return new Contents(this.#kind, this.#vram, start, pages);
    return new Contents(this.#kind, table.populate(), 0, pages);
  }

  get #engines(): Engines {
    if (this.#attached !== null) return this.#attached;
    throw new TtmError("EINVAL", "Cannot use radeon-sim: it is not attached to a device yet");
  }
}

function isVisible({ memoryType }: BufferView): boolean {
  return memoryType === "vram" || memoryType === "gtt";
}

function createVram(kind: MemoryKind<unknown>, pages: number): unknown {
  try {
    return kind.create(pages);
  } catch (cause) {
    const message =
      `Cannot create radeon-sim: this machine cannot allocate ${pages} pages of VRAM; contents "stamps" need little memory`;
    throw new TtmError("ENOMEM", message, { cause });
  }
}
