import {
  BoDevice,
  type BufferObject,
  type BufferView,
  checkInvariants,
  type Driver,
  type MoveEvent,
  type Place,
  type Placement,
  SimulatedClock,
  TranslationTable,
  TtmError,
} from "@ttm/core";
import { rangeManager } from "@ttm/first-fit";
import { comparableTable, FailedMoves, TABLE_COLUMN, tableBits, unknowing } from "./quirks.ts";

/** What the headers of all ttm traces say of the recorded device. Sizes are pages. */
export interface DeviceHeader {
  readonly vram: number;
  readonly tt: number;
  readonly evict: 0 | 1 | 2;
  readonly hop: 0 | 1;
}

/** A place as traces write it. */
export type TracedPlace = readonly [memoryType: number, fpfn: number, lpfn: number, flags: number];

/** What a `create` says of its buffer. */
export interface Creation {
  readonly bo: number;
  readonly pages: number;
  readonly align: number;
  readonly prio: number;
  readonly pl: readonly TracedPlace[];
}

/** The state after an operation, in the order in which results are compared. */
export interface TracedState {
  readonly bos: readonly (readonly number[])[];
  readonly lru: Readonly<Record<string, unknown>>;
  readonly pinned: unknown;
  readonly use: unknown;
}

/** The flags of the trace by place; they also name lists that ours has no flags for. */
const flagsOf: WeakMap<Place, number> = new WeakMap();

/** The memory types by their numbers in traces. */
export const NAMES = ["system", "gtt", "vram"] as const;
const CONTIGUOUS = 1;
const TOPDOWN = 2;
const TEMPORARY = 4;
const DESIRED = 8;
const FALLBACK = 16;
/** Columns of a buffer's row up to its table; those after it are the same for all buffers of these traces. */
const COLUMNS = 8;
/** The kernel's number of a code. */
export const ERRNO: Readonly<Record<string, number>> = {
  ENOMEM: -12,
  EBUSY: -16,
  EINVAL: -22,
  ENOSPC: -28,
  EDEADLK: -35,
  EMULTIHOP: -72,
  EALREADY: -114,
};

/** A device like the one that was recorded, with the buffers of the trace by number. */
export class RecordedDevice {
  readonly device: BoDevice;
  #buffers = new Map<number, BufferObject>();
  #ids = new Map<BufferView, number>();
  #moves: MoveEvent[] = [];
  #failed = new FailedMoves();

  constructor(header: DeviceHeader) {
    this.device = new BoDevice({
      driver: recordingDriver(header),
      managers: { vram: unknowing(rangeManager()), ...(header.tt > 0 ? { gtt: unknowing(rangeManager()) } : {}) },
      clock: new SimulatedClock(),
      tracer: { move: (event) => void this.#moves.push(event) },
    });
  }

  buffer(id: number): BufferObject {
    const buffer = this.#buffers.get(id);
    if (buffer === undefined) throw new Error(`the trace uses buffer ${id}, which is not there`);
    return buffer;
  }

  id(buffer: BufferView): number {
    return this.#ids.get(buffer) ?? NaN;
  }

  /** All buffers, by number. */
  get buffers(): ReadonlyMap<number, BufferObject> {
    return this.#buffers;
  }

  /** Creates a buffer and validates it, as the kernel does in one call. */
  async create({ bo, pages, align, prio, pl }: Creation): Promise<number> {
    const buffer = this.device.createBuffer({ bytes: pages * 4096, alignment: align, priority: prio });
    this.#ids.set(buffer, bo);
    buffer.tryReserve();
    const ret = await outcomeOf(() => buffer.validate(placementOf(pl)));
    if (ret === 0) {
      buffer.unreserve();
      this.#buffers.set(bo, buffer);
    } else {
      buffer.unlock();
      buffer.unref();
    }
    return ret;
  }

  /** Drops the last reference of a buffer. */
  unref(id: number): void {
    const buffer = this.buffer(id);
    this.#buffers.delete(id);
    buffer.unref();
  }

  /** Evicts the first buffer of a memory type; -2 if there is none. */
  evictFirst(memoryType: number): Promise<number> {
    return outcomeOf(() => this.device.evictFirst(NAMES[memoryType] ?? ""), -2);
  }

  /** The attempted moves since the last call, as traces write them, and the pages that moved. */
  takeMoves(): { ev: number[][]; moved: number } {
    const moves = this.#moves;
    this.#moves = [];
    const ev = moves.map((move) => this.#event(move));
    this.#failed.note(ev);
    const done = moves.filter((move) => move.failure === null);
    return {
      ev,
      moved: done.reduce((pages, move) => pages + move.buffer.pages, 0),
    };
  }

  /** The part of a recorded state that is compared. */
  expected({ bos, lru, pinned, use }: TracedState): TracedState {
    const comparable = (row: readonly number[]) => row.with(TABLE_COLUMN, comparableTable(row[TABLE_COLUMN] ?? 0));
    return { bos: bos.map((row) => this.#failed.comparable(comparable(row)).slice(0, COLUMNS)), lru, pinned, use };
  }

  /** The same part of the state here, with the memory types that the recorded one lists. */
  state({ lru }: TracedState): TracedState {
    checkInvariants(this.device);
    return {
      bos: [...this.#buffers].map(([id, buffer]) =>
        this.#failed.comparable([...describe(id, buffer), tableBits(buffer)])
      ),
      lru: Object.fromEntries(Object.keys(lru).map((type) => [type, this.#lru(Number(type))])),
      pinned: this.device.pinned.map((buffer) => this.#ids.get(buffer)),
      use: NAMES.map((name) => this.device.usage(name).usedPages),
    };
  }

  #event({ buffer, evict, from, to, failure }: MoveEvent): number[] {
    return [
      this.#ids.get(buffer) ?? -1,
      evict ? 1 : 0,
      from === null ? -1 : typeNumber(from.memoryType),
      from === null ? -1 : from.start,
      typeNumber(to.memoryType),
      to.start,
      failure === null ? 0 : ERRNO[failure] ?? NaN,
    ];
  }

  #lru(type: number): unknown {
    return this.device.lru(NAMES[type] ?? "").map((list) => list.map((buffer) => this.#ids.get(buffer)));
  }
}

/** The return code of a call: 0, or the errno of the `TtmError` that it ends with. */
export async function outcomeOf(act: () => unknown, whenFalse = 0): Promise<number> {
  try {
    return (await act()) === false ? whenFalse : 0;
  } catch (error) {
    if (error instanceof TtmError) return ERRNO[error.code] ?? NaN;
    throw error;
  }
}

/** A placement of two lists: places flagged DESIRED stand in the first only, FALLBACK in the second only. */
export function placementOf(places: readonly TracedPlace[]): Placement {
  const list = (skip: number) => places.filter(([, , , flags]) => (flags & skip) === 0).map(placeOf);
  return { placement: list(FALLBACK), busyPlacement: list(DESIRED) };
}

/** A place as ours, whose flags are remembered. */
export function placeOf([type, fpfn, lpfn, flags]: TracedPlace): Place {
  const place = {
    memoryType: NAMES[type] ?? "",
    fpfn,
    lpfn,
    contiguous: (flags & CONTIGUOUS) !== 0,
    topDown: (flags & TOPDOWN) !== 0,
    temporary: (flags & TEMPORARY) !== 0,
  };
  flagsOf.set(place, flags);
  return place;
}

/** The columns of a buffer up to the flags of its resource. */
export function describe(id: number, buffer: BufferView): number[] {
  const type = buffer.memoryType;
  const flags = buffer.place === null ? 0 : flagsOf.get(buffer.place) ?? 0;
  return [
    id,
    type === null ? -1 : typeNumber(type),
    buffer.start ?? -1,
    buffer.pages,
    buffer.pins,
    buffer.priority,
    type === null ? 0 : flags,
  ];
}

/** Number of a memory type. */
export function typeNumber(name: string): number {
  return (NAMES as readonly string[]).indexOf(name);
}

/** The driver of the recording: it copies no data, and goes between VRAM and SYSTEM through TT if the header says so. */
function recordingDriver({ vram, tt, evict, hop }: DeviceHeader): Driver {
  const everywhere = (type: number): Place => placeOf([type, 0, 0, 0]);
  const fromVram = [[0], [1, 0], [1]][evict] ?? [];
  const stop = placeOf([1, 0, 0, TEMPORARY]);
  return {
    name: "recording",
    memoryTypes: [
      { name: "system" },
      { name: "gtt", pages: Math.max(tt, 1) },
      { name: "vram", pages: vram, fixed: true },
    ],
    supports: { contents: false },
    evictPlacement: (buffer) => ({
      placement: buffer.memoryType === "vram" ? fromVram.map(everywhere) : [everywhere(0)],
    }),
    move: () => {},
    hop: (_buffer, from, to) => hop === 1 && from !== "gtt" && to !== "gtt" ? stop : null,
    createTranslationTable: (buffer) => new TranslationTable(buffer.pages, () => ({})),
  };
}
