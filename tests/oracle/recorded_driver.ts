import {
  type BufferObject,
  type BufferView,
  type Driver,
  type DriverSupport,
  type Fence,
  type MemoryTypeOptions,
  type MoveRequest,
  type Place,
  type Placement,
  type RebindRequest,
  type TranslationTable,
  TtmError,
} from "@ttm/core";
import type { RecordedMachine } from "./machine.ts";
import { KernelTable } from "./quirks.ts";
import { placeOf } from "./recording.ts";

/** The hooks that can fail in a recording, by their numbers in it. */
export const POPULATE = 0;
export const TABLE = 1;
export const MOVE = 2;

const TEMPORARY = 4;
const MOCK_PAGES = 16;

/** By `evict` of the header: the eviction placement of VRAM. */
const FROM_VRAM = [[0], [1, 0], [1], []];

/**
 * The driver of the recording: its copies move no data and may make fences, and its hooks fail as the trace says. The
 * kernel's one move hook is `hop`, `move` and `rebind` in the core.
 */
export class RecordedDriver implements Driver {
  readonly name = "recording";
  readonly memoryTypes: readonly MemoryTypeOptions[];
  readonly supports: DriverSupport;
  #machine: RecordedMachine;
  /** The number of its device. */
  #at: number;

  constructor(machine: RecordedMachine, at: number) {
    const { kind, vram, tt, fences, pipeline, vram_tt, mocks } = machine.header;
    this.#machine = machine;
    this.#at = at;
    this.memoryTypes = [
      { name: "system" },
      { name: "gtt", pages: Math.max(tt, 1) },
      {
        name: "vram",
        pages: vram,
        fixed: vram_tt === 0,
        ...(kind === "ttmc" && vram_tt === 0 && { availableCaching: ["wc"], defaultCaching: "wc" }),
      },
      ...(mocks === 1 ? [{ name: "busy", pages: MOCK_PAGES }, { name: "full", pages: MOCK_PAGES }] : []),
    ];
    this.supports = {
      moves: fences === 1 ? "ordered" : "immediate",
      pipelinedEvictions: pipeline === 1,
      contents: false,
    };
  }

  evictPlacement(buffer: BufferView): Placement {
    this.#machine.victims.leaves(buffer);
    const places = buffer.memoryType === "vram" ? FROM_VRAM[this.#machine.header.evict] ?? [] : [0];
    const cachingAt = this.#machine.cachingAt(buffer);
    return { placement: places.map((type) => placeOf([type, 0, 0, 0], cachingAt)) };
  }

  move({ buffer, evict }: MoveRequest): Fence | void {
    this.#callHook(buffer);
    return buffer.memoryType === null ? undefined : this.#machine.copy(buffer, evict);
  }

  rebind({ buffer, memoryType, evict }: RebindRequest): Fence | "when idle" {
    const from = buffer.memoryType;
    if (evict) this.#machine.victims.leaves(buffer);
    this.#callHook(buffer);
    const isNull = from === null || (from === "system" && memoryType === "gtt");
    if (isNull || (from === "gtt" && memoryType === "system")) return "when idle";
    return this.#machine.copy(buffer, evict) ?? "when idle";
  }

  hop(buffer: BufferView, from: string, to: string): Place | null {
    if (this.#machine.header.hop !== 1 || from === "gtt" || to === "gtt") return null;
    // TABLE_OF_FAILED_HOP
    if (!this.#isFixed(to) && buffer.tt === null) (buffer as BufferObject).tt = this.#tableOrFailure(buffer);
    this.#callHook(buffer);
    return placeOf([1, 0, 0, TEMPORARY], this.#machine.cachingAt(buffer));
  }

  createTranslationTable(buffer: BufferView): TranslationTable | null {
    if (this.#machine.fails(TABLE, buffer, this.#at)) return null;
    const caching = this.#machine.nextCaching(buffer);
    const table = new KernelTable(buffer.pages, buffer.kind === "sg", caching, () => {
      if (this.#machine.fails(POPULATE, buffer, this.#at)) {
        throw new TtmError("ENOMEM", "Cannot populate pages: the trace records a failure");
      }
    });
    this.#machine.tables[this.#at]?.note(buffer, table);
    return table;
  }

  #tableOrFailure(buffer: BufferView): TranslationTable {
    const table = this.createTranslationTable(buffer);
    if (table === null) throw new TtmError("ENOMEM", "Cannot create a translation table: the trace records a failure");
    return table;
  }

  #callHook(buffer: BufferView): void {
    if (this.#machine.fails(MOVE, buffer, this.#at)) {
      throw new TtmError("EIO", "Cannot move the buffer: the trace records a failure");
    }
  }

  #isFixed(memoryType: string): boolean {
    return memoryType === "vram" && this.#machine.header.vram_tt === 0;
  }
}
