import {
  BoDevice,
  type BufferView,
  checkInvariants,
  type Driver,
  type Fence,
  Global,
  type MemTypeManager,
  type MoveEvent,
  type Place,
  SimulatedClock,
  TranslationTable,
} from "@ttm/core";
import { rangeManager } from "@ttm/first-fit";
import { FailedMoves, PurgedWhileSwapped, unknowing } from "./quirks.ts";
import { RecordedBuddy } from "./recorded_buddy.ts";
import { ERRNO, placeOf, typeNumber } from "./recording.ts";
import { Timelines } from "./timelines.ts";

/** What the headers of the traces with fences, swapping or shared reservations say. Sizes are pages. */
export interface MachineHeader {
  readonly vram: number;
  readonly tt: number;
  /** Where VRAM is evicted to; 3 discards. */
  readonly evict: 0 | 1 | 2 | 3;
  readonly hop: 0 | 1;
  readonly pipeline: 0 | 1;
  /** Whether copies make fences. */
  readonly fences: 0 | 1;
  readonly ndev: number;
  /** Of populated pages; 0 for none. */
  readonly limit: number;
  /** Whether a buddy allocator manages VRAM. */
  readonly buddy: 0 | 1;
  /** Whether host pages stand behind VRAM. */
  readonly vram_tt: 0 | 1;
  /** Shared reservations. */
  readonly nresv: number;
}

/** A line of `ev`: a wait or a move. */
export type TracedEvent = readonly ["w", number] | readonly number[];

const COPIES = 0;
const TEMPORARY = 4;
const FIRST_GHOST = 1000;

/** The devices of a recording, the objects in them by number, and what happens to them. */
export class RecordedMachine {
  readonly header: MachineHeader;
  readonly global: Global;
  readonly devices: readonly BoDevice[];
  readonly timelines: Timelines = new Timelines();
  /** What the quirks of the recorded kernel need to know. */
  readonly purged: PurgedWhileSwapped = new PurgedWhileSwapped();
  readonly failed: FailedMoves = new FailedMoves();
  /** Whether the copies of this operation are over when they begin. */
  copiesDone = false;
  #ids = new Map<BufferView, number>();
  #events: TracedEvent[] = [];
  #moves: MoveEvent[] = [];
  #movedPages = 0;
  #ghosts = 0;
  #lastGhost = -1;
  #gone: number[] = [];
  #holds: Disposable[];
  /** The manager of VRAM, if it is one. */
  buddy: RecordedBuddy | null = null;

  constructor(header: MachineHeader) {
    this.header = header;
    this.global = new Global(header.limit > 0 ? { limits: { pages: header.limit } } : {});
    this.devices = Array.from({ length: header.ndev }, () => this.#createDevice());
    // Deleted buffers of the recording are freed when it says so.
    this.#holds = this.devices.map((device) => device.holdDelayedDestroy());
  }

  /** Gives a buffer its number. */
  name(buffer: BufferView, id: number): void {
    this.#ids.set(buffer, id);
  }

  id(buffer: BufferView): number {
    return this.#ids.get(buffer) ?? NaN;
  }

  /** What happened since the last call: events, pages moved, the ghost of a purge, and who was freed. */
  take(): { ev: TracedEvent[]; moved: number; ghost: number; done: number[] } {
    const taken = { ev: this.#events, moved: this.#movedPages, ghost: this.#lastGhost, done: this.#gone };
    this.failed.note(taken.ev);
    this.#events = [];
    this.#moves = [];
    this.#movedPages = 0;
    this.#lastGhost = -1;
    this.#gone = [];
    return taken;
  }

  /** Frees what is idle and held back. */
  flush(): void {
    const waiting = new Set(this.devices.flatMap((device) => device.dying).map((buffer) => this.id(buffer)));
    for (const hold of this.#holds) hold[Symbol.dispose]();
    this.#holds = this.devices.map((device) => device.holdDelayedDestroy());
    // A buffer that only a ghost kept is freed with the ghost, and not by the worker.
    this.#gone = this.#gone.filter((id) => waiting.has(id));
  }

  check(): void {
    for (const device of this.devices) checkInvariants(device);
  }

  #createDevice(): BoDevice {
    const { header } = this;
    return new BoDevice({
      driver: this.#driver(),
      managers: { vram: unknowing(this.#vramManager()), ...(header.tt > 0 ? { gtt: unknowing(rangeManager()) } : {}) },
      clock: new SimulatedClock(),
      global: this.global,
      tracer: {
        move: (event) => this.#noteMove(event),
        wait: (fence) => {
          this.#events.push(["w", this.timelines.id(fence)]);
          this.timelines.signal(fence);
        },
        ghost: (ghost, parent) => this.#noteGhost(ghost, parent),
        destroy: (buffer) => void this.#gone.push(this.id(buffer)),
      },
    });
  }

  #vramManager(): MemTypeManager {
    if (this.header.buddy !== 1) return rangeManager();
    this.buddy = new RecordedBuddy();
    return this.buddy;
  }

  #noteMove(event: MoveEvent): void {
    const { buffer, evict, from, to, failure, fence } = event;
    if (failure === null) this.#movedPages += buffer.pages;
    this.#moves.push(event);
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

  /** The ghost of a move belongs to the event before; that of a purge stands alone. */
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
  }

  /** The driver of the recording: copies move no data and may make fences. */
  #driver(): Driver {
    const { vram, tt, evict, hop, fences, pipeline, vram_tt } = this.header;
    const everywhere = (type: number): Place => placeOf([type, 0, 0, 0]);
    const fromVram = [[0], [1, 0], [1], []][evict] ?? [];
    const stop = placeOf([1, 0, 0, TEMPORARY]);
    return {
      name: "recording",
      memoryTypes: [
        { name: "system" },
        { name: "gtt", pages: Math.max(tt, 1) },
        { name: "vram", pages: vram, fixed: vram_tt === 0 },
      ],
      supports: {
        moves: fences === 1 ? "ordered" : "immediate",
        pipelinedEvictions: pipeline === 1,
        queuedBinds: fences === 1,
        contents: false,
      },
      evictPlacement: (buffer) => ({
        placement: buffer.memoryType === "vram" ? fromVram.map(everywhere) : [everywhere(0)],
      }),
      move: ({ buffer }) => buffer.memoryType === null || fences === 0 ? undefined : this.#copy(),
      bind: ({ memoryType }) => memoryType === "gtt" && fences === 1 ? this.#copy() : undefined,
      hop: (_buffer, from, to) => hop === 1 && from !== "gtt" && to !== "gtt" ? stop : null,
      createTranslationTable: (buffer) => new TranslationTable(buffer.pages, (pages) => new Uint32Array(pages), codec),
    };
  }

  #copy(): Fence {
    const fence = this.timelines.next(COPIES);
    if (this.copiesDone) this.timelines.signal(fence);
    return fence;
  }
}

/** A page is one word here, the first one that the recording wrote. */
const codec = {
  codec: {
    encode: (words: Uint32Array) => new Uint8Array(words.buffer.slice(0) as ArrayBuffer),
    decode: (bytes: Uint8Array) => new Uint32Array(bytes.slice().buffer),
  },
};
