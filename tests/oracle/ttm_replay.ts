import {
  BoDevice,
  type BufferObject,
  checkInvariants,
  type Driver,
  type MoveEvent,
  type Place,
  type Placement,
  SimulatedClock,
  TranslationTable,
  TtmError,
} from "@ttm/core";
import { firstFit } from "@ttm/first-fit";
import type { Compared, Replayer } from "./trace.ts";

/** First line of a ttm trace. */
export interface TtmHeader {
  readonly vram: number;
  readonly tt: number;
  readonly evict: 0 | 1 | 2;
  readonly hop: 0 | 1;
}

type TracedPlace = readonly [memoryType: number, fpfn: number, lpfn: number, flags: number];

/** Any other line of it. */
export interface TtmOperation {
  readonly i: number;
  readonly op: "create" | "validate" | "touch" | "pin" | "unpin" | "evict_first" | "unref";
  readonly bo: number;
  readonly pages: number;
  readonly align: number;
  readonly prio: number;
  readonly pl: readonly TracedPlace[];
  readonly held: readonly number[];
  readonly mem: number;
  readonly lru: Readonly<Record<string, unknown>>;
  readonly bos: readonly (readonly number[])[];
  readonly [field: string]: unknown;
}

/** A place that remembers the flags of the trace, which also name lists that ours has no flags for. */
interface FlaggedPlace extends Place {
  readonly flags: number;
}

const NAMES = ["system", "gtt", "vram"] as const;
const CONTIGUOUS = 1;
const TOPDOWN = 2;
const TEMPORARY = 4;
const DESIRED = 8;
const FALLBACK = 16;
const ERRNO: Readonly<Record<string, number>> = { ENOMEM: -12, EINVAL: -22, ENOSPC: -28, EMULTIHOP: -72 };

/**
 * Replays the kernel's TTM, operations on buffers that are always idle, through a device whose driver does what the
 * recording driver did, and compares all that the trace recorded but the state of the translation tables.
 */
export class TtmReplayer implements Replayer<TtmOperation> {
  #buffers = new Map<number, BufferObject>();
  #ids = new Map<BufferObject, number>();
  #moves: MoveEvent[] = [];
  #device: BoDevice;

  constructor(header: TtmHeader) {
    this.#device = new BoDevice({
      driver: recordingDriver(header),
      managers: { vram: firstFit(), ...(header.tt > 0 ? { gtt: firstFit() } : {}) },
      clock: new SimulatedClock(),
      tracer: { move: (event) => void this.#moves.push(event) },
    });
  }

  async run(operation: TtmOperation): Promise<Compared> {
    this.#moves = [];
    const { ev, ret, moved, bos, lru, pinned, use } = operation;
    const found = await this.#perform(operation);
    checkInvariants(this.#device);
    return {
      expected: { ret, ev, moved, bos: bos.map((buffer) => buffer.slice(0, 7)), lru, pinned, use },
      found: { ret: found, ...this.#state(Object.keys(lru)) },
    };
  }

  #state(types: readonly string[]): object {
    const done = this.#moves.filter((move) => move.failure === null);
    return {
      ev: this.#moves.map((move) => this.#event(move)),
      moved: done.reduce((pages, move) => pages + move.buffer.pages, 0),
      bos: [...this.#buffers].map(([id, buffer]) => describe(id, buffer)),
      lru: Object.fromEntries(types.map((type) => [type, this.#lru(Number(type))])),
      pinned: this.#device.pinned.map((buffer) => this.#ids.get(buffer)),
      use: NAMES.map((name) => this.#device.usage(name).usedPages),
    };
  }

  #perform(operation: TtmOperation): Promise<number> | number {
    switch (operation.op) {
      case "create":
        return this.#create(operation);
      case "validate":
        return this.#validate(operation);
      case "evict_first":
        return this.#evictFirst(operation.mem);
      default:
        return this.#underReservation(operation.op, this.#buffer(operation.bo));
    }
  }

  async #create({ bo, pages, align, prio, pl }: TtmOperation): Promise<number> {
    const buffer = this.#device.createBuffer({ bytes: pages * 4096, alignment: align, priority: prio });
    this.#ids.set(buffer, bo);
    buffer.tryReserve();
    const ret = await outcome(() => buffer.validate(placementOf(pl)));
    if (ret === 0) {
      buffer.unreserve();
      this.#buffers.set(bo, buffer);
    } else {
      buffer.unlock();
      buffer.unref();
    }
    return ret;
  }

  async #validate({ bo, pl, held }: TtmOperation): Promise<number> {
    const buffer = this.#buffer(bo);
    const others = held.map((id) => this.#buffer(id));
    for (const other of others) other.tryReserve();
    buffer.tryReserve();
    const ret = await outcome(() => buffer.validate(placementOf(pl)));
    buffer.unreserve();
    for (const other of others) other.unlock();
    return ret;
  }

  #evictFirst(memoryType: number): Promise<number> {
    return outcome(() => this.#device.evictFirst(NAMES[memoryType] ?? ""), -2);
  }

  #underReservation(op: "touch" | "pin" | "unpin" | "unref", buffer: BufferObject): number {
    buffer.tryReserve();
    if (op === "pin") buffer.pin();
    if (op === "unpin") buffer.unpin();
    if (op === "unref") { while (buffer.pins > 0) buffer.unpin(); }
    buffer.unreserve();
    if (op === "unref") {
      this.#buffers.delete(this.#ids.get(buffer) ?? -1);
      buffer.unref();
    }
    return 0;
  }

  #buffer(id: number): BufferObject {
    const buffer = this.#buffers.get(id);
    if (buffer === undefined) throw new Error(`the trace uses buffer ${id}, which is not there`);
    return buffer;
  }

  #event({ buffer, evict, from, to, failure }: MoveEvent): unknown {
    return [
      this.#ids.get(buffer),
      evict ? 1 : 0,
      from === null ? -1 : typeNumber(from.memoryType),
      from === null ? -1 : from.start,
      typeNumber(to.memoryType),
      to.start,
      failure === null ? 0 : ERRNO[failure],
    ];
  }

  #lru(type: number): unknown {
    return this.#device.lru(NAMES[type] ?? "").map((list) => list.map((buffer) => this.#ids.get(buffer)));
  }
}

function describe(id: number, buffer: BufferObject): number[] {
  const type = buffer.memoryType;
  const { flags = 0 } = (buffer.place ?? {}) as Partial<FlaggedPlace>;
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

function typeNumber(name: string): number {
  return (NAMES as readonly string[]).indexOf(name);
}

async function outcome(act: () => Promise<unknown>, whenFalse = 0): Promise<number> {
  try {
    return (await act()) === false ? whenFalse : 0;
  } catch (error) {
    if (error instanceof TtmError) return ERRNO[error.code] ?? -5;
    throw error;
  }
}

function placementOf(places: readonly TracedPlace[]): Placement {
  const list = (skip: number) => places.filter(([, , , flags]) => (flags & skip) === 0).map(placeOf);
  return { placement: list(FALLBACK), busyPlacement: list(DESIRED) };
}

function placeOf([type, fpfn, lpfn, flags]: TracedPlace): FlaggedPlace {
  return {
    memoryType: NAMES[type] ?? "",
    fpfn,
    lpfn,
    contiguous: (flags & CONTIGUOUS) !== 0,
    topDown: (flags & TOPDOWN) !== 0,
    temporary: (flags & TEMPORARY) !== 0,
    flags,
  };
}

/** The driver of the recording: it copies no data, and goes between VRAM and SYSTEM through TT if the header says so. */
function recordingDriver({ vram, tt, evict, hop }: TtmHeader): Driver {
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
    evictPlacement: (buffer) => ({
      placement: buffer.memoryType === "vram" ? fromVram.map(everywhere) : [everywhere(0)],
    }),
    move: () => {},
    hop: (_buffer, from, to) => hop === 1 && from !== "gtt" && to !== "gtt" ? stop : null,
    createTranslationTable: (buffer) => new TranslationTable(buffer.pages, () => ({})),
  };
}
