import {
  BoDevice,
  type BufferObject,
  type BufferView,
  BUSY,
  type Caching,
  checkInvariants,
  type Fence,
  Global,
  type MemTypeManager,
  type MoveEvent,
  NO_ROOM,
  type WaitOptions,
} from "@ttm/core";
import { rangeManager } from "@ttm/first-fit";
import { ReplayClock } from "./clock.ts";
import { TablesOfFailedMoves } from "./failed_moves.ts";
import { inheritImported } from "./imported_buffers.ts";
import { insideOf, KernelLists } from "./kernel_lists.ts";
import { mockManager } from "./mock_manager.ts";
import { MOVE, POPULATE, RecordedDriver } from "./recorded_driver.ts";
import { unknowing } from "./quirks.ts";
import { RecordedBuddy } from "./recorded_buddy.ts";
import { type CachingAt, CACHINGS, ERRNO, outcomeOf, placementOf, type TracedPlace, typeNumber } from "./recording.ts";
import { Timelines } from "./timelines.ts";
import { VictimFailures } from "./victim_failures.ts";

/** The header of a ttm trace. Sizes are in pages. */
export interface MachineHeader {
  readonly kind: string;
  readonly vram: number;
  readonly tt: number;
  /** Where VRAM is evicted to; 3 discards. */
  readonly evict: 0 | 1 | 2 | 3;
  readonly hop: 0 | 1;
  readonly pipeline: 0 | 1;
  /** Whether copies make fences. */
  readonly fences: 0 | 1;
  readonly ndev: number;
  /** Limit of populated pages; 0 for none. */
  readonly limit: number;
  /** Whether a buddy allocator manages VRAM. */
  readonly buddy: 0 | 1;
  /** Whether VRAM has host pages. */
  readonly vram_tt: 0 | 1;
  /** Shared reservations. */
  readonly nresv: number;
  /** Whether there are memory types whose managers are always busy and always full. */
  readonly mocks: 0 | 1;
}

/** A line of `ev`: a wait or a move. */
export type TracedEvent = readonly ["w", number] | readonly number[];

const COPIES = 0;
const FIRST_GHOST = 1000;
const NO_MEMORY = -12;
const IO_ERROR = -5;

/** The devices of a recording, their objects by number, and the events of an operation. */
export class RecordedMachine {
  readonly header: MachineHeader;
  readonly clock: ReplayClock = new ReplayClock();
  readonly global: Global;
  readonly devices: readonly BoDevice[];
  readonly buddies: RecordedBuddy[] = [];
  readonly lists: KernelLists[] = [];
  readonly tables: TablesOfFailedMoves[] = [];
  readonly timelines: Timelines = new Timelines();
  readonly victims: VictimFailures = new VictimFailures();
  /** By hook, the number of the next call that fails, from 1; 0 for none. */
  readonly armed: number[] = [0, 0, 0];
  /** The number of the caching that each buffer's next table has. */
  readonly cachings: Map<BufferView, number> = new Map();
  /** Whether the copies of this operation end at once. */
  copiesDone = false;
  /** Called when a search for victims begins. */
  onWalk: () => void = () => {};
  #ids = new Map<BufferView, number>();
  #hookFailed = false;
  #events: TracedEvent[] = [];
  #moves: Pick<MoveEvent, "buffer" | "fence" | "failure">[] = [];
  #movedPages = 0;
  #ghosts = 0;
  #lastGhost = -1;
  #gone: BufferView[] = [];
  #holds: Disposable[];

  constructor(header: MachineHeader) {
    this.header = header;
    this.global = new Global(header.limit > 0 ? { limits: { pages: header.limit } } : {});
    const devices: BoDevice[] = [];
    this.devices = devices;
    for (let at = 0; at < header.ndev; at++) devices.push(this.#createDevice(at));
    // Deleted buffers are freed when the recording says so.
    this.#holds = this.devices.map((device) => device.holdDelayedDestroy());
  }

  /** Gives a buffer its number. */
  name(buffer: BufferView, id: number): void {
    this.#ids.set(buffer, id);
  }

  id(buffer: BufferView): number {
    return this.#ids.get(buffer) ?? NaN;
  }

  /** The caching of a buffer's next table. */
  nextCaching(buffer: BufferView): Caching {
    return CACHINGS[this.cachings.get(buffer) ?? 0] as Caching;
  }

  /** CACHING_OF_THE_TABLE: where its host pages are, a buffer's places allow what its table has or will have. */
  cachingAt(buffer: BufferView): CachingAt {
    const { kind, vram_tt } = this.header;
    return (memoryType) => {
      if (kind !== "ttmc" || memoryType === "vram" && vram_tt === 0) return undefined;
      return buffer.tt?.caching ?? this.nextCaching(buffer);
    };
  }

  /** Validates a buffer to one of the places; returns the errno. */
  async validate(
    buffer: BufferObject,
    device: BoDevice,
    places: readonly TracedPlace[],
    options: WaitOptions & { evictSiblings?: boolean },
  ): Promise<number> {
    const placement = device.preparePlacement(placementOf(places, this.cachingAt(buffer)));
    this.begin(buffer);
    this.victims.begin(buffer, placement);
    return await this.outcome(() => buffer.validate(placement, options));
  }

  /** Begins a call, for a buffer or for none. */
  begin(subject: BufferView | null): void {
    this.victims.begin(subject);
    this.#hookFailed = false;
  }

  /** The errno of the current call. */
  async outcome(act: () => unknown, whenFalse = 0): Promise<number> {
    const ret = await outcomeOf(act, whenFalse);
    return this.victims.errno || ret;
  }

  /** Whether this call of a driver's hook fails. */
  fails(what: number, buffer: BufferView, at: number): boolean {
    const device = this.devices[at] as BoDevice;
    if (what === POPULATE && this.#swapoutFailed()) return true;
    const left = this.armed[what] ?? 0;
    if (left === 0) return false;
    this.armed[what] = left - 1;
    if (left > 1) return false;
    this.#hookFailed = what === MOVE;
    this.victims.note(buffer, device, what === MOVE ? IO_ERROR : NO_MEMORY);
    return true;
  }

  /** Begins a copy. */
  copy(buffer: BufferView, evict: boolean): Fence | undefined {
    if (this.header.fences === 0) return undefined;
    const fence = this.timelines.next(COPIES);
    // IMPORTED_KEEPS_RESERVATION: it ends when it has left its ghost.
    if (this.copiesDone && (evict || buffer.kind !== "sg")) this.timelines.signal(fence);
    return fence;
  }

  /** The results since the last call: events, pages moved, the ghost object of a purge, and the buffers freed. */
  take(): { ev: TracedEvent[]; moved: number; ghost: number; done: number[] } {
    // Reading the lists walks the eviction order, too.
    this.victims.forget();
    const taken = {
      ev: this.#events,
      moved: this.#movedPages,
      ghost: this.#lastGhost,
      done: this.#gone.map((buffer) => this.id(buffer)),
    };
    this.#events = [];
    this.#moves = [];
    this.#movedPages = 0;
    this.#lastGhost = -1;
    this.#gone = [];
    return taken;
  }

  /**
   * Frees idle objects that were held back: on all devices buffers, then ghost objects, in the order of their numbers.
   */
  flush(): void {
    const waiting = new Set(this.devices.flatMap((device) => device.dying));
    const freed = this.#holds.map((hold) => {
      this.#gone = [];
      hold[Symbol.dispose]();
      return this.#gone;
    });
    // A buffer that only a ghost object kept is freed with it; an imported one is freed by the worker, after all
    // others.
    const later = freed.flat().filter((buffer) => !waiting.has(buffer) && buffer.kind === "sg");
    const first = freed.map((gone) => gone.filter((buffer) => waiting.has(buffer)));
    this.#gone = [...this.#merged(first), ...later.sort((a, b) => this.id(a) - this.id(b))];
    this.#holds = this.devices.map((device) => device.holdDelayedDestroy());
  }

  check(): void {
    for (const [at, device] of this.devices.entries()) if (this.lists[at]?.areInOrder) checkInvariants(device);
  }

  #createDevice(at: number): BoDevice {
    const { header } = this;
    const mocks = header.mocks === 1 ? { busy: mockManager("busy", BUSY), full: mockManager("full", NO_ROOM) } : {};
    const device = new BoDevice({
      driver: new RecordedDriver(this, at),
      managers: {
        vram: unknowing(this.#vramManager()),
        ...(header.tt > 0 ? { gtt: unknowing(rangeManager()) } : {}),
        ...mocks,
      },
      clock: this.clock,
      global: this.global,
      tracer: {
        move: (event) => this.#noteMove(event, device),
        wait: (fence) => {
          this.#events.push(["w", this.timelines.id(fence)]);
          this.timelines.signal(fence);
        },
        ghost: (ghost, parent) => this.#noteGhost(ghost, parent),
        destroy: (buffer) => void this.#gone.push(buffer),
      },
    });
    const inside = insideOf(device);
    this.lists.push(new KernelLists(inside));
    this.tables.push(new TablesOfFailedMoves(inside));
    this.victims.watch(
      inside.order.policy,
      device,
      () => this.onWalk(),
    );
    this.#gone = [];
    return device;
  }

  #vramManager(): MemTypeManager {
    if (this.header.buddy !== 1) return rangeManager();
    const buddy = new RecordedBuddy();
    this.buddies.push(buddy);
    return buddy;
  }

  /** A failed swapout fails the populate that it was for, if no device was tried after it. */
  #swapoutFailed(): boolean {
    if (this.victims.errno === 0) return false;
    if (this.victims.errnoOn(this.global.devices.at(-1)) !== 0) return true;
    this.victims.forget();
    return false;
  }

  #noteMove(event: MoveEvent, device: BoDevice): void {
    this.tables[this.devices.indexOf(device)]?.after(event);
    const { buffer, evict, from, to, failure, fence } = event;
    // The kernel's hook is called after table and pages have been allocated, and not after a failure.
    const wasCalled = this.#hookFailed || (failure !== "ENOMEM" && this.victims.errnoOn(device) === 0);
    this.#hookFailed = false;
    if (!wasCalled) return;
    if (failure === null) this.#movedPages += buffer.pages;
    this.#moves.push({ buffer, fence, failure });
    this.#events.push([
      this.id(buffer),
      evict ? 1 : 0,
      from === null ? -1 : typeNumber(from.memoryType),
      from?.start ?? -1,
      typeNumber(to.memoryType),
      to.start,
      failure === null ? 0 : ERRNO[failure] ?? NaN,
      this.timelines.id(fence),
      -1,
    ]);
  }

  /** The ghost object of a move belongs to the event before it; that of a purge is an event of its own. */
  #noteGhost(ghost: BufferView, parent: BufferView): void {
    const id = FIRST_GHOST + this.#ghosts++;
    this.name(ghost, id);
    const move = this.#moves.at(-1);
    const event = this.#events.at(-1);
    if (move?.buffer === parent && move.fence !== null && move.failure === null && event?.at(-1) === -1) {
      this.#events.splice(-1, 1, [...event.slice(0, -1) as number[], id]);
    } else {
      this.#lastGhost = id;
    }
    inheritImported(ghost, parent);
    if (this.copiesDone && move?.fence) this.timelines.signal(move.fence);
  }

  /** Merges lists that are sorted by number. */
  #merged(lists: BufferView[][]): BufferView[] {
    const all: BufferView[] = [];
    const head = ([buffer]: BufferView[]) => buffer === undefined ? Infinity : this.id(buffer);
    for (;;) {
      const next = lists.reduce((least, list) => head(list) < head(least) ? list : least, []).shift();
      if (next === undefined) return all;
      all.push(next);
    }
  }
}
