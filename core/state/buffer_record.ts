import type { CheckedBufferOptions } from "../contract/buffer_options.ts";
import type { BufferTable } from "./buffer_table.ts";
import { type BufferTraits, traitsOf } from "./buffer_traits.ts";
import type { BufferKind, BufferView } from "../contract/buffer_view.ts";
import type { BulkMove } from "./bulk_move.ts";
import type { RemovalReason } from "../contract/eviction_policy.ts";
import type { ManagerNode } from "../contract/mem_type_manager.ts";
import type { Mappings } from "./cpu_maps.ts";
import type { MemoryType } from "./memory_type.ts";
import type { Place } from "../contract/placement.ts";
import type { PreparedPlacement } from "./prepared_placement.ts";
import { Reservation } from "../lock/reservation.ts";
import type { ResourceTable } from "./resource_table.ts";
import type { TranslationTable } from "../contract/translation_table.ts";
import { PAGE_SIZE } from "../base/units.ts";

/** @internal What is known of what is in a buffer. */
export interface Contents {
  /** Why they are lost; undefined if they are not. */
  readonly lost: unknown;
}

const INTACT: Contents = { lost: undefined };

/** The tables of a device that hold a part of what is known of its buffers. */
interface Tables {
  readonly buffers: BufferTable<BufferRecord>;
  readonly resources: ResourceTable<BufferRecord>;
}

/**
 * What is known of a buffer, and all that the algorithms work on; `BufferObject` adds what users can do with it. A ghost
 * is a record and nothing more.
 */
export class BufferRecord implements BufferView {
  // What every submission looks at comes first, to lie in one cache line; what every move looks at, in the next.
  /** @internal */
  protected readonly state: Tables;
  /** @internal Row in the buffer table; -1 once freed. */
  row = -1;
  /** @internal Those who keep it; a ghost has none. */
  protected users = 1;
  /** @internal Lock and fences now. */
  protected ownReservation: Reservation;
  /** @internal Who it keeps together with in the order of eviction. */
  bulkMove: BulkMove | null = null;
  /** @internal The placement that its place was last found to be one of the first of; null if that is not known. */
  settledFor: PreparedPlacement | null = null;
  /** Size in pages of 4096 bytes. */
  readonly pages: number;
  /** The host pages; null in device-resident memory. Drivers read it, the core alone sets it. */
  tt: TranslationTable | null = null;
  /** @internal What the CPU has mapped of it; null if nothing ever was. */
  mappings: Mappings | null = null;
  /** @internal The last move was an eviction. */
  wasEvicted = false;
  /** @internal Nobody keeps it any more; only its work does. */
  isDying = false;
  /** @internal Nobody keeps it any more, and its bytes are on their way back to their exporter. */
  isReturning = false;
  /** Alignment of its start, in pages. */
  readonly alignment: number;
  #priority: number;
  /** @internal What it was made as. */
  protected readonly traits: BufferTraits;
  /** Number of the buffer, from 0 in order of creation in its device. */
  readonly id: number;
  /** Size in bytes as asked for. */
  readonly bytes: number;
  /** @internal The buffer whose old place this ghost holds while the copy out of it is under way. */
  ghostOf: BufferRecord | null = null;
  /** @internal Number of a ghost. */
  made = 0;
  /** @internal How many ghosts hold old places of this one; they keep it alive. */
  ghosts = 0;
  /** @internal How often it has ceased to be pinned. */
  timesUnpinned = 0;
  /** @internal Why its place will be given up when it dies; of a ghost, why its buffer has left. */
  leavesBecause: RemovalReason = "freed";
  /** @internal What is known of its contents; a purge begins new ones. */
  contents: Contents = INTACT;

  /** @internal */
  constructor(state: Tables, options: CheckedBufferOptions) {
    this.state = state;
    this.traits = traitsOf(options);
    this.ownReservation = this.traits.shared ?? new Reservation();
    this.pages = Math.ceil(options.bytes / PAGE_SIZE);
    this.alignment = options.alignment;
    this.#priority = options.priority;
    this.id = options.id;
    this.bytes = options.bytes;
    this.row = state.buffers.allocate(this);
  }

  /** Priority, 0 to 3. */
  get priority(): number {
    return this.#priority;
  }

  /** @internal The order of eviction has to be told. */
  protected set priority(priority: number) {
    this.#priority = priority;
  }

  /** The name given at creation. */
  get label(): string | undefined {
    return this.traits.label;
  }

  /** What the memory is for. */
  get kind(): BufferKind {
    return this.traits.kind;
  }

  /** @internal Pages that belong to whoever exported them. */
  get imported(): Uint8Array | null {
    return this.traits.imported;
  }

  /** @internal A key of the swap store that is the user's. */
  get swapKey(): string | undefined {
    return this.traits.swapKey;
  }

  /** @internal Told when it is gone. */
  get onDestroy(): ((buffer: BufferView) => void) | undefined {
    return this.traits.onDestroy;
  }

  /** @internal The reservation that it was created with, if that is not its own. */
  protected get shared(): Reservation | null {
    return this.traits.shared;
  }

  /** Lock and fences, its own or shared with other buffers. */
  get reservation(): Reservation {
    return this.ownReservation;
  }

  /** Name of the memory type that the buffer is in; null before it is first validated and after a purge. */
  get memoryType(): string | null {
    return this.type?.name ?? null;
  }

  /** First page in its memory type; 0 in SYSTEM, null without a place. */
  get start(): number | null {
    const row = this.resourceRow;
    return row < 0 ? null : this.state.resources.start(row);
  }

  /** Where the device sees the buffer, in bytes; null without a place and in SYSTEM. */
  get gpuAddress(): number | null {
    const { type, start } = this;
    return type === null || start === null || type.isSystem ? null : start * PAGE_SIZE + type.gpuOffset;
  }

  /** The place of the placement that the present resource was made for; null without one. */
  get place(): Place | null {
    const row = this.resourceRow;
    return row < 0 ? null : this.state.resources.place(row).place;
  }

  /** The node that its memory type's manager made for it; null in SYSTEM and without a place. */
  get node(): ManagerNode | null {
    const row = this.resourceRow;
    return row < 0 ? null : this.state.resources.node(row);
  }

  /** How often it is pinned. */
  get pins(): number {
    return this.row < 0 ? 0 : this.state.buffers.pins(this.row);
  }

  /** Whether somebody holds its reservation. */
  get reserved(): boolean {
    return this.reservation.locked;
  }

  /** Whether submitted work or a move still uses it. */
  get busy(): boolean {
    return this.reservation.fences.pending() !== null;
  }

  /** @internal Why the contents are lost; undefined if they are not. */
  get lost(): unknown {
    return this.contents.lost;
  }

  /** Whether its pages are in the swap store; they come back when they are needed. */
  get swapped(): boolean {
    return this.tt !== null && this.tt.swapped;
  }

  /** How many grabs keep its submission back, as {@linkcode grabForCpuWrite}. */
  get cpuWriters(): number {
    return this.mappings?.writers ?? 0;
  }

  /** Whether the last user has left, so that the handle can no longer be used. */
  get disposed(): boolean {
    return this.users === 0;
  }

  /** Whether it is no buffer but the old place of one, held until the copy out of it has ended. */
  get isGhost(): boolean {
    return this.ghostOf !== null;
  }

  /** @internal */
  get type(): MemoryType | null {
    const row = this.resourceRow;
    return row < 0 ? null : this.state.resources.place(row).type;
  }

  /** @internal Row in the resource table; -1 without a place. */
  protected get resourceRow(): number {
    return this.row < 0 ? -1 : this.state.buffers.resource(this.row);
  }

  /** @internal Leaves a shared reservation, taking its pending fences along. */
  individualise(): void {
    const { shared } = this;
    if (shared === null || this.ownReservation !== shared) return;
    this.ownReservation = new Reservation();
    this.ownReservation.fences.copyFrom(shared.fences);
  }

  /** @internal Makes a new buffer the ghost of another, the `made`th of its device. */
  becomeGhostOf(buffer: BufferRecord, made: number, why: RemovalReason): void {
    this.ghostOf = buffer;
    this.made = made;
    this.leavesBecause = why;
    this.users = 0;
    this.isDying = true;
    buffer.ghosts++;
  }

  /** For messages: number, label, and what is left of it. */
  toString(): string {
    const kind = this.isGhost ? "ghost of buffer" : this.disposed ? "dying buffer" : "buffer";
    return this.label === undefined ? `${kind} ${this.id}` : `${kind} ${this.id} "${this.label}"`;
  }
}
