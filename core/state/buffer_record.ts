import type { CheckedBufferOptions } from "../contract/buffer_options.ts";
import type { BufferTable } from "./buffer_table.ts";
import { type BufferTraits, type Contents, traitsOf } from "./buffer_traits.ts";
import type { BufferKind, BufferView } from "../contract/buffer_view.ts";
import type { BulkMove } from "../resource/bulk_move.ts";
import type { RemovalReason } from "../contract/eviction_policy.ts";
import type { GroupRecord } from "../groups/group_record.ts";
import type { Mappings } from "./cpu_maps.ts";
import type { MemoryType } from "../resource/memory_type.ts";
import type { Place } from "../contract/placement.ts";
import type { PreparedPlacement } from "../resource/prepared_placement.ts";
import { Reservation } from "../lock/reservation.ts";
import type { ResourceTable } from "../resource/resource_table.ts";
import type { StoreCopy } from "./store_copy.ts";
import type { TranslationTable } from "../contract/translation_table.ts";
import { PAGE_SIZE, PRIORITIES } from "../base/units.ts";

/** The tables of a device that hold part of the state of its buffers. */
interface Tables {
  readonly buffers: BufferTable<BufferRecord>;
  readonly resources: ResourceTable<BufferRecord>;
}

// The bits of the flags; the lowest two are the priority.
const PRIORITY = PRIORITIES - 1;
const EVICTED = 4;
const DYING = 8;
const RETURNING = 16;
const DISPOSED = 32;
const PINNED = 64;
const IN_BULK = 128;

/**
 * The state of a buffer, which the algorithms work on; `BufferObject` adds the public operations. A ghost object is
 * only a record. As in the kernel, a buffer has its reservation in it: it is its own one, unless it shares another.
 *
 * Most buffers are only moved and used. What that needs is here; the rest is in the traits.
 */
export class BufferRecord extends Reservation implements BufferView {
  // What a buffer needs that is used where it is comes first, so that it lies in few cache lines.
  #reservation: Reservation;
  #flags: number;
  /** @internal A placement whose `placement` list is known to contain its present place; null if none is known. */
  settledFor: PreparedPlacement | null = null;
  /** @internal Row in the resource table; -1 without a resource. */
  resource = -1;
  /** @internal */
  protected readonly state: Tables;
  #traits: BufferTraits;
  /** Size in pages of 4096 bytes. */
  readonly pages: number;
  /** The translation table with the host pages; null in device-resident memory. Only the core sets it. */
  tt: TranslationTable | null = null;
  /** @internal Where its last submission needed it; null if there was none. */
  submittedTo: PreparedPlacement | null = null;
  /** @internal Row in the buffer table; -1 once freed. */
  row = -1;
  /** Id of the buffer, from 0 in order of creation in its device. */
  readonly id: number;
  /** Requested size in bytes. */
  readonly bytes: number;

  /** @internal */
  constructor(state: Tables, options: CheckedBufferOptions) {
    super();
    this.#reservation = options.reservation ?? this;
    this.#flags = options.priority;
    this.state = state;
    this.#traits = traitsOf(options);
    this.pages = Math.ceil(options.bytes / PAGE_SIZE);
    this.id = options.id;
    this.bytes = options.bytes;
    this.row = state.buffers.allocate(this);
  }

  /** Its own traits, to change them. */
  private get ownTraits(): BufferTraits {
    return this.#traits = this.#traits.own();
  }

  /** The reservation (lock and fences), its own or shared with other buffers. */
  get reservation(): Reservation {
    return this.#reservation;
  }

  /** @internal Number of references; 0 for a ghost object. */
  protected get users(): number {
    return this.disposed ? 0 : this.#traits.users;
  }

  protected set users(users: number) {
    this.setFlag(DISPOSED, users === 0);
    if (users !== 0 && users !== this.#traits.users) this.ownTraits.users = users;
  }

  /** Priority, 0 to 3. */
  get priority(): number {
    return this.#flags & PRIORITY;
  }

  /** @internal The order of eviction has to be told. */
  protected set priority(priority: number) {
    this.#flags = this.#flags & ~PRIORITY | priority;
  }

  /** @internal Whether its last move was an eviction. */
  get wasEvicted(): boolean {
    return (this.#flags & EVICTED) !== 0;
  }

  set wasEvicted(wasEvicted: boolean) {
    this.setFlag(EVICTED, wasEvicted);
  }

  /** @internal Has no references or ghost objects; freed when its work has ended. */
  get isDying(): boolean {
    return (this.#flags & DYING) !== 0;
  }

  set isDying(isDying: boolean) {
    this.setFlag(DYING, isDying);
  }

  /** @internal Has no references, and its bytes are being copied back to the imported array. */
  get isReturning(): boolean {
    return (this.#flags & RETURNING) !== 0;
  }

  set isReturning(isReturning: boolean) {
    this.setFlag(RETURNING, isReturning);
  }

  /** @internal Sets or clears one of the flags. */
  private setFlag(flag: number, isSet: boolean): void {
    this.#flags = isSet ? this.#flags | flag : this.#flags & ~flag;
  }

  /** The pin count. */
  get pins(): number {
    return this.#traits.pins;
  }

  /** @internal The order of eviction has to be told. */
  set pins(pins: number) {
    this.setFlag(PINNED, pins > 0);
    this.ownTraits.pins = pins;
  }

  /** Alignment of its start, in pages. */
  get alignment(): number {
    return this.#traits.alignment;
  }

  /** The name given at creation. */
  get label(): string | undefined {
    return this.#traits.label;
  }

  /** The buffer's kind: what its memory is used for. */
  get kind(): BufferKind {
    return this.#traits.kind;
  }

  /** The options given at creation for the driver. */
  get driverOptions(): object | undefined {
    return this.#traits.driverOptions;
  }

  /** @internal The imported array, which belongs to the exporter; null if the buffer is not imported. */
  get imported(): Uint8Array | null {
    return this.#traits.imported;
  }

  /** @internal What a store has under a key of the caller's; null if the contents come from none. */
  get stored(): StoreCopy | null {
    return this.#traits.stored;
  }

  /** @internal Called when the buffer has been freed. */
  get onDestroy(): ((buffer: BufferView) => void) | undefined {
    return this.#traits.onDestroy;
  }

  /** @internal The shared reservation that it was created with; null if it has its own. */
  get shared(): Reservation | null {
    return this.#traits.shared;
  }

  /** The group that its memory is charged to; null if there is none. */
  get group(): GroupRecord | null {
    return this.#traits.group;
  }

  /** @internal The bulk move that it is a member of. */
  get bulkMove(): BulkMove | null {
    return this.#traits.bulkMove;
  }

  set bulkMove(bulk: BulkMove | null) {
    this.setFlag(IN_BULK, bulk !== null);
    if (bulk !== this.bulkMove) this.ownTraits.bulkMove = bulk;
  }

  /** @internal Whether it is neither pinned nor a member of a bulk move, as most buffers. */
  get isFree(): boolean {
    return (this.#flags & (PINNED | IN_BULK)) === 0;
  }

  /** @internal Its CPU maps; null if it was never mapped. */
  get mappings(): Mappings | null {
    return this.#traits.mappings;
  }

  set mappings(mappings: Mappings | null) {
    this.ownTraits.mappings = mappings;
  }

  /** @internal What a blocked attempt has left to the next one; null if there is nothing. */
  get unfinished(): { readonly turn: number } | null {
    return this.#traits.unfinished;
  }

  set unfinished(unfinished: { readonly turn: number } | null) {
    this.ownTraits.unfinished = unfinished;
  }

  /** @internal Number of ghost objects that hold old resources of this buffer; they keep it alive. */
  get ghosts(): number {
    return this.#traits.ghosts;
  }

  set ghosts(ghosts: number) {
    this.ownTraits.ghosts = ghosts;
  }

  /** @internal How often its pin count has become 0. */
  get timesUnpinned(): number {
    return this.#traits.timesUnpinned;
  }

  set timesUnpinned(times: number) {
    this.ownTraits.timesUnpinned = times;
  }

  /** @internal The state of its contents; a purge replaces it. */
  get contents(): Contents {
    return this.#traits.contents;
  }

  set contents(contents: Contents) {
    this.ownTraits.contents = contents;
  }

  /** @internal Gives it another resource, -1 for none. */
  occupy(resource: number): void {
    this.settledFor = null;
    this.resource = resource;
  }

  /** Name of the memory type that the buffer is in; null before it is first validated and after a purge. */
  get memoryType(): string | null {
    return this.type?.name ?? null;
  }

  /**
   * First page in its memory type, or its handle if the manager has no addresses; 0 in SYSTEM, null without a resource.
   */
  get start(): number | null {
    const row = this.resource;
    return row < 0 ? null : this.state.resources.start(row);
  }

  /** The buffer's address for the device, in bytes; null in SYSTEM and without a resource. */
  get gpuAddress(): number | null {
    const { type, start } = this;
    return type === null || start === null || type.isSystem ? null : start * PAGE_SIZE + type.gpuOffset;
  }

  /** The place that the present resource was allocated for; null without a resource. */
  get place(): Place | null {
    const row = this.resource;
    return row < 0 ? null : this.state.resources.place(row).place;
  }

  /** What the manager of its memory type calls its pages; 0 in SYSTEM and without a resource. */
  get handle(): number {
    const row = this.resource;
    return row < 0 ? 0 : this.state.resources.handle(row);
  }

  /** Whether its reservation is locked. */
  get reserved(): boolean {
    return this.reservation.locked;
  }

  /** Whether submitted work or a move still uses it. */
  get busy(): boolean {
    return this.reservation.pending() !== null;
  }

  /** @internal The error that lost the contents; undefined if they are intact. */
  get lost(): unknown {
    return this.contents.lost;
  }

  /** @internal The contents are lost. The next submission looks whether a store has them, wherever the buffer is. */
  lose(error: unknown): void {
    this.contents = { lost: error };
    this.settledFor = null;
  }

  /** Whether its pages are swapped out; they are swapped in when they are needed. */
  get swapped(): boolean {
    return this.tt !== null && this.tt.swapped;
  }

  /** Whether a store has the contents under a key of the caller's: they can be read again. */
  get clean(): boolean {
    return this.stored !== null && this.stored.isClean(this.reservation.writes);
  }

  /** @internal Makes the contents those of a store; the buffer was created for it. */
  beBornFrom(copy: StoreCopy): void {
    this.ownTraits.stored = copy;
    this.becomeClean();
  }

  /** @internal The contents are those that the store has. */
  becomeClean(): void {
    this.stored?.becomeClean(this.reservation.writes);
  }

  /** @internal The contents change, or are about to, otherwise than by work that is announced as a write. */
  becomeDirty(): void {
    this.stored?.becomeDirty();
  }

  /** Number of CPU write grabs that block submissions, as by {@linkcode grabForCpuWrite}. */
  get cpuWriters(): number {
    return this.mappings?.writers ?? 0;
  }

  /** Whether the last reference is gone, so that the object can no longer be used. */
  get disposed(): boolean {
    return (this.#flags & DISPOSED) !== 0;
  }

  /** Whether it is a ghost object: the old resource of a moved buffer, held until the copy out of it has ended. */
  get isGhost(): boolean {
    return this.#traits.ghost !== null;
  }

  /** @internal The buffer whose old resource it holds; null if it is no ghost object. */
  get ghostOf(): BufferRecord | null {
    return (this.#traits.ghost?.of ?? null) as BufferRecord | null;
  }

  /** @internal Number of a ghost object, in order of creation; 0 for others. */
  get made(): number {
    return this.#traits.ghost?.made ?? 0;
  }

  /** @internal The removal reason for its resource when it is freed; of a ghost object, why the buffer moved away. */
  get leavesBecause(): RemovalReason {
    return this.#traits.ghost?.leavesBecause ?? "freed";
  }

  /** @internal */
  get type(): MemoryType | null {
    const row = this.resource;
    return row < 0 ? null : this.state.resources.place(row).type;
  }

  /** @internal Whether it is a buffer of the device with this state. */
  belongsTo(state: Tables): boolean {
    return this.state === state;
  }

  /** @internal Replaces a shared reservation by one of its own, with copies of the pending fences. */
  individualise(): void {
    const { shared } = this;
    if (shared === null || this.reservation !== shared) return;
    this.#reservation = this;
    this.copyFences(shared);
  }

  /** @internal Makes a new record the ghost object of a buffer; `made` is its number in the device. */
  becomeGhostOf(buffer: BufferRecord, made: number, why: RemovalReason): void {
    this.ownTraits.ghost = { of: buffer, made, leavesBecause: why };
    this.users = 0;
    this.isDying = true;
    buffer.ghosts++;
  }

  /** For messages: id and label, and whether it is dying or a ghost object. */
  override toString(): string {
    const kind = this.isGhost ? "ghost of buffer" : this.disposed ? "dying buffer" : "buffer";
    return this.label === undefined ? `${kind} ${this.id}` : `${kind} ${this.id} "${this.label}"`;
  }
}
